"""The WebSocket endpoint: who may come in, what they say, commands to their handlers.

A socket that was let in is taken out of ASGI (`server.edge.websockets`): between its messages it has no task here."""

import asyncio
import contextlib
import json
import random
import secrets
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from starlette.websockets import WebSocket

from server.audit.log import AuditLog
from server.core.actor import Actor
from server.core.database import refusal_of
from server.core.errors import DomainError, Invalid, NotAllowed, NotFound, TooMany
from server.core.origin import is_same_origin
from server.core.services import Services
from server.edge.budgets import Connections
from server.edge.build import Build
from server.edge.turnstile import Turnstile
from server.edge.websockets import Line, line_of
from server.live.client import NO_SUCH_MEETING, NOT_ALLOWED, NOT_SIGNED_IN, OCCUPIED, TOO_BIG, TRY_LATER, Client
from server.live.feature import Call, LiveCommand
from server.live.limits import SocketLimits
from server.live.protocol import Command, ErrorBody, Ping, Pong, Reply, client_message
from server.live.registry import Live
from server.live.relays import relays
from server.live.room import Room
from server.live.viewer import Audience, Viewer

logger = structlog.get_logger(__name__)

MAX_FRAME = 256 * 1024
"""No command is larger. An offer of a console has 32 sections, each with the browser's whole list of codecs."""
WAITING_COMMANDS = 32
FLOOD_REST_SECONDS = 0.05
ALIVE_SECONDS = 12.0
"""A hall's page pings every 5 s; one that was not heard for so long is no obstacle to the machine that replaces it."""
TOO_MANY_WAIT = 5.0
"""Seconds, on average, that somebody stays away who has too many sockets."""


@dataclass(frozen=True, slots=True)
class SeatRequest:
    """As what a client wants to come in."""

    audience: Audience
    point_id: int | None = None
    device: str = ""
    """A name of the page itself: the same one comes back after a cut, another one has to ask."""
    take: bool = False
    """Somebody at this page said that it takes the hall over from the page that has it."""


class Door(Protocol):
    """What the feature above decides about a client that knocks (`server.conference.admission`)."""

    async def recognise(self, cookies: Mapping[str, str]) -> Actor | None: ...

    async def admit(self, actor: Actor, meeting_id: int, request: SeatRequest) -> Viewer:
        """Raises NotFound, NotAllowed."""
        ...

    async def unchanged(self, clients: Sequence[Client]) -> Collection[Client]:
        """Those whose sign-in and right certainly are as they were; the others have to be asked one by one."""
        ...

    async def entered(self, client: Client) -> None:
        """The client is connected; its snapshot is made after this returns. A DomainError closes the socket."""
        ...

    def began(self, client: Client) -> None:
        """The client has its snapshot."""
        ...

    def left(self, client: Client) -> None:
        """The client's socket is gone (another one of the same participant may be there)."""
        ...


