"""Looks whether who presents is still there: every screen goes on showing the page, and says that nobody turns it.

Asked of this process's sockets every few seconds, so that a restart needs no memory of who left. Of a second process
beside it nothing is known: a presenter connected there would be away here. Today one process has all of a meeting's
sockets.
"""

import asyncio

import structlog

from server.core.actor import SYSTEM
from server.core.services import Services
from server.live.registry import Live
from server.presentation.actions import presenter_is
from server.presentation.live.entities import COLLECTION

logger = structlog.get_logger(__name__)

LONGEST_BEAT = 3.0


class PresenterWatch:
    def __init__(self, services: Services, live: Live) -> None:
        self._services = services
        self._live = live
        self.lost_after = services.settings.lost_after_seconds
        self._missing: dict[tuple[int, int], float] = {}
        """(meeting, person) -> since when, by the event loop's clock."""
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def look(self) -> None:
        now = asyncio.get_running_loop().time()
        missing: dict[tuple[int, int], float] = {}
        for meeting_id, room in list(self._live.rooms.items()):
            shown = room.entity(COLLECTION)
            if shown is None or shown["presenter_id"] is None:
                continue
            key = (meeting_id, shown["presenter_id"])
            here = self._live.people.connected(shown["presenter_id"], meeting_id)
            if not here:
                missing[key] = self._missing.get(key, now)
            away = not here and now - missing[key] >= self.lost_after
            if away != shown["presenter_away"] and (away or here):
                async with self._services.transactions(SYSTEM) as tx:
                    await presenter_is(tx, *key, away=away)
        self._missing = missing

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(min(LONGEST_BEAT, self.lost_after / 3))
            try:
                await self.look()
            except Exception:
                logger.exception("presenter-watch-failed")
