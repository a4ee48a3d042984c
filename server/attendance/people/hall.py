"""What else the hall's secretary does: headcount, substitutes, and the signature under the hall's attendance."""

from collections.abc import Callable

from sqlalchemy import select

from server.attendance.models import Headcount, SignOff
from server.attendance.people import roster
from server.attendance.people.errors import HasSubstitute, IsThere, NoChains, NothingToWithdraw, PersonSigns, TooEarly
from server.attendance.people.events import tell, withdraw
from server.attendance.people.roster import Listed
from server.attendance.people.schemas import SubstituteWrite
from server.attendance.people.totals import signed_off
from server.attendance.people.totals_cache import TotalsCache
from server.audit.actions import record
from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction
from server.invitations import delegates
from server.meetings.access import meeting_for_write
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.meetings.rights import MeetingRights


def may_take(rights: MeetingRights, point_id: int) -> bool:
    """Who represents the hall, and who runs the meeting."""
    return rights.oversee or point_id in rights.points


def may_sign(rights: MeetingRights, point_id: int) -> bool:
    """The hall's secretary, and who leads the meeting. A technician takes attendance and vouches for nothing."""
    return rights.keep_lists or point_id in rights.signs


async def count_heads(tx: Transaction, meeting_id: int, point_id: int, count: int, note: str) -> None:
    """The same count again says nothing new."""
    meeting = await _hall(tx, meeting_id, point_id)
    newest = await tx.session.scalar(
        select(Headcount)
        .where(Headcount.meeting_id == meeting_id, Headcount.point_id == point_id)
        .order_by(Headcount.id.desc())
        .limit(1)
    )
    if newest is not None and (newest.count, newest.note) == (count, note):
        return
    tx.session.add(
        Headcount(
            meeting_id=meeting_id, point_id=point_id, count=count, note=note, at=tx.now, by_name=tx.actor.name[:200]
        )
    )
    await record(tx, "people.counted", "point", point_id, meeting_id=meeting_id, count=count)
    await tell(tx, meeting, "people.counted", [point_id])


async def add_substitute(tx: Transaction, meeting_id: int, point_id: int, write: SubstituteWrite) -> Listed:
    """Somebody else on the hall's list, who comes in a delegate's stead."""
    meeting = await _hall(tx, meeting_id, point_id)
    people = await roster.named(tx.session, meeting, [write.delegate_id])
    original = people.get(write.delegate_id)
    if original is None or original.removed or original.point_id != point_id:
        raise NotFound()
    if original.substitutes_id is not None:
        raise NoChains()
    if original.substitute is not None:
        raise HasSubstitute()
    if original.status.attending:
        raise IsThere()
    made = await delegates.add_substitute(
        tx, original.delegate_id, full_name=write.full_name, title=write.title, email=write.email
    )
    return (await roster.named(tx.session, meeting, [made.id]))[made.id]


async def remove_substitute(tx: Transaction, meeting_id: int, point_id: int, delegate_id: int) -> None:
    """Takes off the list who was put on it as a substitute."""
    await _hall(tx, meeting_id, point_id)
    delegate = await tx.session.get(Delegate, delegate_id)
    if delegate is None or (delegate.meeting_id, delegate.point_id) != (meeting_id, point_id):
        raise NotFound()
    if delegate.substitutes_id is None or delegate.removed_at is not None:
        raise NotFound()
    await delegates.take_off(tx, delegate)


async def sign_off(tx: Transaction, meeting_id: int, point_id: int, note: str) -> None:
    """Vouches for the hall's attendance as it stands; freezes nothing."""
    if tx.actor.person_id is None:
        await _hall(tx, meeting_id, point_id)
        raise PersonSigns()
    meeting = await _hall(tx, meeting_id, point_id, may_sign)
    now = await tx.components[TotalsCache].recall(tx, meeting)
    count = now.points[point_id]
    entry = SignOff(
        meeting_id=meeting_id,
        point_id=point_id,
        present=count.present + count.online,
        note=note,
        at=tx.now,
        by_id=tx.actor.person_id,
        by_name=tx.actor.name[:200],
    )
    tx.session.add(entry)
    await record(tx, "attendance.signed-off", "point", point_id, meeting_id=meeting_id, present=entry.present)
    now.signed_off |= {point_id}
    await tell(tx, meeting, "attendance.signed-off", [point_id], signed=True, now=now)


async def withdraw_sign_off(tx: Transaction, meeting_id: int, point_id: int) -> None:
    meeting = await _hall(tx, meeting_id, point_id, may_sign)
    if point_id not in await signed_off(tx.session, meeting_id):
        raise NothingToWithdraw()
    now = await tx.components[TotalsCache].recall(tx, meeting)
    count = now.points[point_id]
    await withdraw(tx, meeting, point_id, count.present + count.online, "by-hand")
    now.signed_off -= {point_id}
    await tell(tx, meeting, "attendance.sign-off-withdrawn", [point_id], signed=True, now=now)


async def _hall(
    tx: Transaction,
    meeting_id: int,
    point_id: int,
    may: Callable[[MeetingRights, int], bool] = may_take,
) -> Meeting:
    """The meeting, locked; the actor `may` take (or sign) the attendance of this hall of it."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not may(rights, point_id):
        raise NotAllowed()
    member = select(MemberPoint.id).where(MemberPoint.meeting_id == meeting_id, MemberPoint.point_id == point_id)
    if await tx.session.scalar(member) is None:
        raise NotFound()
    if meeting.state == "draft":
        raise TooEarly()
    return meeting
