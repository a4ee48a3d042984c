"""Saying who may read: writes of policies, for a paper or for an agenda item."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.queries import may_choose
from server.audit.actions import record
from server.audit.queries import last_change
from server.core.errors import Invalid, NotAllowed
from server.core.revisions import EditedMeanwhile
from server.core.transaction import Transaction
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of
from server.papers.access.lookup import item_of, library_for_write, paper_for_write, require_own_by_link
from server.papers.access.policies import policies_in, policy_of
from server.papers.hooks import narrowed
from server.papers.live import library_changed
from server.papers.models import AccessPolicy, LibraryState, Paper
from server.papers.queries import own_policy
from server.papers.schemas import AudienceEntry, ByPerson, ByPoint, ByUnit, PolicyWrite

_GONE = {
    ByUnit: ("Đơn vị này không còn. Chọn lại.", "No such unit. Choose again."),
    ByPoint: ("Điểm cầu này không dự cuộc họp. Chọn lại.", "This point is not in the meeting. Choose again."),
    ByPerson: ("Không tìm thấy người này. Chọn lại.", "No such person. Choose again."),
}


async def set_for_paper(tx: Transaction, paper_id: int, write: PolicyWrite | None, seen: int | None = None) -> Paper:
    """The paper's own policy; None: its item's counts again."""
    paper, meeting = await paper_for_write(tx, paper_id)
    require_own_by_link(tx.actor, paper)
    await _set(tx, meeting.id, write, seen, paper_id=paper_id)
    await record(tx, "paper.policy-set", "paper", paper_id, meeting=meeting.id, policy=_facts(write))
    await _changed(tx, meeting.id, "paper.policy-set")
    return paper


async def set_for_item(tx: Transaction, item_id: int, write: PolicyWrite | None, seen: int | None = None) -> AgendaItem:
    """For all papers of the item without a policy of their own; None: the meeting's members read them."""
    item = await item_of(tx.session, item_id)
    meeting, profile = await library_for_write(tx, item.meeting_id)
    if not profile.manages_papers_of(item_id):
        raise NotAllowed()
    require_own_by_link(tx.actor, None)
    await _set(tx, meeting.id, write, seen, item_id=item_id)
    await record(tx, "agenda.paper-policy-set", "meeting", meeting.id, item=item_id, policy=_facts(write))
    await _changed(tx, meeting.id, "agenda.paper-policy-set")
    return item


