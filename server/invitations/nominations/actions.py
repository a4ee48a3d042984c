"""What a point's secretary or contact does with the own list, until it is locked."""

from collections.abc import Sequence

from sqlalchemy import func, select

from server.accounts.models import Person
from server.audit.actions import record
from server.core.errors import Conflict, Invalid, NotFound
from server.core.transaction import Transaction
from server.invitations.delegates import take_off
from server.invitations.list_writer import NAMED, Entry, Line, carry_out, plan
from server.invitations.nominations.hands import Hand, Held, held, row_of
from server.invitations.nominations.locks import is_locked, refusal
from server.invitations.nominations.models import Nomination
from server.invitations.nominations.queries import ASKED_IN, own_people
from server.invitations.people import Typed
from server.invitations.rights import MeetingOver
from server.invitations.schemas import PersonChosen, PersonTyped
from server.meetings.access import locked_meeting
from server.meetings.models import Delegate
from server.organisations.models import BridgePoint, Unit


class SeatsFull(Conflict):
    code = "seats-full"
    vi = "Hội trường không đủ chỗ. Bỏ bớt người, hoặc gọi ban tổ chức."
    en = "The hall has not enough seats. Take some off, or call the organiser."


class NobodyNamed(Conflict):
    code = "nobody-named"
    vi = "Danh sách chưa có ai. Thêm đại biểu rồi gửi."
    en = "Nobody is on the list yet. Add delegates, then hand it in."


async def name_people(tx: Transaction, hand: Hand, people: Sequence[PersonChosen | PersonTyped]) -> list[str]:
    """Puts people on the point's list. Returns the names of those who stand on the meeting's list already and were left
    where they are. SeatsFull, ListLocked."""
    found = await _for_change(tx, hand)
    point = await tx.session.get_one(BridgePoint, hand.point_id)
    await _check_chosen(tx, hand, point, [each.person_id for each in people if isinstance(each, PersonChosen)])
    entries = [
        Entry(
            each.person_id
            if isinstance(each, PersonChosen)
            else Typed(point.unit_id, each.full_name, each.title, each.email, each.phone),
            hand.point_id,
        )
        for each in people
    ]
    lines = await plan(tx.session, hand.meeting_id, entries)
    fresh = [line for line in lines if not line.listed]
    await _check_seats(tx, hand, point, len(fresh), organises=found.organises)
    if fresh:
        added = await carry_out(tx, hand.meeting_id, lines, "named")
        await _note(tx, hand, "nomination.named", added)
    return await _names(tx, [line for line in lines if line.listed and line.doubles is None])


async def take_back(tx: Transaction, hand: Hand, delegate_id: int) -> None:
    """Takes one off the point's list."""
    await _for_change(tx, hand)
    delegate = await tx.session.get(Delegate, delegate_id, populate_existing=True)
    if (
        delegate is None
        or delegate.removed_at is not None
        or (delegate.meeting_id, delegate.point_id) != (hand.meeting_id, hand.point_id)
    ):
        raise NotFound()
    await take_off(tx, delegate)
    await _note(tx, hand, "nomination.taken-back", [delegate_id])


async def submit(tx: Transaction, hand: Hand) -> None:
    """The list is complete, in the word of who makes it; it can be changed until it is locked."""
    found = await _for_change(tx, hand)
    number = await _number(tx, hand)
    if not number:
        raise NobodyNamed()
    row = found.row or await row_for(tx, hand.meeting_id, hand.point_id)
    row.submitted_at, row.submitted_by = tx.now, tx.actor.name[:200]
    await record(tx, "nomination.submitted", "meeting", hand.meeting_id, point_id=hand.point_id, count=number)


async def opened(tx: Transaction, hand: Hand) -> None:
    """The private link has been used."""
    row = await row_of(tx.session, hand.meeting_id, hand.point_id)
    if row is not None and row.opened_at is None:
        row.opened_at = tx.now


async def row_for(tx: Transaction, meeting_id: int, point_id: int) -> Nomination:
    row = await row_of(tx.session, meeting_id, point_id)
    if row is None:
        row = Nomination(meeting_id=meeting_id, point_id=point_id)
        tx.session.add(row)
        await tx.session.flush()
    return row


async def _for_change(tx: Transaction, hand: Hand) -> Held:
    await locked_meeting(tx, hand.meeting_id)
    found = await held(tx.session, hand, tx.actor)
    if found.meeting.state not in ASKED_IN:
        raise MeetingOver()
    if not found.organises and is_locked(found.call, found.row, tx.now):
        raise refusal(found.call, found.row)
    return found


async def _check_chosen(tx: Transaction, hand: Hand, point: BridgePoint, ids: Sequence[int]) -> None:
    path = (await tx.session.get_one(Unit, point.unit_id)).path
    known = set(
        await tx.session.scalars(select(Person.id).where(Person.id.in_(ids), own_people(hand.meeting_id, path)))
    )
    if set(ids) - known:
        raise Invalid.fields(
            {
                "people": (
                    "Có người không thuộc đơn vị của điểm cầu này. Chọn lại, hoặc nhập họ tên của họ.",
                    "Somebody is not of this point's unit. Choose again, or type the name.",
                )
            }
        )


async def _check_seats(tx: Transaction, hand: Hand, point: BridgePoint, more: int, *, organises: bool) -> None:
    if point.seats is None or organises or not more:
        return
    number = await _number(tx, hand)
    if number + more > point.seats:
        raise SeatsFull(
            f"Hội trường {point.name} có {point.seats} chỗ, danh sách sẽ thành {number + more} người. Bỏ bớt người,"
            " hoặc gọi ban tổ chức.",
            f"The hall {point.name} has {point.seats} seats, and the list would have {number + more} people. Take some"
            " off, or call the organiser.",
            seats=point.seats,
            people=number + more,
        )


async def _number(tx: Transaction, hand: Hand) -> int:
    counted = await tx.session.scalar(
        select(func.count()).where(
            Delegate.meeting_id == hand.meeting_id,
            Delegate.point_id == hand.point_id,
            Delegate.removed_at.is_(None),
            Delegate.substitutes_id.is_(None),
        )
    )
    return counted or 0


async def _names(tx: Transaction, lines: Sequence[Line]) -> list[str]:
    ids = [line.person.id for line in lines]
    named = await tx.session.scalars(select(Person.full_name).where(Person.id.in_(ids)).order_by(Person.id))
    return list(named)


async def _note(tx: Transaction, hand: Hand, action: str, delegate_ids: Sequence[int]) -> None:
    named = await tx.session.scalars(
        select(Person.full_name)
        .join(Delegate, Delegate.person_id == Person.id)
        .where(Delegate.id.in_(delegate_ids[:NAMED]))
        .order_by(Delegate.id)
    )
    await record(
        tx,
        action,
        "meeting",
        hand.meeting_id,
        point_id=hand.point_id,
        count=len(delegate_ids),
        names=", ".join(named),
    )
