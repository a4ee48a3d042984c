"""Rehearsals follow the meeting's own steps: opening the rooms begins one, whatever leads out of testing ends it. What
began as the conference and was taken back was a full rehearsal."""

from datetime import timedelta

from sqlalchemy import select

from server.core.transaction import Transaction
from server.live.models import MeetingEvent
from server.meetings.lifecycle import Step
from server.meetings.models import Meeting
from server.readiness.models import Rehearsal

BEFORE_START = timedelta(hours=2)
"""Rooms opened within it are opened for the conference itself: its last check, not a trial on another day."""
_ENDS = frozenset({Step.CLOSE, Step.START, Step.POSTPONE, Step.RESCHEDULE, Step.CANCEL})


async def meeting_stepped(tx: Transaction, meeting: Meeting, step: str) -> None:
    """For `meetings.hooks.Follower`."""
    if step == Step.RETURN:
        await _had_been_one(tx, meeting)
    if step in _ENDS:
        await _close(tx, meeting, step)
    elif step in (Step.OPEN, Step.RETURN):
        near = meeting.starts_at - BEFORE_START <= tx.now
        tx.session.add(
            Rehearsal(
                meeting_id=meeting.id,
                kind="check" if near else "trial",
                opened_at=tx.now,
                opened_by=_name(tx),
                closed_at=None,
            )
        )


async def _close(tx: Transaction, meeting: Meeting, step: str) -> None:
    going_on = await tx.session.scalars(
        select(Rehearsal).where(Rehearsal.meeting_id == meeting.id, Rehearsal.closed_at.is_(None))
    )
    for rehearsal in going_on:
        rehearsal.closed_at, rehearsal.closed_by, rehearsal.outcome = tx.now, _name(tx), str(step)


async def _had_been_one(tx: Transaction, meeting: Meeting) -> None:
    began = await tx.session.scalar(
        select(MeetingEvent)
        .where(MeetingEvent.meeting_id == meeting.id, MeetingEvent.kind == f"meeting.{Step.START}")
        .order_by(MeetingEvent.seq.desc())
        .limit(1)
    )
    if began is not None:
        tx.session.add(
            Rehearsal(
                meeting_id=meeting.id,
                kind="full",
                opened_at=began.at,
                opened_by=began.actor_name[:200],
                closed_at=tx.now,
                closed_by=_name(tx),
                outcome=str(Step.RETURN),
            )
        )


def _name(tx: Transaction) -> str:
    return "" if tx.actor.system else tx.actor.name[:200]
