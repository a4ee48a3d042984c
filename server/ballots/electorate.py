"""Whose votes there are: each delegate on the list has a seat, guests have none, and a substitute fills the seat of the
one who is represented."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.people import roster
from server.attendance.people.roster import Listed
from server.attendance.people.totals import headcounts
from server.ballots.models import Electorate
from server.ballots.outcome import Hall, Present
from server.meetings.models import Meeting


def seat_of(person: Listed) -> int | None:
    """The seat that this person fills, being there; None for guests, and for who is represented."""
    holder = person.stands_for or person
    if person.removed or holder.removed or holder.role != "delegate" or person.represented:
        return None
    if person.stands_for is not None and person.stands_for.status.attending:
        return None  # who was represented came after all, and votes himself
    return holder.delegate_id


def filled(people: Iterable[Listed]) -> dict[int, int | None]:
    """Seats that are filled now, with the hall."""
    return {
        seat: each.status.point_id for each in people if each.status.attending and (seat := seat_of(each)) is not None
    }


async def present(session: AsyncSession, meeting_id: int) -> Present:
    """Of the whole meeting; takes as long as reading the whole list does."""
    meeting = await session.get_one(Meeting, meeting_id)
    people = await roster.whole(session, meeting)
    seats = [each for each in people if each.role == "delegate" and each.substitutes_id is None]
    expected: dict[int, int] = {}
    for each in seats:
        if each.point_id is not None:
            expected[each.point_id] = expected.get(each.point_id, 0) + 1
    heads = await headcounts(session, meeting_id)
    return Present(
        summoned=len(seats),
        seats=filled(people),
        heads={point_id: min(number, expected.get(point_id, 0)) for point_id, number in heads.items()},
    )


def frozen(row: Electorate) -> Present:
    """As it stood at the close: with the votes' rows it gives the same outcome again."""
    seats = {seat: point_id for seat, point_id in row.seats if seat is not None}
    heads = {point_id: min(number, row.summoned) for point_id, number in row.heads}
    return Present(row.summoned, seats, heads)


async def hall(session: AsyncSession, meeting: Meeting, point_id: int) -> Hall:
    here, visitors = await roster.of_hall(session, meeting, point_id)
    seats = filled([*here, *visitors])
    listed = sum(1 for each in seats.values() if each == point_id)
    expected = sum(1 for each in here if each.role == "delegate" and each.substitutes_id is None)
    heads = (await headcounts(session, meeting.id, point_id)).get(point_id, 0)
    return Hall(listed, min(heads, expected))
