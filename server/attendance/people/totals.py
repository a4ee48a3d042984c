"""How many came, counted in SQL from the log: the same answers as `status` gives for each delegate, for twelve
thousand of them at once (a test holds the two together)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, false, func, null, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.attendance.models import Headcount, PersonCheck, SignOff
from server.attendance.people.schemas import TurnoutEntity
from server.attendance.people.status import ATTENDED, ATTENDING, Count, State
from server.core.clock import utc_now
from server.core.database import UtcDateTime
from server.live.log import gone, put
from server.live.protocol import Change
from server.meetings.models import Delegate, Meeting, MemberPoint

COLLECTION = "turnout"
TOTAL = ""
UNPLACED = "online"
"""Key of the delegates who have no hall."""

_BEGUN = ("running", "ended")


def begun_at(meeting: Meeting) -> datetime | None:
    """When the meeting began; None before. From then on, who goes out has left."""
    return meeting.started_at if meeting.state in _BEGUN else None


class Phase(NamedTuple):
    """What of a meeting's state decides how its log is read."""

    started_at: datetime | None
    ended: bool

    @classmethod
    def of(cls, meeting: Meeting) -> "Phase":
        return cls(begun_at(meeting), meeting.state == "ended")


class Tally(NamedTuple):
    """So many delegates of one kind."""

    home: int | None
    """The hall where they are expected; None: online."""
    unit_id: int | None
    """The person's, for those without a hall."""
    place: int | None
    """The hall where they are."""
    state: State
    substitute: bool
    represented: bool
    people: int


@dataclass(slots=True)
class Turnout:
    points: dict[int | None, Count] = field(default_factory=dict)
    """Member points, and others that somebody is expected at or sits in. None: those without a hall."""
    sitting: dict[int, int] = field(default_factory=dict)
    """How many sit in each hall, wherever they were expected."""
    headcounts: dict[int, int] = field(default_factory=dict)
    signed_off: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()
    units: dict[int, Count] = field(default_factory=dict)
    """Those without a hall, by their person's unit."""
    ended: bool = False
    """Of the meeting: nobody is expected any more."""
    rows: dict[int | None, Counter[Tally]] = field(default_factory=dict)
    """What the figures are the sum of, by home; each kind with `people` 0."""

    def total(self) -> Count:
        total = Count()
        for count in self.points.values():
            total.include(count)
        return total

    def add(self, row: Tally) -> None:
        """`counted` and `absent` follow with `recount`."""
        counts = [self.points.setdefault(row.home, Count())]
        if row.home is None and row.unit_id is not None:
            counts.append(self.units.setdefault(row.unit_id, Count()))
        for count in counts:
            count.add(row.state, substitute=row.substitute, represented=row.represented, people=row.people)
        if row.place is not None:
            self.sitting[row.place] = self.sitting.get(row.place, 0) + row.people
            self.points.setdefault(row.place, Count())
        kinds = self.rows.setdefault(row.home, Counter())
        kind = row._replace(people=0)
        kinds[kind] += row.people
        if not kinds[kind]:
            del kinds[kind]

    def replace(self, homes: Collection[int | None], rows: Iterable[Tally]) -> set[int | None]:
        """The delegates of these homes are `rows` now. Returns whose figures may have changed."""
        rows = list(rows)
        before = [kind._replace(people=-people) for home in homes for kind, people in self.rows.get(home, {}).items()]
        for row in (*before, *rows):
            self.add(row)
        changed = {*homes, *(row.place for row in (*before, *rows) if row.place is not None)}
        self._forget()
        self.recount(changed & self.points.keys())
        return changed

    def seat(self, members: frozenset[int], headcounts: dict[int, int], signed: frozenset[int]) -> None:
        """What stands beside the delegates' own entries."""
        self.members, self.headcounts, self.signed_off = members, headcounts, signed
        for point_id in members | headcounts.keys():
            self.points.setdefault(point_id, Count())
        self._forget()
        self.recount(self.points)

    def _forget(self) -> None:
        """Halls beside the members are listed as long as somebody has to do with them, units as long as somebody is of
        them."""
        self.sitting = {place: people for place, people in self.sitting.items() if people}
        kept = {*self.members, *self.headcounts, *self.sitting, *(home for home, kinds in self.rows.items() if kinds)}
        self.points = {point_id: count for point_id, count in self.points.items() if point_id in kept}
        of_units = {kind.unit_id for kind in self.rows.get(None, ())}
        self.units = {unit_id: count for unit_id, count in self.units.items() if unit_id in of_units}

    def recount(self, point_ids: Iterable[int | None]) -> None:
        for point_id in point_ids:
            count = self.points[point_id]
            in_hall = (
                max(self.sitting.get(point_id, 0), self.headcounts.get(point_id, 0)) if point_id is not None else 0
            )
            count.counted = in_hall + count.online
            count.settle(self.ended or point_id in self.signed_off)
        for count in self.units.values():
            count.counted = count.online
            count.settle(self.ended)

    def entities(self) -> dict[str, TurnoutEntity]:
        """Collection `turnout`."""
        return {TOTAL: self._entity(None, self.total())} | {
            _key(point_id): self._entity(point_id, count) for point_id, count in self.points.items()
        }

    def changes(self, point_ids: Collection[int | None]) -> list[Change]:
        """What an event carries when these halls' figures may have changed: theirs, and the total."""
        told = [put(COLLECTION, TOTAL, self._entity(None, self.total()))]
        for point_id in sorted(point_ids, key=lambda each: each or 0):
            count = self.points.get(point_id)
            key = _key(point_id)
            told.append(put(COLLECTION, key, self._entity(point_id, count)) if count else gone(COLLECTION, key))
        return told

    def _entity(self, point_id: int | None, count: Count) -> TurnoutEntity:
        # All halls have signed, for the total.
        signed = (
            point_id in self.signed_off
            if point_id is not None
            else bool(self.members) and not (self.members - self.signed_off)
        )
        return TurnoutEntity(**count.figures(), signed_off=signed)