class Gateway:
    def __init__(
        self,
        live: Live,
        door: Door,
        services: Services,
        audit_log: AuditLog,
    ) -> None:
        self._live = live
        self._door = door
        self._services = services
        self._clock = services.clock
        self._commands: set[asyncio.Task[None]] = set()
        self._limits = SocketLimits()
        self._build = Build(services.settings.web)
        self._audit_log = audit_log
        live.admit_again = self._admit_again
        live.unchanged = door.unchanged

    async def serve(self, socket: WebSocket, meeting_id: int, request: SeatRequest) -> None:
        """Runs one socket from the handshake to its end."""
        if not is_same_origin(socket.headers.get("origin"), socket.headers.get("host"), self._services.settings):
            await socket.close()
            return
        entered = await self._enter(socket, meeting_id, request)
        if entered is not None:
            line, conversation = entered
            line.take_over(conversation)

    async def _enter(
        self, socket: WebSocket, meeting_id: int, request: SeatRequest
    ) -> "tuple[Line, Conversation] | None":
        address = socket.client.host if socket.client else ""
        actor = await self._recognise(socket.cookies, address)
        refused, viewer = await self._admit(actor, meeting_id, request)
        if request.audience in ("hall", "console"):
            cookie = socket.headers.get("cookie", "").encode("latin-1")
            self._services.components[Turnstile].claimed(cookie, truly=viewer is not None)
        connections = self._services.components[Connections]
        if actor is not None and viewer is not None and not self._limits.may_open(actor, viewer, address, connections):
            refused, viewer = TRY_LATER, None
        if viewer is not None and self._occupied(meeting_id, viewer, request):
            refused, viewer = OCCUPIED, None
        # Accepted even to be refused: browsers see a close code only after the handshake.
        await socket.accept()
        if actor is None or viewer is None:
            # A page that waits for its hall asks every few seconds; that is no refusal of a right.
            if refused != OCCUPIED and (actor is not None or socket.cookies):
                self._audit_log.refused(actor or Actor(address=address), str(refused), f"live {request.audience}")
            await socket.close(refused, _wait() if refused == TRY_LATER else None)
            return None
        line = line_of(socket.scope)
        client = Client(
            line,
            cookies=socket.cookies,
            meeting_id=meeting_id,
            viewer=viewer,
            participant=_participant(viewer),
            actor=actor,
            now=self._clock(),
            address=address,
            device=request.device,
        )
        room = self._live.room(meeting_id)
        room.admit(client)
        self._live.people.came(client)
        self._limits.came(client, connections)
        try:
            await self._door.entered(client)
            await room.begin(
                client,
                self._clock,
                media=self._live.media_up,
                build=self._build.number,
                relays=relays(self._services.settings, client.participant, self._clock()),
            )
            self._door.began(client)
            self._audit_log.note_soon(
                actor,
                "meeting.entered",
                "meeting",
                meeting_id,
                once=True,
                audience=viewer.audience,
                point_id=viewer.point_id,
            )
        except DomainError:
            client.close(NOT_ALLOWED)
        except BaseException:
            self.gone(client, room)
            raise
        return line, Conversation(self, client, room)

    def gone(self, client: Client, room: Room) -> None:
        """The socket is no more."""
        room.leave(client)
        self._live.people.went(client)
        self._limits.went(client)
        self._door.left(client)

    def hear(self, conversation: "Conversation", text: str | None) -> None:
        """A message came."""
        client = conversation.client
        now = self._clock()
        client.hear(now)
        if not client.may_command():
            client.rest(FLOOD_REST_SECONDS)
            self._refuse(client, text)
            return
        if text is not None and len(text) > MAX_FRAME:
            client.close(TOO_BIG)
            return
        try:
            message = client_message.validate_json(text or "")
        except ValidationError as error:
            _reply(client, _number_in(text), error=_invalid(error))
            return
        if isinstance(message, Ping):
            client.send(Pong(now=now).model_dump_json())
        else:
            self._take(conversation, message, len(text or ""))

    def answered(self, client: Client) -> None:
        """Its browser is there, whatever its page does."""
        client.hear(self._clock())

    def _occupied(self, meeting_id: int, viewer: Viewer, request: SeatRequest) -> bool:
        """A hall is in from another page that is alive: a second one puts it off the air only when somebody says so."""
        if viewer.audience != "hall" or request.take or not request.device:
            return False
        here = self._live.client(meeting_id, _participant(viewer))
        if here is None or here.device == request.device:
            return False
        return self._clock() - here.heard_at < timedelta(seconds=ALIVE_SECONDS)

    async def _recognise(self, cookies: Mapping[str, str], address: str) -> Actor | None:
        actor = await self._door.recognise(cookies)
        return actor and replace(actor, address=address)

    async def _admit(self, actor: Actor | None, meeting_id: int, request: SeatRequest) -> tuple[int, Viewer | None]:
        if actor is None:
            return NOT_SIGNED_IN, None
        try:
            return 0, await self._door.admit(actor, meeting_id, request)
        except NotFound:
            return NO_SUCH_MEETING, None
        except NotAllowed:
            return NOT_ALLOWED, None

    async def _admit_again(self, client: Client) -> int | None:
        actor = await self._recognise(client.cookies, client.address)
        request = SeatRequest(client.viewer.audience, client.viewer.point_id)
        code, viewer = await self._admit(actor, client.meeting_id, request)
        if actor is None or viewer is None:
            return code
        client.actor = actor
        return None

    def _refuse(self, client: Client, text: str | None) -> None:
        with contextlib.suppress(ValidationError):
            message = client_message.validate_json(text or "")
            if isinstance(message, Command):
                _reply(client, message.id, error=TooMany())

    def _take(self, conversation: "Conversation", message: Command, size: int) -> None:
        client = conversation.client
        command = self._live.commands.get(message.name)
        if command is None:
            _reply(
                client, message.id, error=Invalid("Không có lệnh này.", "There is no such command.", name=message.name)
            )
            return
        client.refund(1 - command.price)
        if client.viewer.audience not in command.audiences:
            _reply(client, message.id, error=NotAllowed())
        elif size > command.max_bytes:
            _reply(
                client, message.id, error=Invalid("Lệnh quá dài.", "The command is too large.", max=command.max_bytes)
            )
        elif command.own_pace:
            self.start(client, command, message)
        elif not conversation.waits(command, message):
            _reply(client, message.id, error=TooMany())

    def start(self, client: Client, command: LiveCommand, message: Command) -> asyncio.Task[None]:
        """Executes a command. One that began ends, whatever becomes of its sender: a commit must not be cut off from
        its events."""
        call = Call(
            client,
            client.actor,
            self._services,
            connected=lambda participant: self._somebody_else(client, participant),
            entity=lambda collection, key: self._live.room(client.meeting_id).entity(collection, key),
        )
        task = asyncio.create_task(_execute(call, command, message, self._audit_log))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)
        return task

    def _somebody_else(self, client: Client, participant: str) -> bool:
        other = self._live.client(client.meeting_id, participant)
        if other is None:
            return False
        return other.actor.person_id is None or other.actor.person_id != client.actor.person_id


