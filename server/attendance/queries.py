"""The attendance report of a meeting."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance import tree as trees
from server.attendance.models import PointCheck, RollCall, RollCallAnswer
from server.attendance.people import totals as turnouts
from server.attendance.people.queries import by_unit, count_out
from server.attendance.people.status import Count
from server.attendance.people.totals import Turnout
from server.attendance.schemas import (
    AttendanceGap,
    AttendancePoint,
    AttendanceReport,
    AttendanceTotals,
    AttendanceUnit,
    AttendedMeeting,
    AttendedRollCall,
    RollAnswer,
)
from server.attendance.status import Attendance, Check, Node, derive, roll_up
from server.attendance.tree import Hall, Tree
from server.core.actor import Actor
from server.meetings.access import overseen_meeting
from server.meetings.models import Meeting
from server.organisations.models import BridgePoint, Unit


async def report(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> AttendanceReport:
    """For whoever organises, conducts or operates; NotAllowed for others."""
    meeting, _ = await overseen_meeting(session, meeting_id, actor)
    checks = await checks_of(session, meeting_id)
    turnout = await turnouts.load(session, meeting)
    besides = {*checks, *(point_id for point_id in turnout.points if point_id is not None)}
    tree = await trees.over(session, meeting_id, besides=besides, units=turnout.units)
    calls, answers = await roll_calls_of(session, meeting_id)
    rows = [
        _row(
            meeting,
            hall,
            tree.names,
            derive(checks.get(hall.id, ()), now),
            people=turnout.points.get(hall.id, Count()),
            answers=[answers.get((call.id, hall.id)) for call in calls],
        )
        for hall in tree.halls
    ]
    return AttendanceReport(
        meeting=await attended_meeting(session, meeting),
        generated_at=now,
        totals=_totals(rows, turnout.total()),
        roll_calls=[
            AttendedRollCall(
                began_at=call.began_at,
                ended_at=call.ended_at,
                points=sum(asked == call.id for asked, _point in answers),
                answered=sum(each.answered_at is not None for (asked, _), each in answers.items() if asked == call.id),
            )
            for call in calls
        ],
        units=_rolled_up(tree, rows, turnout),
        points=rows,
    )


def _row(
    meeting: Meeting,
    point: Hall,
    unit_names: dict[int, str],
    attended: Attendance,
    *,
    people: Count,
    answers: list[RollAnswer | None],
) -> AttendancePoint:
    if meeting.started_at is not None:
        attended = attended.since(meeting.started_at)
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
        answers=answers,
        people=count_out(people),
    )


def _is_late(meeting: Meeting, first_in: datetime | None) -> bool:
    """After the meeting had started, or after the planned time if it started early: nobody is late for that."""
    if first_in is None or meeting.started_at is None:
        return False
    return first_in > max(meeting.started_at, meeting.starts_at)


def _totals(rows: Sequence[AttendancePoint], people: Count) -> AttendanceTotals:
    return AttendanceTotals(
        points=sum(row.member for row in rows),
        present=sum(row.present for row in rows),
        late=sum(row.late for row in rows),
        left=sum(row.first_in is not None and not row.present for row in rows),
        absent=sum(row.first_in is None for row in rows),
        people=count_out(people),
    )


def _rolled_up(tree: Tree, rows: Sequence[AttendancePoint], turnout: Turnout) -> list[AttendanceUnit]:
    totals = roll_up(
        [Node(unit.id, unit.parent_id) for unit in tree.units],
        [(row.unit_id, row.present, row.first_in is not None) for row in rows],
    )
    people = by_unit(tree, turnout)
    return [
        AttendanceUnit(
            unit_id=unit.id,
            parent_id=tree.parent(unit),
            name=unit.name,
            depth=tree.depth(unit),
            points=totals[unit.id].points,
            present=totals[unit.id].present,
            ever=totals[unit.id].ever,
            people=count_out(people[unit.id]),
        )
        for unit in tree.units
    ]


async def checks_of(session: AsyncSession, meeting_id: int) -> dict[int, list[Check]]:
    """By point, in the order they were written."""
    rows = await session.execute(
        select(PointCheck.point_id, PointCheck.at, PointCheck.direction, PointCheck.how)
        .where(PointCheck.meeting_id == meeting_id)
        .order_by(PointCheck.id)
    )
    found: dict[int, list[Check]] = {}
    for point_id, at, direction, how in rows:
        found.setdefault(point_id, []).append(Check(at, direction, how))
    return found


async def roll_calls_of(
    session: AsyncSession, meeting_id: int
) -> tuple[Sequence[RollCall], dict[tuple[int, int], RollAnswer]]:
    """The roll calls, oldest first, and what came of them by (roll call, point)."""
    calls = (
        await session.scalars(select(RollCall).where(RollCall.meeting_id == meeting_id).order_by(RollCall.id))
    ).all()
    rows = await session.execute(
        select(
            RollCallAnswer.roll_call_id, RollCallAnswer.point_id, RollCallAnswer.answered_at, RollCallAnswer.how
        ).where(RollCallAnswer.roll_call_id.in_([call.id for call in calls]))
    )
    return calls, {(call_id, point_id): RollAnswer(answered_at=at, how=how) for call_id, point_id, at, how in rows}


async def attended_meeting(session: AsyncSession, meeting: Meeting) -> AttendedMeeting:
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
