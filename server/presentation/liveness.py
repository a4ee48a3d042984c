"""Looks whether who presents is still there: every screen goes on showing the page, and says that nobody turns it.

Asked of this process's sockets every second, so that a restart needs no memory of who left. A socket whose line was
pulled stays open for minutes: so the presenter's are pinged at each look, and one that did not answer within some looks
is not there. Looks are counted, not seconds: a server that stood still has listened to nobody. Of a second process
beside it nothing is known: a presenter connected there would be away here. Today one process has all of a meeting's
sockets.
"""

import asyncio
from dataclasses import dataclass

from server.core.actor import SYSTEM
from server.core.repeating import Beat
from server.core.services import Services
from server.live.registry import Live
from server.presentation.actions import presenter_is
from server.presentation.live.entities import COLLECTION

BEAT = 1.0
LOST_AFTER = 4.0
"""Seconds at most; a page that is loaded anew is back by then."""
UNANSWERED_LOOKS = 4
LISTENED_SECONDS = 0.5
"""Looks that follow each other faster leave nobody the time to answer: they count as one."""


@dataclass(slots=True)
class _Unanswered:
    at: float
    heard: float = 0.0
    """When any of a presenter's sockets was heard last, by the monotonic clock."""
    looks: int = 0

    def look(self, heard: float, now: float) -> None:
        if heard > self.heard:
            self.heard, self.looks, self.at = heard, 0, now
        elif now - self.at >= LISTENED_SECONDS:
            self.looks, self.at = self.looks + 1, now


class PresenterWatch(Beat):
    def __init__(self, services: Services, live: Live) -> None:
        super().__init__(self.look, lambda: min(BEAT, self.lost_after / 3), "presenter-watch-failed")
        self._services = services
        self._live = live
        self.lost_after = min(services.settings.lost_after_seconds, LOST_AFTER)
        self._missing: dict[tuple[int, int], float] = {}
        """(meeting, person) -> since when, by the event loop's clock."""
        self._unanswered: dict[tuple[int, int], _Unanswered] = {}

    async def look(self) -> None:
        now = asyncio.get_running_loop().time()
        missing: dict[tuple[int, int], float] = {}
        unanswered: dict[tuple[int, int], _Unanswered] = {}
        for meeting_id, room in list(self._live.rooms.items()):
            shown = room.entity(COLLECTION)
            if shown is None or shown["presenter_id"] is None:
                continue
            key = (meeting_id, shown["presenter_id"])
            sockets = self._live.people.sockets(shown["presenter_id"], meeting_id)
            for client in sockets:
                client.ping()
            asked = unanswered[key] = self._unanswered.get(key) or _Unanswered(now)
            asked.look(max((client.heard for client in sockets), default=0.0), now)
            silent = asked.looks >= UNANSWERED_LOOKS
            here = bool(sockets) and not silent
            if not here:
                missing[key] = self._missing.get(key, now)
            away = silent or (not here and now - missing[key] >= self.lost_after)
            if away != shown["presenter_away"] and (away or here):
                async with self._services.transactions(SYSTEM) as tx:
                    await presenter_is(tx, *key, away=away)
        self._missing, self._unanswered = missing, unanswered
