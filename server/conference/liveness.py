"""Watches over the halls' lines: who is gone for too long is lost.

A hall that disconnects from this process gets its own timer. One whose line is cut without a goodbye is found by its
silence (`conference.silence`). Everything else (this server was killed, or another one
beside it) is found by a sweep of the database: connected halls are written down as heard every few seconds, and who
counts as present but was not heard by anybody is lost, as of when it was last heard.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Collection, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.conference import content
from server.conference.floor import return_to_main
from server.conference.models import PointPresence, Stage
from server.conference.presence import lose
from server.conference.silence import Silences
from server.conference.state import ACTIVE, PRESENT
from server.core.actor import SYSTEM
from server.core.database import UtcDateTime
from server.core.services import Services
from server.live.client import SILENT, Client
from server.live.registry import Live
from server.live.room import Room
from server.meetings.access import meeting_for_write
from server.meetings.models import Meeting

logger = structlog.get_logger(__name__)

LONGEST_BEAT = 5.0
ON_AIR_LOST_AFTER = 4.0
"""Seconds at most that everybody looks at a hall whose page is gone; a page that is loaded anew is back by then."""


class Watch:
    def __init__(self, services: Services, live: Live) -> None:
        self._services = services
        self._live = live
        self._lost_after = services.settings.lost_after_seconds
        self._returns_after = timedelta(seconds=services.settings.return_after_seconds)
        self._beat = min(LONGEST_BEAT, self._lost_after / 3)
        self._timers: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._silences: dict[int, Silences] = {}
        self._losing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.create_task(self._run(self._services.clock()))

    async def stop(self) -> None:
        """Notes for the last time who is connected: the next start counts from here."""
        tasks = [*self._timers.values(), *self._losing, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.note_heard()

    def gone(self, client: Client, point_id: int) -> None:
        """The hall's socket is gone. It is lost unless it is back in time."""
        key = (client.meeting_id, point_id)
        self.back(client.meeting_id, point_id)
        self._timers[key] = asyncio.create_task(self._lose_later(client, point_id))

    def back(self, meeting_id: int, point_id: int) -> None:
        timer = self._timers.pop((meeting_id, point_id), None)
        if timer is not None:
            timer.cancel()

    def media_reported(self, meeting_id: int, media: Mapping[int, bool]) -> Collection[int]:
        """The media node's report, about once a second: connected halls, and whether there were packets of each.
        Returns those that are cut off."""
        self._silences = {of: silences for of, silences in self._silences.items() if of in self._live.rooms}
        room = self._live.rooms.get(meeting_id)
        if room is None:
            return ()
        halls = self._live.halls(meeting_id)
        inside = {point_id: packets for point_id, packets in media.items() if _presence(room, point_id) != "absent"}
        now = asyncio.get_running_loop().time()
        silences = self._silences.setdefault(meeting_id, Silences())
        silent = silences.report(inside, halls, _on_air(room), now, patience=self._lost_after)
        cut = [point_id for point_id in silent if _presence(room, point_id) in PRESENT]
        for point_id in cut:
            # What it believes to be its line leads nowhere; when it is heard again it comes in anew.
            if point_id in halls:
                halls[point_id].close(SILENT)
        if cut:
            heard = {point_id: halls[point_id].heard_at for point_id in cut if point_id in halls}
            last_heard = {point_id: heard.get(point_id, self._services.clock()) for point_id in cut}
            task = asyncio.create_task(self._without_failing(self._lose(meeting_id, last_heard)))
            self._losing.add(task)
            task.add_done_callback(self._losing.discard)
        return silent

    async def note_heard(self) -> None:
        """Writes when each connected hall was heard."""
        heard = [
            {"of_meeting": meeting_id, "of_point": point_id, "at": client.heard_at}
            for meeting_id in self._live.rooms
            for point_id, client in self._live.halls(meeting_id).items()
        ]
        if heard:
            async with self._services.transactions(SYSTEM) as tx:
                await (await tx.session.connection()).execute(_NOTE, heard)

    async def sweep(self) -> None:
        """Finds present points that nobody hears any more."""
        overdue = self._services.clock() - timedelta(seconds=self._lost_after + self._beat)
        async with self._services.database.read() as session:
            silent = await _silent(session, overdue)
        for meeting_id, points in silent.items():
            if points.keys() - self._live.halls(meeting_id).keys():
                await self._lose(meeting_id, points)

    async def _run(self, started: datetime) -> None:
        # Halls that were in it when the server stopped get their time to come back first.
        await asyncio.sleep(self._lost_after)
        await self._without_failing(self._abandon_content(started))
        while True:
            await self._without_failing(self.note_heard())
            await self._without_failing(self.sweep())
            await self._without_failing(self.return_stages())
            await asyncio.sleep(self._beat)

    async def _lose_later(self, client: Client, point_id: int) -> None:
        room = self._live.rooms.get(client.meeting_id)
        on_air = room is not None and point_id in _on_air(room)
        await asyncio.sleep(min(self._lost_after, ON_AIR_LOST_AFTER) if on_air else self._lost_after)
        # From here on it is not cancelled any more: a commit must not be cut off from its events.
        self._timers.pop((client.meeting_id, point_id), None)
        await self._without_failing(self._lose(client.meeting_id, {point_id: client.heard_at}))

    async def _lose(self, meeting_id: int, last_heard: Mapping[int, datetime]) -> None:
        async with self._services.transactions(SYSTEM) as tx:
            # Whoever came back meanwhile is connected before it waits for this lock to join.
            await meeting_for_write(tx, meeting_id)
            here = {point for point, hall in self._live.halls(meeting_id).items() if hall.closing is None}
            gone = {point: at for point, at in last_heard.items() if point not in here}
            await lose(tx, meeting_id, gone, self._returns_after)

    async def return_stages(self) -> None:
        """Stages whose lost hall has been waited for long enough."""
        due = select(Stage.meeting_id).where(Stage.returns_at <= self._services.clock())
        async with self._services.database.read() as session:
            meetings = list(await session.scalars(due))
        for meeting_id in meetings:
            async with self._services.transactions(SYSTEM) as tx:
                await return_to_main(tx, meeting_id)

    async def _abandon_content(self, started: datetime) -> None:
        """A desk that shared its screen before the restart has another name now, if it is back at all."""
        async with self._services.database.read() as session:
            rows = await session.execute(
                select(Stage.meeting_id, Stage.content)
                .join(Meeting, Meeting.id == Stage.meeting_id)
                .where(Meeting.state.in_(ACTIVE))
            )
            shared = [(meeting_id, shared) for meeting_id, shared in rows if shared]
        for meeting_id, share in shared:
            before = datetime.fromisoformat(share["since"]) <= started
            if before and self._live.client(meeting_id, share["participant"]) is None:
                async with self._services.transactions(SYSTEM) as tx:
                    await content.abandon(tx, meeting_id, share["participant"])

    async def _without_failing(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:
            logger.exception("hall-watch-failed")


def _on_air(room: Room) -> set[int]:
    """Whom everybody looks at or listens to."""
    stage = room.entity("stage")
    if stage is None:
        return set()
    seen = [stage["stage"]["point_id"]] if stage["stage"] else []
    return {*seen, *(holder["point_id"] for holder in stage["floor"])}


def _presence(room: Room, point_id: int) -> str:
    entity = room.entity("points", str(point_id))
    return str(entity["presence"]) if entity is not None else "absent"


_NOTE = (
    update(PointPresence)
    .where(PointPresence.meeting_id == bindparam("of_meeting"), PointPresence.point_id == bindparam("of_point"))
    .values(heard_at=bindparam("at"))
)


async def _silent(session: AsyncSession, overdue: datetime) -> dict[int, dict[int, datetime]]:
    """Meeting -> present point -> when it was last heard, of those not heard since `overdue`."""
    heard = func.coalesce(PointPresence.heard_at, PointPresence.since, type_=UtcDateTime)
    rows = await session.execute(
        select(PointPresence.meeting_id, PointPresence.point_id, heard)
        .join(Meeting, Meeting.id == PointPresence.meeting_id)
        .where(Meeting.state.in_(ACTIVE), PointPresence.presence.in_(PRESENT), heard < overdue)
    )
    found: dict[int, dict[int, datetime]] = {}
    for meeting_id, point_id, at in rows:
        found.setdefault(meeting_id, {})[point_id] = at
    return found
