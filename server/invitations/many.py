"""Moving or taking off many delegates at once: one transaction, one event, and a word on everybody who was left."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from server.accounts.actions.links import revoke_bound_links
from server.accounts.models import Person
from server.audit.actions import record
from server.core.database import in_parts
from server.core.transaction import Transaction
from server.invitations.delegates import hall_unit
from server.invitations.hooks import list_changed
from server.invitations.list_writer import NAMED
from server.invitations.rights import ListRights, list_for_write
from server.invitations.schemas import LeftOut, ManyOut
from server.invitations.substitutes import fallen_away
from server.meetings.models import Delegate

_GONE = (
    "Không còn trong danh sách: có người vừa bỏ ra.",
    "No longer on the list: somebody has just taken this person off.",
)
_NOT_YOURS = (
    "Thuộc điểm cầu khác, đồng chí không giữ danh sách nơi ấy.",
    "Of another point, whose list is not yours to change.",
)


@dataclass(frozen=True, slots=True)
class _Found:
    delegate_id: int
    person_id: int
    point_id: int | None


async def move(tx: Transaction, meeting_id: int, delegate_ids: Sequence[int], point_id: int | None) -> ManyOut:
    """To this hall's list (None: online)."""
    meeting, rights = await list_for_write(tx, meeting_id)
    await hall_unit(tx, meeting, rights, point_id)
    rights.require(point_id)
    found, left = await _found(tx, meeting_id, rights, delegate_ids)
    moved = [each for each in found if each.point_id != point_id]
    for some in in_parts(moved):
        await tx.session.execute(
            update(Delegate).where(Delegate.id.in_([each.delegate_id for each in some])).values(point_id=point_id)
        )
    if moved:
        await _tell(tx, "delegates.moved", meeting_id, moved, point_id)
    return ManyOut(done=[each.delegate_id for each in found], left=left)


async def order(tx: Transaction, meeting_id: int, point_id: int | None, delegate_ids: Sequence[int]) -> None:
    """Puts a hall's list (None: of those who follow online) into this order, in which it is shown, signed and printed.
    Whom somebody else has added meanwhile comes behind; who is not on the list is passed over."""
    _, rights = await list_for_write(tx, meeting_id)
    rights.require(point_id)
    now = list(
        await tx.session.scalars(
            select(Delegate.id)
            .where(Delegate.meeting_id == meeting_id, Delegate.point_id == point_id, Delegate.removed_at.is_(None))
            .order_by(Delegate.position, Delegate.id)
        )
    )
    here = set(now)
    wanted = list(dict.fromkeys(each for each in (*delegate_ids, *now) if each in here))
    if wanted == now:
        return
    await tx.session.execute(
        update(Delegate), [{"id": delegate_id, "position": place} for place, delegate_id in enumerate(wanted)]
    )
    await record(tx, "delegates.ordered", "meeting", meeting_id, point=point_id or 0, delegates=wanted[:NAMED])


async def remove(tx: Transaction, meeting_id: int, delegate_ids: Sequence[int]) -> ManyOut:
    """Their personal links to the meeting end at once."""
    _, rights = await list_for_write(tx, meeting_id)
    found, left = await _found(tx, meeting_id, rights, delegate_ids)
    for some in in_parts(found):
        await tx.session.execute(
            update(Delegate).where(Delegate.id.in_([each.delegate_id for each in some])).values(removed_at=tx.now)
        )
    if found:
        await revoke_bound_links(tx, meeting_id, [each.person_id for each in found])
        for some in in_parts(found):
            gone = select(Delegate).where(
                Delegate.id.in_([each.delegate_id for each in some]), Delegate.substitutes_id.is_not(None)
            )
            for substitute in (await tx.session.scalars(gone)).all():
                await fallen_away(tx, substitute)
        await _tell(tx, "delegates.removed", meeting_id, found)
    return ManyOut(done=[each.delegate_id for each in found], left=left)


async def _found(
    tx: Transaction, meeting_id: int, rights: ListRights, delegate_ids: Sequence[int]
) -> tuple[list[_Found], list[LeftOut]]:
    """Who of these may be changed, and who not. Ids of other meetings count as gone."""
    rows = {}
    for some in in_parts(list(dict.fromkeys(delegate_ids))):
        found = await tx.session.execute(
            select(Delegate.id, Delegate.person_id, Delegate.point_id, Delegate.removed_at, Person.full_name)
            .join(Person, Person.id == Delegate.person_id)
            .where(Delegate.id.in_(some), Delegate.meeting_id == meeting_id)
        )
        rows.update({row.id: row for row in found})
    good: list[_Found] = []
    left: list[LeftOut] = []
    for delegate_id in dict.fromkeys(delegate_ids):
        row = rows.get(delegate_id)
        covered = row is not None and rights.covers(row.point_id)
        locked = rights.locked.get(row.point_id) if row is not None and row.removed_at is None else None
        if row is not None and locked is not None:
            left.append(LeftOut(delegate_id=delegate_id, full_name=row.full_name, vi=locked.vi, en=locked.en))
        elif row is None or not covered or row.removed_at is not None:
            vi, en = _GONE if row is None or covered else _NOT_YOURS
            # A name is told only to who keeps that list.
            name = row.full_name if row is not None and covered else ""
            left.append(LeftOut(delegate_id=delegate_id, full_name=name, vi=vi, en=en))
        else:
            good.append(_Found(row.id, row.person_id, row.point_id))
    return good, left


async def _tell(tx: Transaction, what: str, meeting_id: int, people: Sequence[_Found], *to: int | None) -> None:
    before = {each.point_id for each in people}
    await record(
        tx,
        what,
        "meeting",
        meeting_id,
        count=len(people),
        points=sorted(point_id or 0 for point_id in before),
        to=[point_id or 0 for point_id in to],
        delegates=[each.delegate_id for each in people[:NAMED]],
    )
    await list_changed(tx, meeting_id, frozenset({*before, *to}))
