"""Every room of this process. Brings the bus to the rooms and looks after the sockets."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from functools import partial
from operator import attrgetter

import structlog

from server.core.bus import Bus, Message
from server.core.database import Database, in_parts
from server.live import log
from server.live.client import RESTARTING, Client
from server.live.desks import Desks
from server.live.feature import LiveCommand, LiveFeature
from server.live.protocol import Wire
from server.live.room import Listener, Room
from server.live.sockets_by_person import People

logger = structlog.get_logger(__name__)

KEEP_EMPTY_SECONDS = 30.0
CHECK_SECONDS = 30.0
"""How long a socket lives on after its sign-in session was revoked or its right ended."""
CHECK_AT_ONCE = 50
UNCHANGED_AT_ONCE = 2000
"""A second. Most clients are found unchanged by the hundred, in one query."""
SLICE = 500
"""Clients looked after between two turns of everybody else: less than a millisecond."""
ASK_SECONDS = 2.0
"""From one look at the rooms' numbers to the next: an event whose message the bus lost is late by no more than this,
even if no other follows."""


_checked = attrgetter("checked")


class Live:
    """One per process. Features are installed, and subscribe with `listen`, before `start`."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self.features: tuple[LiveFeature, ...] = ()
        self.commands: dict[str, LiveCommand] = {}
        self.rooms: dict[int, Room] = {}
        self.people = People(bus)
        self.desks = Desks(bus, self.rooms)
        self.media_up: Callable[[], bool] = lambda: False
        self.admit_again: Callable[[Client], Awaitable[int | None]] | None = None
        """Renews `client.actor`; a close code if the client would not be let in any more."""
        self.unchanged: Callable[[Sequence[Client]], Awaitable[Collection[Client]]] | None = None
        """Those of them whose sign-in and right certainly are as they were."""
        self._database = database
        self._bus = bus
        self._listeners: list[Listener] = []
        self._closed_listeners: list[Callable[[int], None]] = []
        self._leave_bus = contextlib.ExitStack()
        self._ticker: asyncio.Task[None] | None = None
        self._asked_at = 0.0

    def install(self, features: Sequence[LiveFeature]) -> None:
        self.features = tuple(features)
        self.commands = {command.name: command for feature in features for command in feature.commands}

    def listen(self, on_event: Listener, on_room_closed: Callable[[int], None] | None = None) -> None:
        """`on_event(room, event)` after each delivery; `on_room_closed(meeting_id)` when nobody watched for a while."""
        self._listeners.append(on_event)
        if on_room_closed is not None:
            self._closed_listeners.append(on_room_closed)

    async def start(self) -> None:
        self._leave_bus.callback(self._bus.subscribe(log.EVENTS, self._on_event))
        self._leave_bus.callback(self.people.listen())
        self._leave_bus.callback(self.desks.listen())
        for feature in self.features:
            for topic, handle in feature.topics.items():
                self._leave_bus.callback(self._bus.subscribe(topic, partial(handle, self)))
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Tells every client that the server restarts; they come back by themselves."""
        self._leave_bus.close()
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
        for client in list(self.clients()):
            client.close(RESTARTING)
        for room in self.rooms.values():
            await room.stop()

    def room(self, meeting_id: int) -> Room:
        if meeting_id not in self.rooms:
            self.rooms[meeting_id] = Room(meeting_id, self.features, self._database, self._listeners)
        return self.rooms[meeting_id]

    def clients(self) -> Iterator[Client]:
        for room in self.rooms.values():
            yield from room.clients.values()

    def client(self, meeting_id: int, participant: str) -> Client | None:
        room = self.rooms.get(meeting_id)
        return room.clients.get(participant) if room else None

    def halls(self, meeting_id: int) -> dict[int, Client]:
        """The connected halls of a meeting, by point id."""
        room = self.rooms.get(meeting_id)
        if room is None:
            return {}
        return {c.viewer.point_id: c for c in room.clients.values() if c.viewer.point_id is not None}

    def signal(self, meeting_id: int, participant: str, kind: str, data: Wire) -> None:
        client = self.client(meeting_id, participant)
        if client is not None:
            client.signal(kind, data)

    def _on_event(self, message: Message) -> None:
        room = self.rooms.get(message["meeting_id"])
        if room is not None:
            room.hint(message["seq"], message.get("event"))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self._check_again(await self._look_after())
                await self._close_empty()
                await self._ask_numbers()
            except Exception:
                logger.exception("live-tick-failed")

    async def _look_after(self) -> list[Client]:
        """Every client once, slice by slice. Returns those whose sign-in and right are to be asked again."""
        due: list[Client] = []
        for some in in_parts(list(self.clients()), SLICE):
            now = time.monotonic()
            for client in some:
                client.look_after(now)
                if now - client.checked > CHECK_SECONDS and client.closing is None:
                    due.append(client)
            await asyncio.sleep(0)
        return due

    async def _check_again(self, due: list[Client]) -> None:
        if self.admit_again is None:
            return
        now = time.monotonic()
        due.sort(key=_checked)
        if due and self.unchanged is not None:
            same = await self.unchanged(due[:UNCHANGED_AT_ONCE])
            for client in same:
                client.checked = now
            due = [client for client in due if client.checked != now]
        for client in due[:CHECK_AT_ONCE]:
            client.checked = time.monotonic()
            code = await self.admit_again(client)
            if code is not None:
                client.close(code)

    async def _close_empty(self) -> None:
        now = time.monotonic()
        for meeting_id, room in list(self.rooms.items()):
            if room.empty_since is not None and now - room.empty_since > KEEP_EMPTY_SECONDS:
                del self.rooms[meeting_id]
                await room.stop()
                for listener in self._closed_listeners:
                    listener(meeting_id)

    async def _ask_numbers(self) -> None:
        """The bus may lose a message: the database knows how far each meeting is."""
        if not self.rooms or time.monotonic() - self._asked_at < ASK_SECONDS:
            return
        self._asked_at = time.monotonic()
        numbers: dict[int, int] = {}
        async with self._database.read() as session:
            for some in in_parts(list(self.rooms)):
                numbers |= await log.last_numbers(session, some)
        for meeting_id, seq in numbers.items():
            if meeting_id in self.rooms:
                self.rooms[meeting_id].hint(seq, None)