class Conversation:
    """The way of one client's messages: `server.edge.websockets.Receiver`."""

    __slots__ = ("_gateway", "_room", "_running", "_waiting", "client")

    def __init__(self, gateway: Gateway, client: Client, room: Room) -> None:
        self.client = client
        self._gateway = gateway
        self._room = room
        self._waiting: deque[tuple[LiveCommand, Command]] | None = None
        self._running = False

    def heard(self, text: str | None) -> None:
        if self.client.closing is None:
            self._gateway.hear(self, text)

    def answered(self) -> None:
        self._gateway.answered(self.client)

    def writable(self) -> None:
        self.client.flush()

    def lost(self) -> None:
        self._waiting = None
        self._gateway.gone(self.client, self._room)

    def waits(self, command: LiveCommand, message: Command) -> bool:
        """Its commands are executed in order, one after the other. False: too many wait already."""
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= WAITING_COMMANDS:
            return False
        self._waiting.append((command, message))
        if not self._running:
            self._next()
        return True

    def _next(self) -> None:
        self._running = bool(self._waiting) and self.client.closing is None
        if self._running and self._waiting:
            command, message = self._waiting.popleft()
            self._gateway.start(self.client, command, message).add_done_callback(lambda _task: self._next())
        else:
            self._waiting = None


async def _execute(call: Call, command: LiveCommand, message: Command, audit_log: AuditLog) -> None:
    client = call.client
    try:
        data = command.data.model_validate(message.data)
        result = await command.handle(call, data)
    except ValidationError as error:
        _reply(client, message.id, error=_invalid(error))
    except DomainError as error:
        if error.status == NotAllowed.status:
            audit_log.refused(client.actor, error.code, f"command {command.name}")
        _reply(client, message.id, error=error)
    except Exception as error:
        refusal = refusal_of(error) if isinstance(error, DBAPIError) else None
        if refusal is None:
            logger.exception("live-command-failed", command=command.name, meeting=client.meeting_id)
        _reply(client, message.id, error=refusal or DomainError())
    else:
        data_json = result.model_dump(mode="json") if result is not None else {}
        client.send(Reply(id=message.id, ok=True, data=data_json).model_dump_json())


def _reply(client: Client, number: int, error: DomainError) -> None:
    client.send(Reply(id=number, ok=False, error=ErrorBody(**error.body())).model_dump_json())


def _invalid(error: ValidationError) -> Invalid:
    fields = {".".join(map(str, item["loc"])): item["msg"] for item in error.errors(include_url=False)[:20]}
    return Invalid("Lệnh chưa đúng.", "The command is not right.", fields=fields)


def _number_in(text: str | None) -> int:
    """The id of a command that is wrong otherwise, so that its sender can tell which; 0 if there is none."""
    with contextlib.suppress(ValueError, RecursionError):
        message = json.loads(text or "")
        number = message.get("id") if isinstance(message, dict) and message.get("type") == "command" else None
        if type(number) is int:
            return number
    return 0


def _participant(viewer: Viewer) -> str:
    if viewer.audience == "hall":
        return f"point-{viewer.point_id}"
    return f"desk-{secrets.token_hex(8)}"


def _wait() -> str:
    """The reason that goes with `TRY_LATER`: "retry-after=<seconds>", spread: those who wait do not come together."""
    return f"retry-after={random.uniform(TOO_MANY_WAIT / 2, TOO_MANY_WAIT * 1.5):.1f}"  # noqa: S311
