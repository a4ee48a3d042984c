"""How many follow a meeting beside its halls: whoever directs is to know who listens."""

import asyncio

from server.live.client import Client
from server.live.protocol import Wire
from server.live.registry import Live

TELL_SECONDS = 1.0
"""Thousands who come in within a minute are some sixty signals, not thousands."""


class WatchingSignal(Wire):
    """Signal `watching`, to consoles: when they begin, and after a change."""

    people: int
    """Whose own page is connected, each counted once; consoles are not among them."""


class Watching:
    """One per process."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._due: dict[int, asyncio.TimerHandle] = {}

    def changed(self, client: Client) -> None:
        """The client came or went."""
        if client.viewer.audience == "member" and client.meeting_id not in self._due:
            loop = asyncio.get_running_loop()
            self._due[client.meeting_id] = loop.call_later(TELL_SECONDS, self._tell, client.meeting_id)
        elif client.viewer.audience == "console":
            client.signal("watching", self._count(client.meeting_id))

    def stop(self) -> None:
        for timer in self._due.values():
            timer.cancel()
        self._due.clear()

    def _tell(self, meeting_id: int) -> None:
        del self._due[meeting_id]
        room = self._live.rooms.get(meeting_id)
        consoles = [each for each in room.clients.values() if each.viewer.audience == "console"] if room else []
        if consoles:
            signal = self._count(meeting_id)
            for console in consoles:
                console.signal("watching", signal)

    def _count(self, meeting_id: int) -> WatchingSignal:
        room = self._live.rooms.get(meeting_id)
        members = [each for each in room.clients.values() if each.viewer.audience == "member"] if room else []
        return WatchingSignal(people=len({each.actor.person_id or each.participant for each in members}))
