"""Which halls' media the node sees connected, compared with what the live state says of them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

import structlog

from media.contract import SessionKey, SessionState
from server.conference.nodes.desired_state import meeting_of, point_of
from server.live.registry import Live

logger = structlog.get_logger(__name__)

COMPARE_AFTER = 0.25
"""Seconds: 161 halls whose media comes up together become a few events, not 161."""

OnMedia = Callable[[int, Mapping[int, bool]], Awaitable[None]]


class HallMedia:
    """Compares, instead of passing on each change: so a server that starts, a node that starts, and a message that was
    lost all end in the right state by one path. `on_media(meeting_id, {point id: connected})` gets what is wrong."""

    def __init__(self, live: Live, on_media: OnMedia) -> None:
        self._live = live
        self._on_media = on_media
        self._known = False
        self._sessions: dict[int, dict[int, str]] = {}
        """Meeting -> point -> its connected session, as the active node says."""
        self._silent: dict[int, frozenset[int]] = {}
        """Meeting -> points that are cut off. The node waits half a minute before it gives up their sessions."""
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take_over(self, sessions: Iterable[SessionKey]) -> None:
        """Another node is the active one, and these sessions are connected to it."""
        self._known = True
        self._sessions = {}
        for key in sessions:
            meeting_id, point_id = meeting_of(key.room), point_of(key.participant)
            if meeting_id is not None and point_id is not None:
                self._sessions.setdefault(meeting_id, {})[point_id] = key.session
        for meeting_id in self._live.rooms:
            self.reconcile(meeting_id)

    def unknown(self) -> None:
        """The node's control line is gone; its media may go on. What was last known stays until a node is back."""
        self._known = False

    def heard(self, message: SessionState) -> None:
        meeting_id, point_id = meeting_of(message.room), point_of(message.participant)
        if meeting_id is None or point_id is None:
            return
        sessions = self._sessions.setdefault(meeting_id, {})
        if message.state == "connected":
            sessions[point_id] = message.session
        elif sessions.get(point_id) == message.session:
            # A session that was replaced may end after its successor has come up.
            del sessions[point_id]
        self.reconcile(meeting_id)

    def silent(self, meeting_id: int, points: Collection[int]) -> None:
        """These are cut off, and no others."""
        now = frozenset(points)
        if now != self._silent.get(meeting_id, frozenset()):
            self._silent[meeting_id] = now
            self.reconcile(meeting_id)

    def reconcile(self, meeting_id: int) -> None:
        """Soon compares, and tells what is wrong."""
        if meeting_id not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[meeting_id] = loop.call_later(COMPARE_AFTER, self._compare, meeting_id)

    def forget(self, meeting_id: int) -> None:
        """Nobody is in the meeting's room here any more. Its sessions are still the node's."""
        self._silent.pop(meeting_id, None)
        timer = self._timers.pop(meeting_id, None)
        if timer is not None:
            timer.cancel()

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()

    def _compare(self, meeting_id: int) -> None:
        self._timers.pop(meeting_id, None)
        room = self._live.rooms.get(meeting_id)
        if room is None or not self._known:
            return
        heard = self._sessions.get(meeting_id, {}).keys() - self._silent.get(meeting_id, frozenset())
        wrong = {}
        for key, entity in room.entities("points").items():
            connected = int(key) in heard
            if entity["presence"] != "absent" and (entity["media"] == "connected") is not connected:
                wrong[int(key)] = connected
        if wrong:
            task = asyncio.create_task(self._tell(meeting_id, wrong))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tell(self, meeting_id: int, connected: Mapping[int, bool]) -> None:
        try:
            await self._on_media(meeting_id, connected)
        except Exception:
            logger.exception("media-state-not-noted", meeting=meeting_id)
