"""Runs the application under uvicorn in this process, until a signal ends it."""

import asyncio
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import anyio.lowlevel
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message

from server.backup.unfinished import require_finished
from server.core.collector import collecting, spare_the_collector
from server.core.config import Settings
from server.core.errors import DomainError
from server.core.services import Services
from server.edge.budgets import Connections
from server.edge.listening import configuration, watched
from server.edge.turnstile import Turnstile
from server.migrations import is_empty, require_newest, upgrade
from server.wiring import PREPARED

_GRACE = 5
"""Seconds that requests under way have to end."""
_SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while another wants it. Python's 5 ms would be half of what the event loop
may stand still, each time it wakes up."""
_FEW = 500
"""Connections: with more of them a pause is one of everybody's."""


class AddressTaken(DomainError):
    code = "address-taken"
    vi = "Cổng đã có chương trình khác dùng. Chọn cổng khác bằng NHIPCAU_PORT hoặc NHIPCAU_MEDIA_BIND."
    en = "The port is taken by another program. Choose another with NHIPCAU_PORT or NHIPCAU_MEDIA_BIND."


def prepare(settings: Settings) -> None:
    """The database, up to date: for commands that one types and that ask for it. RestoreUnfinished."""
    require_finished(settings)
    upgrade(settings.database)


def prepare_to_serve(settings: Settings) -> None:
    """An empty database is made ready; one of another version is left as it is, for that is `nhipcau migrate`'s to
    change, by whoever has made a backup and chosen the hour. RestoreUnfinished, OldSchema, NewerSchema."""
    require_finished(settings)
    if is_empty(settings.database):
        upgrade(settings.database)
    else:
        require_newest(settings.database)


def listen(settings: Settings) -> socket.socket:
    """The HTTP socket, bound; and a look at the media node's UDP address. AddressTaken says which one is in use."""
    _allow_many_sockets()
    if settings.media_embedded:
        _check_udp(settings.media_address)
    family, kind, protocol, _, address = _resolve(settings.host, settings.port, socket.SOCK_STREAM)
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _taken(settings.host, settings.port, "TCP", "NHIPCAU_PORT", error) from None
    return listener


async def serve(
    app: FastAPI,
    settings: Settings,
    listener: socket.socket,
    when_ready: Callable[[AsyncExitStack], Awaitable[None]] | None = None,
) -> None:
    """Until SIGINT or SIGTERM. `when_ready` runs once requests are answered; what it puts on the stack ends first."""
    services: Services = app.state.services
    connections = services.components[Connections]
    async with AsyncExitStack() as stack:

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                sys.setswitchinterval(_SWITCH_SECONDS)
                asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.threads, "work"))
                # Loads its backend now, and not in the first request that brings a body: that took 30 ms.
                await anyio.lowlevel.checkpoint()
                await walk_the_routes(app)
                async with services.database.read() as session:
                    for prepare_statements in PREPARED:
                        await prepare_statements(session)
                # Before it listens: in the half second that this takes a whole conference may be at the door.
                spare_the_collector()
                await super().startup(sockets)
                await stack.enter_async_context(collecting(lambda: connections.open < _FEW))
                if self.started and when_ready is not None:
                    await when_ready(stack)

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                await stack.aclose()
                await super().shutdown(sockets)

        config = configuration(
            app,
            _GRACE,
            connections=connections,
            turnstile=services.components[Turnstile],
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxies,
            lifespan="on",
        )
        await Server(config).serve(sockets=watched(listener))


async def walk_the_routes(app: ASGIApp) -> None:
    """One request for what is not there. FastAPI makes each router's part of a route when it first looks through that
    router: a fifth of a second on the event loop, which else the first who come after a restart would wait for."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        """Nobody waits for the answer."""

    await app(
        {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.0",  # needs no Host
            "method": "GET",
            "scheme": "http",
            "path": "/api/nothing",
            "raw_path": b"/api/nothing",
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "client": None,
            "server": None,
        },
        receive,
        send,
    )


def _allow_many_sockets() -> None:
    """As many as this process may: the usual 1,024 end at the first thousand delegates."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _check_udp(address: str) -> None:
    host, _, port = address.rpartition(":")
    if port == "0":
        return
    family, kind, protocol, _, resolved = _resolve(host.strip("[]"), int(port), socket.SOCK_DGRAM)
    with socket.socket(family, kind, protocol) as probe:
        try:
            probe.bind(resolved)
        except OSError as error:
            raise _taken(host, int(port), "UDP", "NHIPCAU_MEDIA_BIND", error) from None


def _resolve(host: str, port: int, kind: socket.SocketKind) -> tuple[int, int, int, str, tuple[object, ...]]:
    try:
        return socket.getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise _taken(host, port, "TCP" if kind == socket.SOCK_STREAM else "UDP", "NHIPCAU_HOST", error) from None


def _taken(host: str, port: int, kind: str, setting: str, error: OSError) -> AddressTaken:
    return AddressTaken(
        f"Không mở được cổng {kind} {port} trên {host} ({error.strerror}). Có thể Nhịp Cầu đang chạy ở cửa sổ khác; "
        f"dừng nó, hoặc chọn cổng khác bằng {setting}.",
        f"Cannot open {kind} port {port} on {host} ({error.strerror}). Perhaps Nhịp Cầu runs in another window; "
        f"stop it, or choose another port with {setting}.",
    )
