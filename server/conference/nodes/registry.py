"""The connected media nodes, and everything that passes between them and the live rooms."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from media.contract import (
    Answer,
    CloseRoom,
    Demand,
    FromNode,
    Hello,
    Leave,
    Links,
    Publication,
    Refusal,
    Room,
    SessionKey,
    SessionState,
    View,
)
from server.conference.nodes.control_line import Busy, Line
from server.conference.nodes.desired_state import hall_name, meeting_of, point_of, room_name, wanted
from server.conference.nodes.hall_media import HallMedia, OnMedia
from server.conference.nodes.line_quality import LinksSignal, PointLink, WeakWatch, figures
from server.conference.nodes.media_places import MediaPlaces
from server.conference.state import ACTIVE
from server.core.errors import Conflict, DomainError, NotFound, TooMany, Unavailable
from server.live.client import Client, signal_text
from server.live.protocol import Wire
from server.live.registry import Live
from server.live.room import Room as LiveRoom

logger = structlog.get_logger(__name__)

PROBE = "probe-"
"""Rooms beside the meetings, in which a browser tries its way to the node."""
PROBE_SECONDS = 40.0
PROBES = 32
"""At a time."""
COALESCE_SECONDS = 0.005
"""Changes of a room within this time reach the node as one."""

OnWeak = Callable[[int, Mapping[int, bool]], Awaitable[None]]
OnReport = Callable[[int, Mapping[int, bool]], Collection[int]]


class MediaNodeSignal(Wire):
    """Signal `media-node`: after every snapshot while a node is there, and whenever one comes or goes. With another
    `boot` than the last answer's, the client's media session is gone: offer again."""

    up: bool
    boot: str = ""


class DemandSignal(Wire):
    """Signal `demand`: how large this client's pictures are watched; what nobody watches need not be sent."""

    camera: Literal["none", "small", "full"]
    content: Literal["none", "small", "full"]
    microphone: bool = False
    """An operator previews it: its sound is wanted although it may not have the floor."""


class MediaSessionSignal(Wire):
    """Signal `media-session`: the node sees this client's media connected or not. Not, and still here: offer again."""

    session: str
    state: Literal["connected", "disconnected"]
    reason: str


class NoMediaNode(Conflict):
    code = "no-media-node"
    vi = "Không có nút hình ảnh nào nối với máy chủ, nên chưa thử được hình và tiếng. Báo quản trị hệ thống."
    en = "No media node is connected to the server, so picture and sound cannot be tried. Tell the administrator."


@dataclass(frozen=True, slots=True)
class NodeSeen:
    name: str
    version: str
    sessions: int
    """Connected now."""
    active: bool
    """All rooms are with it."""
    counters: Mapping[str, int]
    """Of its core since it began."""
    links: Mapping[str, Links]
    """Each room's lines over the last second."""


