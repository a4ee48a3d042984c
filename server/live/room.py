"""One meeting's live state in this process, and who watches it.

The room keeps a replica of what the database holds as of event `seq`, by the same three-line reducer as every client.
A client enters in one step without any waiting in between: its snapshot is the replica, and from then on it gets each
event the replica gets. So none is missing and none comes twice, however many commit meanwhile.

Events come with the bus in the common case. The bus may lose, repeat or reorder them (several processes, a broken
line): an event that is not the next one only tells the room to read the log.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import Database
from server.edge.websockets import text_frame
from server.live import log
from server.live.client import REPLACED, RESTARTING, Client
from server.live.fanout import Fanout, Group
from server.live.feature import LiveFeature
from server.live.protocol import Relay, Snapshot
from server.live.viewer import DESK, Viewer

logger = structlog.get_logger(__name__)

REFRESH_SECONDS = 30.0
"""A replica older than this is loaded again before the next snapshot: it heals what changed without an event (a point
renamed in the directory), while a whole conference that joins within a minute costs two loads, beside the loop."""
RETRY_SECONDS = 1.0

Listener = Callable[["Room", dict[str, Any]], None]


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Replica:
    """`state`: collection -> key -> entity as JSON values. Texts are kept beside: a snapshot is mostly a join."""

    def __init__(self, seq: int, state: dict[str, dict[str, Any]]) -> None:
        self.seq = seq
        self.state = state
        self.texts = {name: {key: compact(value) for key, value in items.items()} for name, items in state.items()}
        self.loaded = time.monotonic()
        self.seen: dict[Viewer, str] = {}
        """The snapshot's collections as equal viewers see them, until the next event."""

    def apply(self, event: dict[str, Any]) -> None:
        self.seen.clear()
        for change in event["changes"]:
            items = self.state.setdefault(change["collection"], {})
            texts = self.texts.setdefault(change["collection"], {})
            if change["value"] is None:
                items.pop(change["key"], None)
                texts.pop(change["key"], None)
            else:
                items[change["key"]] = change["value"]
                texts[change["key"]] = compact(change["value"])
        self.seq = event["seq"]


