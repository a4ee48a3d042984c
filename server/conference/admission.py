"""Who comes in to a meeting's live channel, and what happens when a client comes and goes."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from server.accounts.recognition import Recognition
from server.conference import content
from server.conference.group_join import GroupJoin
from server.conference.lifecycle import HALLS_COME_IN
from server.conference.liveness import Watch
from server.conference.nodes.registry import Nodes
from server.conference.presence import join
from server.conference.watching import Watching
from server.core.actor import SYSTEM, Actor
from server.core.database import in_parts
from server.core.errors import NotAllowed
from server.core.services import Services
from server.devices.queries import part_of
from server.edge.session_cookie import session_token
from server.live.client import NO_SUCH_MEETING, NOT_ALLOWED, Client
from server.live.gateway import SeatRequest
from server.live.registry import Live
from server.live.room import Room
from server.live.viewer import Viewer
from server.meetings.delegates import signed_in_delegates
from server.meetings.grouped_rights import GroupedRights

logger = structlog.get_logger(__name__)

_ASKED_TOGETHER = 100
"""Delegates of one query: its long list of numbers is a millisecond of SQLAlchemy's work on the event loop."""


class Door:
    """The conference's side of `live.gateway.Door`."""

    def __init__(self, services: Services, live: Live, nodes: Nodes, watch: Watch) -> None:
        self._services = services
        self._live = live
        self._nodes = nodes
        self._watch = watch
        self._recognition = Recognition()
        self._rights = GroupedRights(services.database)
        self._join = GroupJoin(services)
        self._watching = Watching(live)
        self._tasks: set[asyncio.Task[None]] = set()
        self._shares: dict[tuple[int, str], asyncio.TimerHandle] = {}
        """Of desks that share a screen and whose socket is gone."""
        live.listen(self._on_event)

    async def recognise(self, cookies: Mapping[str, str]) -> Actor | None:
        return await self._recognition(self._services, session_token(cookies, self._services.settings))

    async def admit(self, actor: Actor, meeting_id: int, request: SeatRequest) -> Viewer:
        """NotFound for a meeting the actor may not see, NotAllowed for a part in it the actor has not."""
        rights = await self._rights(meeting_id, actor)
        if request.audience in ("console", "desk") and not rights.oversee:
            raise NotAllowed()
        if request.audience == "member" and not rights.attend:
            raise NotAllowed()
        if request.audience == "hall":
            if request.point_id not in rights.points:
                raise NotAllowed()
            if actor.point_id is not None:
                await self._as_its_part(actor)
            return Viewer("hall", request.point_id)
        return Viewer(request.audience)

    async def _as_its_part(self, actor: Actor) -> None:
        """NotAllowed for a machine that is there to show papers: it never takes its hall's place."""
        async with self._services.database.read() as session:
            if await part_of(session, actor.session_id) == "papers":
                raise NotAllowed(
                    "Máy này chỉ để chiếu tài liệu. Quản trị viên đổi được việc của máy ở trang Thiết bị điểm cầu.",
                    "This machine is there to show papers. An administrator can change that on the page of hall"
                    " devices.",
                )

    async def unchanged(self, clients: Sequence[Client]) -> Collection[Client]:
        """Delegates without any role, thousands of them: still signed in, still on the meeting's list."""
        by_meeting: dict[int, dict[int, Client]] = {}
        for client in clients:
            if client.viewer.audience == "member" and not client.actor.grants and client.actor.session_id is not None:
                by_meeting.setdefault(client.meeting_id, {})[client.actor.session_id] = client
        found = []
        async with self._services.database.read() as session:
            for meeting_id, of_sessions in by_meeting.items():
                for ids in in_parts(of_sessions, _ASKED_TOGETHER):
                    same = await signed_in_delegates(session, meeting_id, ids, self._services.clock())
                    found += [of_sessions[session_id] for session_id in same]
        return found

    async def entered(self, client: Client) -> None:
        point_id = client.viewer.point_id
        if point_id is None:
            return
        self._watch.back(client.meeting_id, point_id)
        await self._join(client.meeting_id, point_id, client.actor)

    def began(self, client: Client) -> None:
        self._nodes.began(client)
        self._watching.changed(client)

    def left(self, client: Client) -> None:
        self._nodes.left(client)
        self._watching.changed(client)
        if client.viewer.point_id is None:
            self._stop_sharing(client)
        elif self._live.client(client.meeting_id, client.participant) is None:
            self._watch.gone(client, client.viewer.point_id)

    async def stop(self) -> None:
        for timer in self._shares.values():
            timer.cancel()
        self._watching.stop()
        await self._join.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _stop_sharing(self, client: Client) -> None:
        room = self._live.rooms.get(client.meeting_id)
        stage = room and room.entity("stage")
        if stage and stage["content"] and stage["content"]["participant"] == client.participant:
            # A line that blinks comes back under another name and claims what it still shares.
            grace = self._services.settings.lost_after_seconds / 2
            timer = asyncio.get_running_loop().call_later(grace, self._give_up, client)
            self._shares[client.meeting_id, client.participant] = timer

    def _give_up(self, client: Client) -> None:
        self._shares.pop((client.meeting_id, client.participant), None)
        self._spawn(self._abandon(client))

    async def _abandon(self, client: Client) -> None:
        async with self._services.transactions(SYSTEM) as tx:
            await content.abandon(tx, client.meeting_id, client.participant)

    def _on_event(self, room: Room, event: dict[str, Any]) -> None:
        if event["kind"] in HALLS_COME_IN:
            self._spawn(self._join_connected(room.meeting_id))
        elif event["kind"] == "meeting.withdrawn":
            for client in list(room.clients.values()):
                if client.viewer.audience not in ("console", "desk"):
                    client.close(NO_SUCH_MEETING)
        elif event["kind"] == "meeting.edited":
            for point_id, hall in self._live.halls(room.meeting_id).items():
                if room.entity("points", str(point_id)) is None:
                    hall.close(NOT_ALLOWED)

    async def _join_connected(self, meeting_id: int) -> None:
        """Halls that waited for the meeting to open."""
        connected = list(self._live.halls(meeting_id))
        if connected:
            async with self._services.transactions(SYSTEM) as tx:
                await join(tx, meeting_id, connected)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._without_failing(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _without_failing(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            logger.exception("conference-follow-up-failed")
