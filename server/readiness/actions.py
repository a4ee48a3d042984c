"""All writes: what halls measured, what was found of them, and what is said of a rehearsal."""

from datetime import timedelta

from sqlalchemy import select

from server.accounts.actions.links import require_hall
from server.audit.actions import record
from server.core.errors import NotAllowed, NotFound, TooMany
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write, visible_meeting
from server.meetings.models import MemberPoint
from server.readiness.judgement import faults_of
from server.readiness.models import HallTest, HallVerdict, Rehearsal
from server.readiness.schemas import HallTestWrite, RehearsalWrite, VerdictWrite

_APART = timedelta(seconds=3)
"""A test takes longer; two buttons pressed at once are not two tests."""


async def note_test(tx: Transaction, point_id: int, write: HallTestWrite) -> HallTest:
    """For the hall's own machine, and for who represents it. Those who prepare the meeting are told. NotAllowed for
    others, TooMany of one hall at once."""
    if write.meeting_id is not None:
        _, rights = await visible_meeting(tx.session, write.meeting_id, tx.actor)
        if point_id not in rights.points:
            raise NotAllowed()
    elif tx.actor.person_id is not None or tx.actor.point_id != point_id:
        await require_hall(tx.session, tx.actor, point_id)
    last = await tx.session.scalar(
        select(HallTest.at).where(HallTest.point_id == point_id).order_by(HallTest.at.desc()).limit(1)
    )
    if last is not None and tx.now - last < _APART:
        raise TooMany(retry_after=int(_APART.total_seconds()))
    test = HallTest(
        point_id=point_id,
        at=tx.now,
        by_name=_name(tx),
        faults=list(faults_of(write)),
        **write.model_dump(),
    )
    tx.session.add(test)
    await tx.session.flush()
    await record(tx, "point.tested", "point", point_id, meeting_id=write.meeting_id, faults=test.faults)
    return test


async def say(tx: Transaction, meeting_id: int, point_id: int, write: VerdictWrite) -> None:
    """What somebody who runs the meeting found of a hall."""
    _, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    await _require_member(tx, meeting_id, point_id)
    tx.session.add(
        HallVerdict(
            meeting_id=meeting_id,
            point_id=point_id,
            at=tx.now,
            by_name=_name(tx),
            verdict=write.verdict,
            note=write.note,
        )
    )
    await record(tx, "point.checked", "meeting", meeting_id, point_id=point_id, verdict=write.verdict)


async def describe(tx: Transaction, meeting_id: int, rehearsal_id: int, write: RehearsalWrite) -> None:
    """What kind of rehearsal it was, and what was concluded."""
    _, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    rehearsal = await tx.session.get(Rehearsal, rehearsal_id)
    if rehearsal is None or rehearsal.meeting_id != meeting_id:
        raise NotFound()
    for name, value in write.model_dump(exclude_none=True).items():
        setattr(rehearsal, name, value)
    await record(tx, "meeting.rehearsal-described", "meeting", meeting_id, kind=rehearsal.kind)


async def _require_member(tx: Transaction, meeting_id: int, point_id: int) -> None:
    found = await tx.session.scalar(
        select(MemberPoint.id).where(MemberPoint.meeting_id == meeting_id, MemberPoint.point_id == point_id)
    )
    if found is None:
        raise NotFound()


def _name(tx: Transaction) -> str:
    return "" if tx.actor.system else tx.actor.name[:200]
