"""The delegates of a meeting one by one, each with the log's entries and what these say."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.attendance.models import PersonCheck
from server.attendance.people.schemas import NamedDelegate, PersonOut
from server.attendance.people.status import AttendanceStatus, Entry, State, represented, shown, status_of
from server.attendance.people.totals import Tally, begun_at, signed_off
from server.meetings.models import Delegate, Meeting
from server.organisations.models import Unit


@dataclass(slots=True, eq=False)
class Listed:
    """One delegate. `substitute` and `stands_for` are set by whoever loaded both."""

    delegate_id: int
    person_id: int
    full_name: str
    title: str
    unit_id: int
    unit_name: str
    role: str
    point_id: int | None
    """Where they are expected."""
    substitutes_id: int | None
    removed: bool
    entries: list[Entry] = field(default_factory=list)
    status: AttendanceStatus = field(default_factory=lambda: AttendanceStatus("expected"))
    substitute: "Listed | None" = None
    stands_for: "Listed | None" = None

    @property
    def shown(self) -> AttendanceStatus:
        return shown(self.status, self.substitute.status if self.substitute else None)

    @property
    def represented(self) -> bool:
        return represented(self.status, self.substitute.status if self.substitute else None)

    def tally(self, people: int) -> Tally:
        """This delegate among the others, so many times."""
        home, unit_id = self.point_id, self.unit_id if self.point_id is None else None
        substitute, now = self.substitutes_id is not None, self.status
        # Whether those who are missing count as absent is said of the hall, not of each (`Turnout.recount`).
        state: State = "expected" if now.state == "absent" else now.state
        return Tally(home, unit_id, now.point_id, state, substitute, self.represented, people)


async def whole(session: AsyncSession, meeting: Meeting) -> list[Listed]:
    """The whole list, in the order of each hall's own."""
    return await _loaded(session, meeting, Delegate.removed_at.is_(None))


async def named(session: AsyncSession, meeting: Meeting, delegate_ids: Collection[int]) -> dict[int, Listed]:
    """These delegates, taken off the list or not, and whom they represent or are represented by."""
    found = await _with_substitutes(session, meeting, Delegate.id.in_(delegate_ids))
    return {each.delegate_id: each for each in found}


async def of_hall(session: AsyncSession, meeting: Meeting, point_id: int) -> tuple[list[Listed], list[Listed]]:
    """Those whom the hall expects, in its order; and visitors: delegates of other halls who sit here."""
    here = await _with_substitutes(session, meeting, Delegate.point_id == point_id, Delegate.removed_at.is_(None))
    once = select(PersonCheck.delegate_id).where(
        PersonCheck.meeting_id == meeting.id, PersonCheck.point_id == point_id, PersonCheck.kind == "in"
    )
    elsewhere = or_(Delegate.point_id.is_(None), Delegate.point_id != point_id)
    came = await _loaded(session, meeting, Delegate.id.in_(once), elsewhere, Delegate.removed_at.is_(None))
    expected = [each for each in here if each.point_id == point_id and not each.removed]
    return expected, [each for each in came if each.status.point_id == point_id]


async def _with_substitutes(session: AsyncSession, meeting: Meeting, *wanted: ColumnElement[bool]) -> list[Listed]:
    found = await _loaded(session, meeting, *wanted)
    known = {each.delegate_id for each in found}
    stood_for = {each.substitutes_id for each in found if each.substitutes_id is not None} - known
    others = await _loaded(
        session,
        meeting,
        or_(Delegate.id.in_(stood_for), Delegate.substitutes_id.in_(known)),
        Delegate.id.not_in(known),
        Delegate.removed_at.is_(None),
    )
    found += others
    _relate(found)
    return found


async def _loaded(session: AsyncSession, meeting: Meeting, *wanted: ColumnElement[bool]) -> list[Listed]:
    rows = await session.execute(
        select(
            Delegate.id,
            Delegate.person_id,
            Person.full_name,
            Person.title,
            Unit.id,
            Unit.name,
            Delegate.role,
            Delegate.point_id,
            Delegate.substitutes_id,
            Delegate.removed_at.is_not(None),
        )
        .join(Person, Person.id == Delegate.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(Delegate.meeting_id == meeting.id, *wanted)
        .order_by(Delegate.position, Delegate.id)
    )
    found = {row[0]: Listed(*row) for row in rows}
    entries = await session.execute(
        select(
            PersonCheck.delegate_id,
            PersonCheck.id,
            PersonCheck.kind,
            PersonCheck.how,
            PersonCheck.at,
            PersonCheck.point_id,
            PersonCheck.reason,
            PersonCheck.by_name,
        ).where(
            PersonCheck.meeting_id == meeting.id,
            PersonCheck.delegate_id.in_(
                select(Delegate.id).where(Delegate.meeting_id == meeting.id, *wanted) if len(found) > _MANY else found
            ),
        )
    )
    for delegate_id, *entry in entries:
        found[delegate_id].entries.append(Entry._make(entry))
    started_at, ended = begun_at(meeting), meeting.state == "ended"
    signed = await signed_off(session, meeting.id)
    for each in found.values():
        each.status = status_of(each.entries, started_at, settled=ended or each.point_id in signed)
    people = list(found.values())
    _relate(people)
    return people


_MANY = 1000
"""More parameters than this are better asked for by a subquery."""


def _relate(people: Sequence[Listed]) -> None:
    by_id = {each.delegate_id: each for each in people}
    for each in people:
        original = by_id.get(each.substitutes_id) if each.substitutes_id is not None else None
        if original is not None and not each.removed:
            each.stands_for, original.substitute = original, each


def out(person: Listed, halls: dict[int, str], *, visitor: bool = False) -> PersonOut:
    """`halls`: names of points. A visitor's `elsewhere` is the hall that expects him."""
    said = person.shown
    away = person.point_id if visitor else said.point_id if said.point_id != person.point_id else None
    return PersonOut(
        delegate_id=person.delegate_id,
        full_name=person.full_name,
        title=person.title,
        unit_name=person.unit_name,
        role=person.role,
        state=said.state,
        at=said.at,
        how=said.how,
        by_name=said.by_name,
        reason=said.reason,
        substitute=_name(person.substitute),
        substitutes=_name(person.stands_for),
        elsewhere=halls.get(away, "") if away is not None else None,
    )


def points_of(people: Iterable[Listed]) -> set[int]:
    """Every hall that these people are expected at or sit in."""
    return {point_id for each in people for point_id in (each.point_id, each.status.point_id) if point_id is not None}


def _name(person: Listed | None) -> NamedDelegate | None:
    return NamedDelegate(delegate_id=person.delegate_id, full_name=person.full_name) if person else None