def _key(point_id: int | None) -> str:
    return UNPLACED if point_id is None else str(point_id)


async def load(session: AsyncSession, meeting: Meeting) -> Turnout:
    """In four queries, of which one walks the list of delegates."""
    return await load_as_of(session, meeting.id, Phase.of(meeting))


async def load_as_of(session: AsyncSession, meeting_id: int, phase: Phase) -> Turnout:
    """The same for a meeting that stands there."""
    members = await member_points(session, meeting_id)
    turnout = Turnout({point_id: Count() for point_id in sorted(members)}, members=members, ended=phase.ended)
    for row in await tallies(session, meeting_id, phase.started_at):
        turnout.add(row)
    turnout.seat(members, await headcounts(session, meeting_id), await signed_off(session, meeting_id))
    return turnout


async def follow(
    session: AsyncSession, meeting: Meeting, turnout: Turnout, points: Collection[int | None]
) -> set[int | None]:
    """Brings a turnout up to what the session sees, where the lists or checks of these halls have changed. Returns
    whose figures may be others now. Reads these halls' delegates, not the meeting's."""
    homes = {*points} | await _related_homes(session, meeting.id, points)
    changed = turnout.replace(homes, await tallies(session, meeting.id, begun_at(meeting), homes))
    turnout.seat(
        await member_points(session, meeting.id),
        await headcounts(session, meeting.id),
        await signed_off(session, meeting.id),
    )
    return changed


async def _related_homes(session: AsyncSession, meeting_id: int, points: Collection[int | None]) -> set[int | None]:
    """Where those are expected whom these halls' delegates stand for, or stood for before they were taken off."""
    found = await session.scalars(
        select(_original.point_id)
        .join(_substitute, _substitute.substitutes_id == _original.id)
        .where(
            _substitute.meeting_id == meeting_id,
            _at(_substitute.point_id, [point_id for point_id in points if point_id is not None], None in points),
        )
        .distinct()
    )
    return set(found)


_substitute, _original = aliased(Delegate), aliased(Delegate)
"""Made once: an alias costs a millisecond."""


def _at(column: Any, points: Any, online: bool) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(points)
    return or_(found, column.is_(None)) if online else found


def newest_headcounts(meeting_id: int) -> Select[int]:
    """`Headcount.id` of each hall's last one."""
    return select(func.max(Headcount.id)).where(Headcount.meeting_id == meeting_id).group_by(Headcount.point_id)


async def headcounts(session: AsyncSession, meeting_id: int, point_id: int | None = None) -> dict[int, int]:
    """By hall; of this one alone, if one is given."""
    newest = newest_headcounts(meeting_id)
    if point_id is not None:
        newest = newest.where(Headcount.point_id == point_id)
    counted = await session.execute(select(Headcount.point_id, Headcount.count).where(Headcount.id.in_(newest)))
    return dict(counted.all())


async def member_points(session: AsyncSession, meeting_id: int) -> frozenset[int]:
    return frozenset(await session.scalars(select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id)))