class Nodes:
    """`on_weak(meeting_id, {point id: weak})` is called when lines become weak or recover, `on_media(meeting_id, {point
    id: connected})` when the halls' media is not what the live state says, `on_report(meeting_id, {point id: there were
    packets of it})` with every report of the active node on its connected halls; it returns those that are cut off."""

    def __init__(self, live: Live, on_weak: OnWeak, on_media: OnMedia, on_report: OnReport) -> None:
        self._live = live
        self._on_weak = on_weak
        self._on_report = on_report
        self._hall_media = HallMedia(live, on_media)
        self._lines: dict[str, Line] = {}
        self._views: dict[int, dict[str, View]] = {}
        self._demands: dict[int, dict[str, DemandSignal]] = {}
        """By meeting and participant, of running meetings and their sessions only."""
        self._weak: dict[int, WeakWatch] = {}
        self._places = MediaPlaces()
        self._probes: dict[str, asyncio.TimerHandle] = {}
        self._due: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._judging: set[int] = set()
        live.media_up = lambda: self._active is not None
        live.listen(self._on_event, self._on_room_closed)

    @property
    def _active(self) -> Line | None:
        return next(iter(self._lines.values()), None)

    def seen(self) -> list[NodeSeen]:
        return [
            NodeSeen(line.name, line.version, len(line.sessions), line is self._active, line.counters, line.links())
            for line in self._lines.values()
        ]

    async def probe(
        self,
        name: str,
        participant: Literal["up", "down"],
        *,
        session: str,
        sdp: str,
        publish: Mapping[str, Publication],
        slots: Mapping[str, str],
    ) -> str:
        """The node's SDP answer, in a room of this name beside all meetings: what `up` sends there comes back to
        `down`. It ends by itself. Unavailable without a node, TooMany while others try theirs."""
        line, room = self._active, f"{PROBE}{name}"
        if line is None:
            raise NoMediaNode()
        timer = self._probes.pop(room, None)
        if timer is not None:
            timer.cancel()
        elif len(self._probes) >= PROBES:
            raise TooMany(retry_after=int(PROBE_SECONDS))
        self._probes[room] = asyncio.get_running_loop().call_later(PROBE_SECONDS, self._end_probe, line, room)
        line.tell(Room(room=room, stage="up", floor=("up",)))
        return await line.offer(room, participant, session=session, sdp=sdp, publish=publish, slots=slots)

    def _end_probe(self, line: Line, room: str) -> None:
        self._probes.pop(room, None)
        line.close_room(room)

    # -- what the rooms want

    def changed(self, meeting_id: int) -> None:
        """The room's wanted state may have changed: tells the node within a few milliseconds."""
        if meeting_id not in self._due:
            loop = asyncio.get_running_loop()
            self._due[meeting_id] = loop.call_later(COALESCE_SECONDS, self._push, meeting_id)

    def _push(self, meeting_id: int) -> None:
        timer = self._due.pop(meeting_id, None)
        if timer is not None:
            timer.cancel()
        line, room = self._active, self._live.rooms.get(meeting_id)
        meeting = room and room.entity("meeting")
        stage = room and room.entity("stage")
        if line is None or not meeting or not stage:
            return
        if meeting["state"] in ACTIVE:
            line.tell(wanted(meeting_id, stage, self._views.get(meeting_id, {})))
        else:
            line.close_room(room_name(meeting_id))

    def _on_event(self, room: LiveRoom, event: dict[str, Any]) -> None:
        touched = {change["collection"] for change in event["changes"]}
        if touched & {"stage", "meeting"}:
            self.changed(room.meeting_id)
        if event["kind"] == "point.left":
            for change in event["changes"]:
                if change["collection"] == "points" and change["value"]["presence"] == "absent":
                    self.leave(room.meeting_id, hall_name(int(change["key"])))

    def _on_room_closed(self, meeting_id: int) -> None:
        self._views.pop(meeting_id, None)
        self._weak.pop(meeting_id, None)
        self._demands.pop(meeting_id, None)
        self._hall_media.forget(meeting_id)
        if self._active is not None:
            self._active.close_room(room_name(meeting_id))

    # -- clients

    async def offer(
        self, client: Client, *, session: str, sdp: str, publish: Mapping[str, Publication], slots: Mapping[str, str]
    ) -> tuple[str, str]:
        """(SDP answer, the node's boot). Unavailable without a node, Conflict while the meeting is not open."""
        line = self._active
        if line is None:
            raise Unavailable()
        room = self._live.rooms.get(client.meeting_id)
        meeting = room and room.entity("meeting")
        if not meeting or meeting["state"] not in ACTIVE:
            raise Conflict(
                "Cuộc họp chưa mở, nên chưa có hình và tiếng.", "The meeting is not open, so there is no media."
            )
        self._push(client.meeting_id)
        name = room_name(client.meeting_id)
        for older in self._places.take(client, session):
            self.leave(older.meeting_id, older.participant)
        try:
            while True:
                try:
                    answer = await line.offer(
                        name, client.participant, session=session, sdp=sdp, publish=publish, slots=slots
                    )
                except Busy:
                    displaced = self._places.displaced_by(client)
                    if displaced is None:
                        raise
                    # The node takes the two in this order: nobody gets in between.
                    self.leave(displaced.meeting_id, displaced.participant)
                    logger.warning("media-place-taken", by=client.participant, of=displaced.participant)
                else:
                    return answer, line.boot
        except DomainError:
            self._places.give_up(client.meeting_id, client.participant, session)
            raise

    def leave(self, meeting_id: int, participant: str, session: str | None = None) -> None:
        self._forget_demand(meeting_id, participant)
        self._places.give_up(meeting_id, participant, session)
        if self._active is not None:
            self._active.send(Leave(room=room_name(meeting_id), participant=participant, session=session))

    def previewed(self, meeting_id: int, participant: str) -> str | None:
        """The hall that this console listens to without its having the floor."""
        view = self._views.get(meeting_id, {}).get(participant)
        return view.preview if view is not None else None

    def set_view(self, meeting_id: int, participant: str, view: View) -> None:
        views = self._views.setdefault(meeting_id, {})
        before = views.get(participant)
        views[participant] = view
        self.changed(meeting_id)
        self._preview_moved(meeting_id, before.preview if before else None, view.preview)

    def _preview_moved(self, meeting_id: int, before: str | None, after: str | None) -> None:
        """Tells the halls concerned whether their microphones are listened to."""
        for participant in (before, after):
            if participant is not None and before != after:
                self._demand(meeting_id, participant)

    def _forget_demand(self, meeting_id: int, participant: str) -> None:
        demands = self._demands.get(meeting_id, {})
        demands.pop(participant, None)
        if not demands:
            self._demands.pop(meeting_id, None)

    def _demand(self, meeting_id: int, participant: str) -> None:
        demand = self._demands.get(meeting_id, {}).get(participant)
        if demand is not None:
            self._live.signal(meeting_id, participant, "demand", self._with_preview(meeting_id, participant, demand))

    def _with_preview(self, meeting_id: int, participant: str, demand: DemandSignal) -> DemandSignal:
        previewed = any(view.preview == participant for view in self._views.get(meeting_id, {}).values())
        return demand.model_copy(update={"microphone": previewed})

    def began(self, client: Client) -> None:
        """The client has its snapshot: tells it what passed before."""
        self.changed(client.meeting_id)
        self._hall_media.reconcile(client.meeting_id)
        if self._active is not None:
            client.signal("media-node", MediaNodeSignal(up=True, boot=self._active.boot))
        demand = self._demands.get(client.meeting_id, {}).get(client.participant)
        if demand is not None:
            client.signal("demand", self._with_preview(client.meeting_id, client.participant, demand))

    def left(self, client: Client) -> None:
        """A desk never comes back under its name, so its media ends with its socket; a hall's goes on."""
        view = self._views.get(client.meeting_id, {}).pop(client.participant, None)
        if view is not None:
            self.changed(client.meeting_id)
            self._preview_moved(client.meeting_id, view.preview, None)
        if client.viewer.audience != "hall":
            self.leave(client.meeting_id, client.participant)

    # -- nodes

    def attach(self, line: Line, hello: Hello) -> None:
        """A node said hello; an older line of the same node gives way."""
        older = self._lines.get(line.name)
        if older is not None:
            older.broken.set()
            older.gone()
        self._lines[line.name] = line
        logger.info("media-node-up", node=line.name, boot=line.boot, sessions=len(hello.sessions))
        if self._active is line:
            self._take_over(line, hello.sessions)

    def detach(self, line: Line) -> None:
        line.gone()
        if self._lines.get(line.name) is not line:
            return
        was_active = self._active is line
        del self._lines[line.name]
        logger.warning("media-node-down", node=line.name, boot=line.boot)
        if not was_active:
            return
        self._hall_media.unknown()
        self._places.forget_all()
        if self._active is not None:
            self._take_over(self._active, ())
        else:
            self._announce(MediaNodeSignal(up=False))

    def handle(self, line: Line, message: FromNode) -> None:
        """One message of a node after its hello. What it says of rooms that are not here is ignored."""
        if isinstance(message, SessionState):
            key = SessionKey(room=message.room, participant=message.participant, session=message.session)
            (line.sessions.add if message.state == "connected" else line.sessions.discard)(key)
        if isinstance(message, Links):
            line.heard(message)
        if isinstance(message, Answer | Refusal):
            line.answered(message)
        elif line is not self._active:
            return
        elif isinstance(message, Links):
            self._links(message)
        elif isinstance(message, Demand):
            meeting_id = meeting_of(message.room)
            if meeting_id is not None and (meeting_id in self._live.rooms or message.room in line.adopted):
                demand = DemandSignal(camera=message.camera, content=message.content)
                self._demands.setdefault(meeting_id, {})[message.participant] = demand
                self._demand(meeting_id, message.participant)
        elif isinstance(message, SessionState):
            meeting_id = meeting_of(message.room)
            if message.state == "disconnected":
                if meeting_id is not None:
                    self._forget_demand(meeting_id, message.participant)
                    self._places.give_up(meeting_id, message.participant, message.session)
            elif meeting_id is not None:
                self._places.connected(meeting_id, message.participant, message.session)
            self._hall_media.heard(message)
            signal = MediaSessionSignal(session=message.session, state=message.state, reason=message.reason)
            self._signal(message.room, message.participant, "media-session", signal)

    def stop(self) -> None:
        for timer in (*self._due.values(), *self._probes.values()):
            timer.cancel()
        self._hall_media.stop()
        for task in self._tasks:
            task.cancel()
        for line in self._lines.values():
            line.broken.set()

    def _take_over(self, line: Line, sessions: tuple[SessionKey, ...]) -> None:
        for meeting_id in self._live.rooms:
            self._push(meeting_id)
        self._hall_media.take_over(sessions)
        self._announce(MediaNodeSignal(up=True, boot=line.boot))
        alive: dict[str, list[SessionKey]] = {}
        for key in sessions:
            alive.setdefault(key.room, []).append(key)
        for room, keys in alive.items():
            self._spawn(self._adopt(line, room, keys))

    async def _adopt(self, line: Line, name: str, sessions: list[SessionKey]) -> None:
        """A room that lived through a break of the control line: told what it shall be now, or closed."""
        meeting_id = meeting_of(name)
        if meeting_id is None:
            line.send(CloseRoom(room=name))
            return
        room = self._live.room(meeting_id)
        try:
            await room.refresh()
        except NotFound:
            self._demands.pop(meeting_id, None)
            line.send(CloseRoom(room=name))
            return
        meeting = room.entity("meeting")
        if meeting is None or meeting["state"] not in ACTIVE:
            self._demands.pop(meeting_id, None)
            line.send(CloseRoom(room=name))
            return
        self._push(meeting_id)
        for key in sessions:
            if point_of(key.participant) is None and key.participant not in room.clients:
                line.send(Leave(room=name, participant=key.participant, session=key.session))

    def _announce(self, signal: MediaNodeSignal) -> None:
        text = signal_text("media-node", signal)
        for client in self._live.clients():
            client.signal_text(text)

    def _signal(self, room: str, participant: str, kind: str, data: Wire) -> None:
        meeting_id = meeting_of(room)
        if meeting_id is not None:
            self._live.signal(meeting_id, participant, kind, data)

    # -- lines

    def _links(self, message: Links) -> None:
        meeting_id = meeting_of(message.room)
        room = self._live.rooms.get(meeting_id) if meeting_id is not None else None
        if meeting_id is None or room is None:
            return
        points: dict[int, PointLink] = {}
        for report in message.links:
            point_id = point_of(report.participant)
            if point_id is not None:
                points[point_id] = figures(report)
        for point_id, link in points.items():
            hall = room.clients.get(hall_name(point_id))
            if hall is not None:
                hall.signal("link", link)
        consoles = [client for client in room.clients.values() if client.viewer.audience == "console"]
        if consoles:
            text = signal_text("links", LinksSignal(points=points))
            for client in consoles:
                client.signal_text(text)
        self._judge(meeting_id, room, points)
        packets = {point_id: link.bitrate_up > 0 for point_id, link in points.items()}
        self._hall_media.silent(meeting_id, self._on_report(meeting_id, packets))

    def _judge(self, meeting_id: int, room: LiveRoom, points: Mapping[int, PointLink]) -> None:
        if meeting_id in self._judging:
            return
        watch = self._weak.setdefault(meeting_id, WeakWatch())
        now = time.monotonic()
        verdicts: dict[int, bool] = {}
        for point_id, link in points.items():
            entity = room.entity("points", str(point_id))
            if entity is None or entity["presence"] not in ("testing", "ready"):
                watch.forget(point_id)
                continue
            verdict = watch.rate(point_id, link.rating, now, weak=entity["weak"])
            if verdict is not None:
                verdicts[point_id] = verdict
        if verdicts:
            self._judging.add(meeting_id)
            self._spawn(self._tell_weak(meeting_id, verdicts))

    async def _tell_weak(self, meeting_id: int, verdicts: Mapping[int, bool]) -> None:
        try:
            await self._on_weak(meeting_id, verdicts)
        except Exception:
            logger.exception("weak-line-not-noted", meeting=meeting_id)
        finally:
            self._judging.discard(meeting_id)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