class Room:
    def __init__(
        self,
        meeting_id: int,
        features: Sequence[LiveFeature],
        database: Database,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self.meeting_id = meeting_id
        self.clients: dict[str, Client] = {}
        """By participant name."""
        self.replica: Replica | None = None
        self.empty_since: float | None = time.monotonic()
        self._features = features
        self._feature_of = {name: feature for feature in features for name in feature.collections}
        self._database = database
        self._listeners = listeners
        self._groups: dict[Viewer, Group] = {}
        self._fanout = Fanout()
        self._newest = 0
        self._since_load: list[dict[str, Any]] | None = None
        self._loading: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    # -- who is here

    def admit(self, client: Client) -> None:
        """The client counts as connected from now on; an older one of the same participant gives way to it."""
        older = self.clients.get(client.participant)
        if older is not None:
            self.leave(older)
            older.send('{"type":"signal","kind":"session-replaced","data":{}}')
            older.close(REPLACED)
        self.clients[client.participant] = client
        self.empty_since = None

    async def begin(
        self,
        client: Client,
        now: Callable[[], datetime],
        *,
        media: Callable[[], bool],
        build: Callable[[], str],
        relays: Sequence[Relay] = (),
    ) -> None:
        """Sends the snapshot, and from then on every event."""
        await self.refresh()
        # No waiting from here on: the snapshot and the events after it must meet without a seam.
        if self.clients.get(client.participant) is not client:
            return
        if client.viewer not in self._groups:
            self._groups[client.viewer] = Group()
        self._groups[client.viewer].admit(client)
        client.send(self._snapshot(client, now(), media=media(), build=build(), relays=relays))
        client.streaming = True

    def leave(self, client: Client) -> None:
        if self.clients.get(client.participant) is client:
            del self.clients[client.participant]
        group = self._groups.get(client.viewer)
        if group is not None:
            group.leave(client)
            if not group.clients:
                del self._groups[client.viewer]
        if not self.clients:
            self.empty_since = time.monotonic()

    def entities(self, collection: str) -> Mapping[str, dict[str, Any]]:
        """All of a collection as this room knows it now, by key."""
        return self.replica.state.get(collection, {}) if self.replica is not None else {}

    def entity(self, collection: str, key: str = "") -> dict[str, Any] | None:
        """The entity as of now, as JSON; None if there is none or nothing is loaded."""
        if self.replica is None:
            return None
        found: dict[str, Any] | None = self.replica.state.get(collection, {}).get(key)
        return found

    @property
    def desks(self) -> Collection[Client]:
        """Pages on which the meeting is prepared."""
        group = self._groups.get(DESK)
        return group.clients if group is not None else ()

    @property
    def round_seconds(self) -> float:
        """How long the last event or signal took to everybody it was for."""
        return self._fanout.seconds

    def signal_latest(self, text: str, to: Callable[[Viewer], bool]) -> bool:
        """A passing signal to everybody in these groups whose line is free at this moment; others miss it. False: the
        last event or signal is still on its way, and nothing was sent."""
        if self._fanout.busy:
            return False
        everybody: list[Client] = []
        for viewer, group in self._groups.items():
            if to(viewer):
                everybody += group.clients
        self._fanout.deliver(everybody, passing=text_frame(text))
        return True

    # -- events

    def hint(self, seq: int, event: dict[str, Any] | None) -> None:
        """Event `seq` was committed; `event` is its content, if the bus brought it."""
        self._newest = max(self._newest, seq)
        if self.replica is None:
            return
        if event is not None and seq == self.replica.seq + 1 and self._reading is None:
            self._deliver(event)
        elif seq > self.replica.seq:
            self._read()

    async def refresh(self) -> None:
        """Makes sure there is a replica not older than `REFRESH_SECONDS`; concurrent callers share one load."""
        if self.replica is not None and time.monotonic() - self.replica.loaded < REFRESH_SECONDS:
            return
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)

    async def stop(self) -> None:
        self._fanout.stop()
        for task in (self._loading, self._reading):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _load(self) -> None:
        self._since_load = []
        try:
            fresh = await load_replica(self._database, self._features, self.meeting_id)
            if self.replica is not None:
                self._newest = max(self._newest, fresh.seq)
                if self.replica.seq < fresh.seq:
                    self._read()
                if self._reading is not None:
                    await asyncio.shield(self._reading)
                if self.replica is not None and self.replica.seq < fresh.seq:
                    self._begin_again()
            for event in self._since_load:
                if event["seq"] == fresh.seq + 1:
                    fresh.apply(event)
            self.replica = fresh
        finally:
            self._since_load = None
            self._loading = None
        self.hint(self._newest, None)

    def _read(self) -> None:
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_log())

    async def _read_log(self) -> None:
        """Delivers from the log until nothing is left to deliver. Never gives up while the database is away."""
        try:
            while self.replica is not None and self._newest > self.replica.seq:
                try:
                    async with self._database.read() as session:
                        events = await log.after(session, self.meeting_id, self.replica.seq)
                        last = 0 if events else await log.last_number(session, self.meeting_id)
                except Exception:
                    logger.exception("event-log-unreadable", meeting=self.meeting_id)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if not events and last <= self.replica.seq:
                    self._newest = self.replica.seq  # it was hinted at, and never committed
                elif not events or events[0]["seq"] > self.replica.seq + 1:
                    self._begin_again()
                for event in events:
                    if self.replica is not None and event["seq"] == self.replica.seq + 1:
                        self._deliver(event)
                # Events of a database that answers at once never wait: others have their turn between two parts.
                await asyncio.sleep(0)
        finally:
            self._reading = None

    def _begin_again(self) -> None:
        """The log lacks events that nobody here has seen (it was cut, or the database was restored): whoever watches
        comes back and gets a snapshot instead."""
        logger.warning("event-log-has-a-gap", meeting=self.meeting_id, after=self.replica and self.replica.seq)
        self.replica = None
        self._newest = 0
        for client in list(self.clients.values()):
            client.close(RESTARTING)

    def _deliver(self, event: dict[str, Any]) -> None:
        assert self.replica is not None  # noqa: S101
        self.replica.apply(event)
        if self._since_load is not None:
            self._since_load.append(event)
        changes: list[dict[str, Any]] = event["changes"]
        head = compact({name: value for name, value in event.items() if name != "changes"})[:-1]
        parts = [compact(change) for change in changes]
        frames: dict[tuple[int, ...], bytes] = {}
        leading: list[Client] = []
        members: list[Client] = []
        for viewer, group in self._groups.items():
            seen = tuple(
                index
                for index, change in enumerate(changes)
                if self._visible(change["collection"], change["key"], viewer)
            )
            if not seen:
                continue
            if seen not in frames:
                frames[seen] = text_frame(f'{head},"changes":[{",".join(parts[index] for index in seen)}]}}')
            group.lay(frames[seen])
            reached = members if viewer.audience == "member" else leading
            reached += group.clients
        # Halls and consoles first: they are few, and 12,000 others look at them.
        self._fanout.deliver(leading)
        self._fanout.deliver(members)
        for listener in self._listeners:
            try:
                listener(self, event)
            except Exception:
                logger.exception("live-listener-failed", meeting=self.meeting_id, kind=event["kind"])

    def _visible(self, collection: str, key: str, viewer: Viewer) -> bool:
        feature = self._feature_of.get(collection)
        return feature is not None and viewer != DESK and feature.visible(collection, key, viewer)

    def _snapshot(self, client: Client, now: datetime, *, media: bool, build: str, relays: Sequence[Relay]) -> str:
        assert self.replica is not None  # noqa: S101
        snapshot = Snapshot(
            seq=self.replica.seq,
            now=now,
            participant=client.participant,
            audience=client.viewer.audience,
            media=media,
            relays=list(relays),
            build=build,
            collections={},
        )
        head = compact(snapshot.model_dump(mode="json", exclude={"collections"}))[:-1]
        return f'{head},"collections":{self._collections(self.replica, client.viewer)}}}'

    def _collections(self, replica: Replica, viewer: Viewer) -> str:
        text = replica.seen.get(viewer)
        if text is None:
            collections = []
            for name, texts in replica.texts.items():
                items = [f"{compact(key)}:{text}" for key, text in texts.items() if self._visible(name, key, viewer)]
                if items:
                    collections.append(f"{compact(name)}:{{{','.join(items)}}}")
            text = replica.seen[viewer] = f"{{{','.join(collections)}}}"
        return text


async def load_replica(database: Database, features: Sequence[LiveFeature], meeting_id: int) -> Replica:
    """The state as of the last event, made beside the event loop: of 161 halls it takes a tenth of a second."""

    async def work(session: AsyncSession) -> Replica:
        if not database.is_sqlite:
            # SQLite's transactions see one moment anyway; PostgreSQL's only at this level.
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return Replica(*await _state(session, features, meeting_id))

    return await database.beside(work)


async def load_state(
    database: Database, features: Sequence[LiveFeature], meeting_id: int
) -> tuple[int, dict[str, dict[str, Any]]]:
    """(number of the last event, the state as of it), read from one moment of the database."""
    replica = await load_replica(database, features, meeting_id)
    return replica.seq, replica.state


async def _state(
    session: AsyncSession, features: Sequence[LiveFeature], meeting_id: int
) -> tuple[int, dict[str, dict[str, Any]]]:
    seq = await log.last_number(session, meeting_id)
    state: dict[str, dict[str, Any]] = {}
    for feature in features:
        if feature.load is None:
            continue
        for name, items in (await feature.load(session, meeting_id)).items():
            state[name] = {key: entity.model_dump(mode="json") for key, entity in items.items()}
    return seq, state
