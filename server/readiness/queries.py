"""All reads: the board, one hall, a hall's own tests, and the records of rehearsals."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import require_hall
from server.attendance import tree as trees
from server.attendance.queries import checks_of
from server.attendance.status import Attendance, Check, derive
from server.conference.models import PointPresence
from server.core.actor import Actor
from server.core.errors import NotFound
from server.devices.queries import last_seen
from server.meetings.access import overseen_meeting
from server.meetings.list_figures import lists
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint
from server.readiness.judgement import Found, state_of
from server.readiness.models import HallTest, HallVerdict, Rehearsal
from server.readiness.papers import Reading
from server.readiness.rehearsals import BEFORE_START
from server.readiness.schemas import (
    HallTestOut,
    PointReadiness,
    ReadinessBoard,
    ReadinessPoint,
    ReadinessRehearsal,
    ReadinessTotals,
    ReadinessUnit,
    RehearsalOut,
    RehearsalPoint,
    RehearsalRecord,
    VerdictOut,
)

_LAST = 10
"""Tests and verdicts of one hall that are shown."""
REHEARSALS = 50
GOOD_FOR = timedelta(hours=24)
"""Days before, with no room open: what was found in the last day."""


async def board(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, reading: Reading
) -> ReadinessBoard:
    """For whoever organises, conducts or operates; NotAllowed for others. Some queries of whole sets."""
    meeting, rights = await overseen_meeting(session, meeting_id, actor)
    going_on = await _going_on(session, meeting_id)
    since = _counts_since(meeting, going_on, now)
    tree = await trees.over(session, meeting_id)
    listed = await lists(session, meeting_id)
    facts = {
        point.id: (point, presence)
        for point, presence in await session.execute(
            select(BridgePoint, PointPresence)
            .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
            .outerjoin(
                PointPresence,
                and_(PointPresence.meeting_id == meeting_id, PointPresence.point_id == BridgePoint.id),
            )
            .where(MemberPoint.meeting_id == meeting_id)
        )
    }
    tests = await newest_tests(session, meeting_id)
    verdicts = await _newest_verdicts(session, meeting_id, since)
    machines: dict[int, datetime] = {}
    for seen in await last_seen(session, facts.keys(), now):
        machines.setdefault(seen.point_id, seen.last_seen_at)
    points = []
    for hall in tree.halls:
        point, presence = facts[hall.id]
        test, verdict = tests.get(hall.id), verdicts.get(hall.id)
        fresh = test is not None and test.at >= since
        saved, opened = reading.by_point.get(hall.id, (0, 0))
        state = state_of(_found(presence, test if fresh else None, verdict))
        points.append(
            ReadinessPoint(
                point_id=hall.id,
                name=hall.name,
                short_name=point.short_name,
                unit_id=hall.unit_id,
                main=hall.id == meeting.main_point_id,
                state=state,
                presence=presence.presence if presence else "absent",
                since=presence.since if presence and presence.presence != "absent" else None,
                machine_at=machines.get(hall.id),
                tested_at=test.at if test else None,
                passed=not test.faults if test is not None and fresh else None,
                verdict=verdict.verdict if verdict else None,
                note=verdict.note if verdict else "",
                people=listed.counts.get(hall.id, 0),
                saved=saved,
                opened=opened,
                contact_name=point.contact_name or "",
                contact_phone=point.contact_phone or "",
            )
        )
    return ReadinessBoard(
        generated_at=now,
        meeting_id=meeting_id,
        state=meeting.state,
        starts_at=meeting.starts_at,
        since=since,
        direct=rights.direct,
        papers=reading.papers,
        rehearsal=going_on and ReadinessRehearsal(id=going_on.id, kind=going_on.kind, opened_at=going_on.opened_at),
        totals=_totals(points),
        units=[
            ReadinessUnit(unit_id=unit.id, parent_id=tree.parent(unit), name=unit.name, depth=tree.depth(unit))
            for unit in tree.units
        ],
        points=points,
    )


def _found(presence: PointPresence | None, test: HallTest | None, verdict: VerdictOut | None) -> Found:
    said = None if verdict is None or verdict.verdict == "note" else verdict.verdict == "passed"
    if said is False and verdict is not None and test is not None and test.at > verdict.at and not test.faults:
        said = None  # it was mended since: to be looked at again
    now = presence.presence if presence else "absent"
    return Found(
        presence=now,
        said_ready=now == "ready",
        passed=None if test is None else not test.faults,
        verdict=said,
    )


def _totals(points: Collection[ReadinessPoint]) -> ReadinessTotals:
    states = Counter(point.state for point in points)
    return ReadinessTotals(
        points=len(points),
        ready=states["ready"],
        testing=states["testing"],
        trouble=states["trouble"],
        lost=states["lost"],
        absent=states["absent"],
        technicians=sum(point.presence in ("testing", "ready") or point.passed is not None for point in points),
        tested=sum(point.passed is True for point in points),
        listed=sum(point.people > 0 for point in points),
        people=sum(point.people for point in points),
        saved=sum(point.saved for point in points),
        opened=sum(point.opened for point in points),
    )


def _counts_since(meeting: Meeting, going_on: Rehearsal | None, now: datetime) -> datetime:
    """What was found before is history: machines are moved, cables pulled."""
    if going_on is not None:
        return going_on.opened_at - timedelta(hours=1)
    if now >= meeting.starts_at - BEFORE_START:
        return meeting.starts_at - BEFORE_START
    return now - GOOD_FOR


async def counts_since(session: AsyncSession, meeting: Meeting, now: datetime) -> datetime:
    """From when on tests count for the meeting."""
    return _counts_since(meeting, await _going_on(session, meeting.id), now)


async def _going_on(session: AsyncSession, meeting_id: int) -> Rehearsal | None:
    return await session.scalar(
        select(Rehearsal)
        .where(Rehearsal.meeting_id == meeting_id, Rehearsal.closed_at.is_(None))
        .order_by(Rehearsal.id.desc())
        .limit(1)
    )


async def newest_tests(session: AsyncSession, meeting_id: int) -> dict[int, HallTest]:
    """Of each member point, in whichever meeting."""
    newest = (
        select(func.max(HallTest.id))
        .join(MemberPoint, MemberPoint.point_id == HallTest.point_id)
        .where(MemberPoint.meeting_id == meeting_id)
        .group_by(HallTest.point_id)
    )
    return {test.point_id: test for test in await session.scalars(select(HallTest).where(HallTest.id.in_(newest)))}


async def _newest_verdicts(
    session: AsyncSession, meeting_id: int, since: datetime, until: datetime | None = None
) -> dict[int, VerdictOut]:
    """The newest that says good or bad, with the newest note: notes alone change no verdict."""
    rows = await session.scalars(
        select(HallVerdict)
        .where(
            HallVerdict.meeting_id == meeting_id,
            HallVerdict.at >= since,
            *([HallVerdict.at <= until] if until is not None else []),
        )
        .order_by(HallVerdict.id)
    )
    found: dict[int, VerdictOut] = {}
    for each in rows:
        known = found.get(each.point_id)
        if each.verdict == "note" and known is not None:
            found[each.point_id] = known.model_copy(update={"note": each.note})
        else:
            found[each.point_id] = verdict_out(each)
    return found


def test_out(test: HallTest) -> HallTestOut:
    return HallTestOut.model_validate({**_columns(test), "passed": not test.faults})


def _columns(test: HallTest) -> dict[str, object]:
    return {name: getattr(test, name) for name in HallTestOut.model_fields if name != "passed"}


def verdict_out(verdict: HallVerdict) -> VerdictOut:
    return VerdictOut.model_validate(
        {"at": verdict.at, "by_name": verdict.by_name, "verdict": verdict.verdict, "note": verdict.note}
    )


async def one_point(session: AsyncSession, meeting_id: int, point_id: int, actor: Actor) -> PointReadiness:
    await overseen_meeting(session, meeting_id, actor)
    point = await session.scalar(
        select(BridgePoint)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id, BridgePoint.id == point_id)
    )
    if point is None:
        raise NotFound()
    verdicts = await session.scalars(
        select(HallVerdict)
        .where(HallVerdict.meeting_id == meeting_id, HallVerdict.point_id == point_id)
        .order_by(HallVerdict.id.desc())
        .limit(_LAST)
    )
    return PointReadiness(
        point_id=point.id,
        name=point.name,
        address=point.address or "",
        seats=point.seats,
        equipment=point.equipment or "",
        main_line=point.main_line or "",
        backup_line=point.backup_line or "",
        contact_name=point.contact_name or "",
        contact_phone=point.contact_phone or "",
        tests=await _tests(session, point_id),
        verdicts=[verdict_out(each) for each in verdicts],
    )


async def own_tests(session: AsyncSession, point_id: int, actor: Actor) -> list[HallTestOut]:
    """For the hall's own machine and whoever looks after it."""
    if actor.person_id is not None or actor.point_id != point_id:
        await require_hall(session, actor, point_id)
    return await _tests(session, point_id)


