"""The conference of one server process: its rooms, its sockets, its media nodes, and what runs beside them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from server.audit.log import AuditLog
from server.conference.admission import Door
from server.conference.live.feature import feature
from server.conference.liveness import Watch
from server.conference.nodes.process import node_command
from server.conference.nodes.registry import Nodes
from server.conference.presence import mark_media, mark_weak
from server.conference.roll_call import RollCallWatch
from server.conference.secret import NodeSecret, secret_file
from server.conference.turns import TurnWatch
from server.core.actor import SYSTEM
from server.core.children import supervised
from server.core.services import Services
from server.live.feature import LiveFeature
from server.live.gateway import Gateway
from server.live.registry import Live
from server.presentation.liveness import PresenterWatch


class ConferenceService:
    """One per process, `others`: what the features below hand to the live channel."""

    def __init__(self, services: Services, others: Sequence[LiveFeature], audit_log: AuditLog) -> None:
        self.services = services
        self.live = Live(services.database, services.bus)
        self.watch = Watch(services, self.live)
        self.nodes = Nodes(self.live, self._mark_weak, self._mark_media, self.watch.media_reported)
        self.live.install([*others, feature(self.nodes)])
        self.presenters = PresenterWatch(services, self.live)
        self.turns = TurnWatch(services)
        self.roll_calls = RollCallWatch(services)
        self.door = Door(services, self.live, self.nodes, self.watch)
        self.gateway = Gateway(self.live, self.door, services, audit_log)

        self.secret = NodeSecret(services.settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server is up. Leaves no task and no process behind."""
        async with AsyncExitStack() as stack:
            await self.live.start()
            stack.push_async_callback(self.live.stop)
            stack.push_async_callback(self.door.stop)
            await self.watch.start()
            stack.push_async_callback(self.watch.stop)
            await self.presenters.start()
            stack.push_async_callback(self.presenters.stop)
            await self.turns.start()
            stack.push_async_callback(self.turns.stop)
            await self.roll_calls.start()
            stack.push_async_callback(self.roll_calls.stop)
            stack.callback(self.nodes.stop)
            if self.services.settings.media_embedded:
                settings = self.services.settings
                self.secret.value()  # the node reads it from the file
                command = node_command(settings, secret_file(settings))
                log_file = settings.var / "log" / "media-node.log"
                await stack.enter_async_context(supervised("media node", command, log_file))
            yield

    async def _mark_weak(self, meeting_id: int, weak: Mapping[int, bool]) -> None:
        async with self.services.transactions(SYSTEM) as tx:
            await mark_weak(tx, meeting_id, weak)

    async def _mark_media(self, meeting_id: int, connected: Mapping[int, bool]) -> None:
        async with self.services.transactions(SYSTEM) as tx:
            await mark_media(tx, meeting_id, connected)