async def check_audience(
    tx: Transaction, meeting_id: int, audience: Sequence[AudienceEntry], before: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Invalid, with a sentence at each entry that names nothing, or a unit or somebody whom the actor may not look up:
    what is saved is answered with the names. `before`: entries that stand there already."""
    session = tx.session
    units = select(Unit.id).where(Unit.id.in_(_ids(audience, ByUnit)))
    there = [entry["id"] for entry in before if entry["kind"] == "unit"]
    units = units.where(or_(Unit.id.in_(there), await _concerned(tx, meeting_id)))
    people = select(Person.id).where(Person.id.in_(_ids(audience, ByPerson)))
    named = [entry["id"] for entry in before if entry["kind"] == "person"]
    people = people.where(or_(Person.id.in_(named), _takes_part(meeting_id), may_choose(tx.actor)))
    known = {
        ByUnit: await _known(session, units),
        ByPoint: await _known(
            session,
            select(MemberPoint.point_id).where(
                MemberPoint.meeting_id == meeting_id, MemberPoint.point_id.in_(_ids(audience, ByPoint))
            ),
        ),
        ByPerson: await _known(session, people),
    }
    wrong = {
        f"audience.{index}.id": _GONE[type(entry)]
        for index, entry in enumerate(audience)
        if isinstance(entry, ByUnit | ByPoint | ByPerson) and entry.id not in known[type(entry)]
    }
    if wrong:
        raise Invalid.fields(wrong)


async def keep_policy(tx: Transaction, papers: Iterable[Paper], item_id: int, moved_to: int | None) -> None:
    """These papers leave their item. Those that had its policy take it along as their own, if it is not what counts in
    the new place anyway: leaving a stricter item must not silently open a paper."""
    rows = await tx.session.scalars(
        select(AccessPolicy).where(AccessPolicy.item_id.in_([item_id, moved_to or item_id]))
    )
    by_item = {row.item_id: row for row in rows}
    left = by_item.get(item_id)
    if left is None or policy_of(left, None) == policy_of(by_item.get(moved_to), None):
        return
    papers = list(papers)
    if not papers:
        return
    own = (await policies_in(tx.session, [left.meeting_id])).by_paper
    tx.session.add_all(
        AccessPolicy(
            meeting_id=left.meeting_id,
            paper_id=paper.id,
            hidden=left.hidden,
            opens_at=left.opens_at,
            download=left.download,
            marked=left.marked,
            audience=left.audience,
        )
        for paper in papers
        if paper.id not in own
    )
    await tx.session.flush()


async def _set(
    tx: Transaction,
    meeting_id: int,
    write: PolicyWrite | None,
    seen: int | None,
    *,
    item_id: int | None = None,
    paper_id: int | None = None,
) -> None:
    place = AccessPolicy.item_id == item_id if paper_id is None else AccessPolicy.paper_id == paper_id
    row = await tx.session.scalar(select(AccessPolicy).where(place))
    now = row.revision if row is not None else 0
    if seen is not None and seen != now:
        current = await own_policy(tx.session, row)
        raise EditedMeanwhile(
            revision=now,
            current=current.model_dump(mode="json") if current is not None else None,
            **(
                await last_change(tx.session, "paper.policy-set", "paper", paper_id)
                if paper_id is not None
                else await last_change(tx.session, "agenda.paper-policy-set", "meeting", meeting_id, item=item_id or 0)
            ),
        )
    if write is None:
        if row is not None:
            await tx.session.delete(row)
        return
    await check_audience(tx, meeting_id, write.audience, row.audience if row is not None else ())
    if row is None:
        row = AccessPolicy(meeting_id=meeting_id, item_id=item_id, paper_id=paper_id)
        tx.session.add(row)
    row.revision = await _next_revision(tx, meeting_id, now)
    row.hidden, row.opens_at, row.download = write.hidden, write.opens_at, write.download
    row.marked = write.marked
    row.audience = [entry.model_dump() for entry in write.audience]


async def _next_revision(tx: Transaction, meeting_id: int, now: int) -> int:
    """Never one that was here before, though the row may have been taken away and made anew: the library's grows with
    every change of a policy."""
    library = await tx.session.scalar(select(LibraryState.revision).where(LibraryState.meeting_id == meeting_id))
    return max(now, library or 0) + 1


async def _changed(tx: Transaction, meeting_id: int, kind: str) -> None:
    await narrowed(tx, meeting_id)
    await library_changed(tx, meeting_id, kind)


async def _concerned(tx: Transaction, meeting_id: int) -> ColumnElement[bool]:
    """The unit lies in the actor's own branches, in the branch of the meeting's unit, or on the way from the root to a
    member point's."""
    holder = select(Meeting.unit_id).where(Meeting.id == meeting_id)
    members = (
        select(BridgePoint.unit_id)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id)
    )
    rows = await tx.session.execute(
        select(Unit.path, Unit.id.in_(holder)).where(or_(Unit.id.in_(holder), Unit.id.in_(members)))
    )
    above: set[int] = set()
    branches = [grant.unit_path for grant in tx.actor.grants]
    for path, holds in rows:
        above.update(ids_of(path))
        if holds:
            branches.append(path)
    return or_(Unit.id.in_(above), *(Unit.path.startswith(path) for path in branches))


def _takes_part(meeting_id: int) -> ColumnElement[bool]:
    """The person is on the list of delegates, leads the meeting or presents in it."""
    listed = select(Delegate.person_id).where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None))
    presents = select(AgendaItem.presenter_id).where(
        AgendaItem.meeting_id == meeting_id, AgendaItem.presenter_id.is_not(None)
    )
    leads = exists().where(Meeting.id == meeting_id, Person.id.in_([Meeting.chair_id, Meeting.secretary_id]))
    return or_(Person.id.in_(listed), Person.id.in_(presents), leads)


def _facts(write: PolicyWrite | None) -> Any:
    return None if write is None else write.model_dump(mode="json")


def _ids(audience: Sequence[AudienceEntry], kind: type[ByUnit | ByPoint | ByPerson]) -> set[int]:
    return {entry.id for entry in audience if isinstance(entry, kind)}


async def _known(session: AsyncSession, statement: Any) -> set[int]:
    return set(await session.scalars(statement))