async def _tests(session: AsyncSession, point_id: int) -> list[HallTestOut]:
    rows = await session.scalars(
        select(HallTest)
        .where(HallTest.point_id == point_id)
        .order_by(HallTest.at.desc(), HallTest.id.desc())
        .limit(_LAST)
    )
    return [test_out(each) for each in rows]


async def rehearsals(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> list[RehearsalOut]:
    """Newest first, at most `REHEARSALS`."""
    await overseen_meeting(session, meeting_id, actor)
    rows = list(
        await session.scalars(
            select(Rehearsal)
            .where(Rehearsal.meeting_id == meeting_id)
            .order_by(Rehearsal.opened_at.desc(), Rehearsal.id.desc())
            .limit(REHEARSALS)
        )
    )
    checks = await checks_of(session, meeting_id) if rows else {}
    members = set(await session.scalars(select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id)))
    return [
        RehearsalOut(
            **_head(row), came=len(_came(checks, row, now)), points=len(members | _came(checks, row, now).keys())
        )
        for row in rows
    ]


async def rehearsal_record(
    session: AsyncSession, meeting_id: int, rehearsal_id: int, actor: Actor, now: datetime
) -> RehearsalRecord:
    meeting, _ = await overseen_meeting(session, meeting_id, actor)
    row = await session.get(Rehearsal, rehearsal_id)
    if row is None or row.meeting_id != meeting_id:
        raise NotFound()
    until = row.closed_at or now
    checks = await checks_of(session, meeting_id)
    came = _came(checks, row, now)
    tree = await trees.over(session, meeting_id, besides=came.keys())
    newest = (
        select(func.max(HallTest.id))
        .where(
            HallTest.point_id.in_([hall.id for hall in tree.halls]), HallTest.at >= row.opened_at, HallTest.at <= until
        )
        .group_by(HallTest.point_id)
    )
    tests = {test.point_id: test for test in await session.scalars(select(HallTest).where(HallTest.id.in_(newest)))}
    verdicts = await _newest_verdicts(session, meeting_id, row.opened_at, until)
    results = []
    passed = failed = 0
    for hall in tree.halls:
        attended, test, verdict = came.get(hall.id), tests.get(hall.id), verdicts.get(hall.id)
        said = verdict.verdict if verdict and verdict.verdict != "note" else None
        good = said == "passed" if said else not test.faults if test else None
        passed += good is True
        failed += good is False
        results.append(
            RehearsalPoint(
                point_id=hall.id,
                name=hall.name,
                unit_name=tree.names[hall.unit_id],
                came_at=attended.stays[0].begin if attended else None,
                seconds=int(attended.total.total_seconds()) if attended else 0,
                lost=sum(gap.how == "lost" for gap in attended.gaps) if attended else 0,
                test=test_out(test) if test else None,
                verdict=verdict,
            )
        )
    return RehearsalRecord(
        **_head(row),
        came=len(came),
        points=len(results),
        meeting_id=meeting_id,
        title=meeting.title,
        tested=len(tests),
        passed=passed,
        failed=failed,
        results=results,
    )


def _head(row: Rehearsal) -> dict[str, Any]:
    names = ("id", "kind", "opened_at", "opened_by", "closed_at", "closed_by", "outcome", "note")
    return {name: getattr(row, name) for name in names}


def _came(checks: dict[int, list[Check]], row: Rehearsal, now: datetime) -> dict[int, Attendance]:
    """Who was in at some time of it. What came later says nothing; a hall that stayed in is in until its end."""
    until = row.closed_at or now
    found = {
        point_id: derive([each for each in of if each.at <= until], until).within(row.opened_at, until)
        for point_id, of in checks.items()
    }
    return {point_id: each for point_id, each in found.items() if each.stays}
