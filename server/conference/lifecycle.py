"""A meeting's steps that concern its halls: what `meetings.lifecycle` does, with floor, presence and checks."""

from datetime import datetime

from server.attendance.checks import check_out
from server.attendance.people.events import meeting_stepped, rehearsal_over
from server.conference import messages, roll_call
from server.conference.state import Before, Conference, load, settle
from server.core.transaction import Transaction
from server.meetings import lifecycle
from server.meetings.models import Meeting
from server.presentation import actions as presentation

HALLS_COME_IN = frozenset({"meeting.opened", "meeting.started", "meeting.reopened"})
"""Events after which halls that are connected already join."""


async def open_halls(tx: Transaction, meeting_id: int) -> Meeting:
    """Halls may come in and test."""
    return await lifecycle.open_halls(tx, meeting_id)


async def close_halls(tx: Transaction, meeting_id: int) -> Meeting:
    """Testing is over for now: whoever is in is out."""
    meeting = await lifecycle.close_halls(tx, meeting_id)
    await _all_out(tx, meeting)
    await _rehearsal_over(tx, meeting)
    return meeting


async def postpone(tx: Transaction, meeting_id: int, reason: str) -> Meeting:
    meeting = await lifecycle.postpone(tx, meeting_id, reason)
    await _all_out(tx, meeting)
    await _rehearsal_over(tx, meeting)
    return meeting


async def reschedule(
    tx: Transaction, meeting_id: int, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> Meeting:
    meeting = await lifecycle.reschedule(tx, meeting_id, starts_at, ends_at, reason)
    await _all_out(tx, meeting)
    await _rehearsal_over(tx, meeting)
    return meeting


async def cancel(tx: Transaction, meeting_id: int, reason: str) -> Meeting:
    meeting = await lifecycle.cancel(tx, meeting_id, reason)
    await _all_out(tx, meeting)
    await _rehearsal_over(tx, meeting)
    return meeting


async def start(tx: Transaction, meeting_id: int) -> Meeting:
    """The main point gets floor and stage, whatever was tried out before; halls that were testing are ready."""
    meeting = await lifecycle.start(tx, meeting_id)
    await meeting_stepped(tx, meeting)
    conference, before = await _loaded(tx, meeting)
    for hall in conference.halls.values():
        if hall.presence == "testing":
            hall.become("ready", tx.now)
        if hall.presence == "lost":
            hall.before_lost = "ready"
    _main_point_first(tx, conference)
    here = [hall.point_id for hall in conference.halls.values() if hall.present]
    await settle(tx, conference, before, "floor.given", tell=here)
    return meeting


async def end(tx: Transaction, meeting_id: int) -> Meeting:
    """Everybody is out; nobody is seen or heard any more."""
    meeting = await lifecycle.end(tx, meeting_id)
    await meeting_stepped(tx, meeting)
    await _all_out(tx, meeting)
    return meeting


async def _rehearsal_over(tx: Transaction, meeting: Meeting) -> None:
    await rehearsal_over(tx, meeting)
    await roll_call.forget(tx, meeting.id)


async def _all_out(tx: Transaction, meeting: Meeting) -> None:
    conference, before = await _loaded(tx, meeting)
    present = [hall for hall in conference.halls.values() if hall.present]
    check_out(tx, meeting.id, {hall.point_id: tx.now for hall in present}, "end")
    for hall in conference.halls.values():
        if hall.presence != "absent":
            # Who was lost went out when it was lost: perhaps before the beginning.
            hall.become("absent", hall.since if hall.presence == "lost" else tx.now)
            hall.gone()
    conference.queue.close_of(conference.halls, "gone", tx.now)
    _nobody_on(conference)
    await settle(tx, conference, before, "floor.muted_all")
    await messages.close_all(tx, meeting.id)
    await roll_call.close(tx, meeting.id)
    await presentation.close(tx, meeting.id)


async def back_to_testing(tx: Transaction, meeting_id: int) -> Meeting:
    """What had begun was a rehearsal: halls stay in and test, nobody is on the air."""
    meeting = await lifecycle.back_to_testing(tx, meeting_id)
    await meeting_stepped(tx, meeting)
    conference = await load(tx.session, meeting)
    await conference.queue.know_spoken(tx.session)
    before = Before(conference)
    conference.queue.close_of(conference.halls, "gone", tx.now)
    await conference.queue.forget(tx.session)
    _nobody_on(conference)
    await settle(tx, conference, before, "floor.muted_all", tell=conference.halls)
    await presentation.close(tx, meeting_id)
    await _rehearsal_over(tx, meeting)
    return meeting


async def reopen(tx: Transaction, meeting_id: int, reason: str) -> Meeting:
    """It runs again: the main point has floor and stage, connected halls come in."""
    meeting = await lifecycle.reopen(tx, meeting_id, reason)
    await meeting_stepped(tx, meeting)
    conference, before = await _loaded(tx, meeting)
    _main_point_first(tx, conference)
    await settle(tx, conference, before, "floor.given")
    return meeting


def _nobody_on(conference: Conference) -> None:
    conference.stage.floor = []
    conference.stage.content = None
    conference.stage.content_muted = False
    conference.stage.stage_point_id = None
    conference.stage.recess = None


def _main_point_first(tx: Transaction, conference: Conference) -> None:
    conference.stage.floor = []
    conference.stage.content = None
    conference.stage.content_muted = False
    conference.give_floor(conference.main, tx.now)
    conference.stage.stage_point_id = conference.main


async def _loaded(tx: Transaction, meeting: Meeting) -> tuple[Conference, Before]:
    conference = await load(tx.session, meeting)
    return conference, Before(conference)
