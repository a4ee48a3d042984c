"""The clock of who speaks: it stands, goes on, gets more time, and ends; by who directs, or by itself."""

from sqlalchemy import select

from server.audit.actions import record
from server.conference.floor import directed, end_turn
from server.conference.state import Before, Conference, loaded, settle
from server.core.actor import SYSTEM
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.repeating import Beat
from server.core.services import Services
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write
from server.speaking import clock
from server.speaking.models import SpeakingTurn

BEAT = 1.0
"""Seconds; who is cut off is cut off at most so much late."""


async def pause(tx: Transaction, meeting_id: int, turn_id: int) -> None:
    """The clock stands. Pausing twice changes nothing."""
    conference, before = await directed(tx, meeting_id)
    turn = _turn(conference, turn_id)
    clock.pause(turn, tx.now)
    await _told(tx, conference, before, turn, "turn.paused")


async def resume(tx: Transaction, meeting_id: int, turn_id: int) -> None:
    conference, before = await directed(tx, meeting_id)
    turn = _turn(conference, turn_id)
    clock.resume(turn, tx.now)
    await _told(tx, conference, before, turn, "turn.resumed")


async def extend(tx: Transaction, meeting_id: int, turn_id: int, seconds: int) -> None:
    """So much longer; who has run over has so much from now on."""
    conference, before = await directed(tx, meeting_id)
    turn = _turn(conference, turn_id)
    if turn.limit_seconds is None:
        raise Conflict("Lượt phát biểu này không hạn chế thời gian.", "This turn has no limit.")
    clock.extend(turn, seconds, tx.now)
    await _told(tx, conference, before, turn, "turn.extended")


async def finish(tx: Transaction, meeting_id: int, turn_id: int) -> None:
    """The turn is over: a guest has the floor no more; the main point keeps it, without a clock."""
    conference, before = await directed(tx, meeting_id)
    turn = _turn(conference, turn_id)
    _end(tx, conference, turn)
    await _told(tx, conference, before, turn, "floor.taken")


async def close_at_limit(tx: Transaction, meeting_id: int, turn_id: int) -> None:
    """Its time is up, and the meeting closes microphones by itself. Nothing, when that is no longer so. System only."""
    if not tx.actor.system:
        raise NotAllowed()
    meeting, _rights = await meeting_for_write(tx, meeting_id)
    conference, before = await loaded(tx.session, meeting)
    turn = conference.queue.turn(turn_id)
    if turn is None or turn.closes_at is None or turn.closes_at > tx.now:
        return
    turn.cut = True
    _end(tx, conference, turn)
    await _told(tx, conference, before, turn, "turn.cut")


class TurnWatch(Beat):
    """Closes microphones whose time is up. One per process; whichever is first does it, under the meeting's lock."""

    def __init__(self, services: Services) -> None:
        super().__init__(self.look, lambda: BEAT, "turn-watch-failed")
        self._services = services

    async def look(self) -> None:
        due = select(SpeakingTurn.meeting_id, SpeakingTurn.id).where(SpeakingTurn.closes_at <= self._services.clock())
        async with self._services.database.read() as session:
            found = (await session.execute(due)).all()
        for meeting_id, turn_id in found:
            async with self._services.transactions(SYSTEM) as tx:
                await close_at_limit(tx, meeting_id, turn_id)


def _turn(conference: Conference, turn_id: int) -> SpeakingTurn:
    found = conference.queue.turn(turn_id)
    if found is None:
        raise NotFound("Lượt phát biểu này đã kết thúc.", "That turn is over.", turn_id=turn_id)
    return found


def _end(tx: Transaction, conference: Conference, turn: SpeakingTurn) -> None:
    conference.queue.end(turn, tx.now)
    if turn.point_id != conference.main:
        end_turn(conference, turn.point_id)


async def _told(tx: Transaction, conference: Conference, before: Before, turn: SpeakingTurn, kind: str) -> None:
    conference.queue.set_due(turn)
    if await settle(tx, conference, before, kind):
        await record(tx, kind, "meeting", conference.meeting.id, point_id=turn.point_id, turn_id=turn.id)
