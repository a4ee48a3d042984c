"""The attendance report of a meeting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.derive import Attendance, Check, Node, derive, roll_up
from server.attendance.models import PointCheck
from server.attendance.schemas import (
    AttendanceGap,
    AttendancePoint,
    AttendanceReport,
    AttendanceTotals,
    AttendanceUnit,
    AttendedMeeting,
)
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.meetings.access import visible_meeting
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of


@dataclass(frozen=True, slots=True)
class _Point:
    id: int
    name: str
    position: int
    unit_id: int
    unit_path: str
    member: bool


async def report(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> AttendanceReport:
    """For whoever organises, conducts or operates; NotAllowed for others."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not (rights.organise or rights.conduct or rights.operate):
        raise NotAllowed()
    checks = await _checks(session, meeting_id)
    points = await _points(session, meeting_id, set(checks))
    units = await _units(session, points)
    place = {unit.id: index for index, unit in enumerate(units)}
    points.sort(key=lambda point: (place[point.unit_id], point.position, point.id))
    names = {unit.id: unit.name for unit in units}
    rows = [_row(meeting, point, names, derive(checks.get(point.id, ()), now)) for point in points]
    return AttendanceReport(
        meeting=await _meeting(session, meeting),
        generated_at=now,
        totals=_totals(rows),
        units=_rolled_up(units, rows),
        points=rows,
    )


def _row(meeting: Meeting, point: _Point, unit_names: dict[int, str], attended: Attendance) -> AttendancePoint:
    during = attended.within(meeting.started_at, meeting.ended_at)
    until_the_end = meeting.state == "ended" and attended.out_how == "end"
    return AttendancePoint(
        point_id=point.id,
        name=point.name,
        unit_id=point.unit_id,
        unit_name=unit_names[point.unit_id],
        member=point.member,
        first_in=attended.first_in,
        last_out=attended.last_out,
        out_how=attended.out_how,
        present=attended.present or until_the_end,
        late=_is_late(meeting, attended.first_in),
        seconds=int(during.total.total_seconds()),
        gaps=[AttendanceGap(begin=gap.begin, end=gap.end, how=gap.how) for gap in during.gaps],
    )


def _is_late(meeting: Meeting, first_in: datetime | None) -> bool:
    """After the meeting had started, or after the planned time if it started early: nobody is late for that."""
    if first_in is None or meeting.started_at is None:
        return False
    return first_in > max(meeting.started_at, meeting.starts_at)


def _totals(rows: Sequence[AttendancePoint]) -> AttendanceTotals:
    return AttendanceTotals(
        points=sum(row.member for row in rows),
        present=sum(row.present for row in rows),
        late=sum(row.late for row in rows),
        left=sum(row.first_in is not None and not row.present for row in rows),
        absent=sum(row.first_in is None for row in rows),
    )


def _rolled_up(units: Sequence[Unit], rows: Sequence[AttendancePoint]) -> list[AttendanceUnit]:
    totals = roll_up(
        [Node(unit.id, unit.parent_id) for unit in units],
        [(row.unit_id, row.present, row.first_in is not None) for row in rows],
    )
    highest = min((len(ids_of(unit.path)) for unit in units), default=0)
    return [
        AttendanceUnit(
            unit_id=unit.id,
            parent_id=unit.parent_id if unit.parent_id in totals else None,
            name=unit.name,
            depth=len(ids_of(unit.path)) - highest,
            points=totals[unit.id].points,
            present=totals[unit.id].present,
            ever=totals[unit.id].ever,
        )
        for unit in units
    ]


async def _checks(session: AsyncSession, meeting_id: int) -> dict[int, list[Check]]:
    rows = await session.execute(
        select(PointCheck.point_id, PointCheck.at, PointCheck.direction, PointCheck.how)
        .where(PointCheck.meeting_id == meeting_id)
        .order_by(PointCheck.id)
    )
    found: dict[int, list[Check]] = {}
    for point_id, at, direction, how in rows:
        found.setdefault(point_id, []).append(Check(at, direction, how))
    return found


async def _points(session: AsyncSession, meeting_id: int, checked: set[int]) -> list[_Point]:
    """Member points, and those that were there once."""
    rows = await session.execute(
        select(BridgePoint.id, BridgePoint.name, BridgePoint.position, Unit.id, Unit.path, MemberPoint.id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .outerjoin(MemberPoint, (MemberPoint.point_id == BridgePoint.id) & (MemberPoint.meeting_id == meeting_id))
        .where(or_(MemberPoint.id.is_not(None), BridgePoint.id.in_(checked)))
    )
    return [
        _Point(point_id, name, position, unit_id, path, member is not None)
        for point_id, name, position, unit_id, path, member in rows
    ]


async def _units(session: AsyncSession, points: Sequence[_Point]) -> list[Unit]:
    """The points' units and all above them, in tree order."""
    wanted = {unit_id for point in points for unit_id in ids_of(point.unit_path)}
    units = {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
    return sorted(units.values(), key=lambda unit: [(units[each].position, each) for each in ids_of(unit.path)])


async def _meeting(session: AsyncSession, meeting: Meeting) -> AttendedMeeting:
    unit = await session.get_one(Unit, meeting.unit_id)
    main = await session.get_one(BridgePoint, meeting.main_point_id)
    return AttendedMeeting(
        id=meeting.id,
        kind=meeting.kind,
        title=meeting.title,
        state=meeting.state,
        unit_name=unit.name,
        main_point_name=main.name,
        starts_at=meeting.starts_at,
        started_at=meeting.started_at,
        ended_at=meeting.ended_at,
    )