async def signed_off(session: AsyncSession, meeting_id: int) -> frozenset[int]:
    """The halls whose newest signature stands."""
    newest = select(func.max(SignOff.id)).where(SignOff.meeting_id == meeting_id).group_by(SignOff.point_id)
    found = await session.scalars(select(SignOff.point_id).where(SignOff.id.in_(newest), SignOff.withdrawn.is_(False)))
    return frozenset(found)


async def tallies(
    session: AsyncSession, meeting_id: int, started_at: datetime | None, homes: Collection[int | None] | None = None
) -> list[Tally]:
    """Of everybody, or of those who are expected at these halls (None: at none)."""
    statement = _tallied(started_at is not None, *((False, False) if homes is None else (True, None in homes)))
    given: dict[str, Any] = {"meeting_id": meeting_id}
    if started_at is not None:
        given["started_at"] = started_at
    if homes is not None:
        given["homes"] = [home for home in homes if home is not None]
    return [Tally._make(row) for row in await session.execute(statement, given)]


async def prepare(session: AsyncSession) -> None:
    """Has every form laid out and compiled, 7 ms each, which else the first on the day would wait for."""
    for started_at in (None, utc_now()):
        for homes in (None, [0], [0, None]):
            await tallies(session, 0, started_at, homes)


@cache
def _tallied(begun: bool, some: bool, online: bool) -> Select[Any]:
    """Each form is made once: to make it takes as long as to count a hall. `some`: of the homes alone; `online`: those
    without one are among them."""
    meeting_id = bindparam("meeting_id", type_=Integer())
    homes = bindparam("homes", expanding=True, type_=Integer())
    listed = [Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None)]
    checked = [PersonCheck.meeting_id == meeting_id]
    if some:
        own = select(Delegate.id).where(Delegate.meeting_id == meeting_id, _at(Delegate.point_id, homes, online))
        # Who stands for them may be expected elsewhere. Two ways in, an index for each: with an OR the whole list is
        # walked, 15 ms of it at 12,000.
        concerned = union(own, select(Delegate.id).where(Delegate.substitutes_id.in_(own)))
        listed.append(Delegate.id.in_(concerned))
        checked.append(PersonCheck.delegate_id.in_(concerned))
    newest = (
        select(
            PersonCheck.delegate_id,
            func.max(case((PersonCheck.kind.in_(("in", "out")), PersonCheck.id))).label("moved_id"),
            func.max(case((PersonCheck.kind.in_(("leave", "leave-withdrawn")), PersonCheck.id))).label("excused_id"),
        )
        .where(*checked)
        .group_by(PersonCheck.delegate_id)
        .subquery("newest")
    )
    moved, excused = aliased(PersonCheck, name="moved"), aliased(PersonCheck, name="excused")
    nowhere = or_(moved.id.is_(None), and_(moved.kind == "out", _took_back(moved, begun)))
    state = case(
        (and_(excused.kind == "leave", or_(nowhere, excused.id > moved.id)), "leave"),
        (nowhere, "expected"),
        (moved.kind == "out", "left"),
        (moved.point_id.is_(None), "online"),
        else_="present",
    )
    each = (
        select(
            Delegate.id,
            Delegate.point_id.label("home"),
            case((Delegate.point_id.is_(None), Person.unit_id), else_=null()).label("unit_id"),
            Delegate.substitutes_id,
            state.label("state"),
            case((state == "present", moved.point_id), else_=null()).label("place"),
        )
        .join(Person, Person.id == Delegate.person_id)
        .outerjoin(newest, newest.c.delegate_id == Delegate.id)
        .outerjoin(moved, moved.id == newest.c.moved_id)
        .outerjoin(excused, excused.id == newest.c.excused_id)
        .where(*listed)
        .cte("each_delegate")
    )
    stood_for = (
        select(each.c.substitutes_id)
        .where(each.c.substitutes_id.is_not(None), each.c.state.in_(ATTENDED))
        .distinct()
        .subquery("stood_for")
    )
    represented = and_(stood_for.c.substitutes_id.is_not(None), each.c.state.not_in(ATTENDING))
    columns = (
        each.c.home,
        each.c.unit_id,
        each.c.place,
        each.c.state,
        each.c.substitutes_id.is_not(None).label("substitute"),
        represented.label("represented"),
    )
    return (
        select(*columns, func.count())
        .outerjoin(stood_for, stood_for.c.substitutes_id == each.c.id)
        .select_from(each)
        .where(*([_at(each.c.home, homes, online)] if some else []))
        .group_by(*columns)
    )


def _took_back(moved: type[PersonCheck], begun: bool) -> ColumnElement[bool]:
    if not begun:
        return ~false()
    return or_(moved.how == "by-hand", moved.at < bindparam("started_at", type_=UtcDateTime()))
