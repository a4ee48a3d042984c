"""Real sockets for tests: the application on a free port, live clients that reduce events like every client does, and a
media node that speaks the contract and forwards nothing."""

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media.contract import Answer, CloseRoom, FromNode, Hello, Leave, Offer, Refusal, Room, SessionKey, to_node
from server.accounts.dependencies import COOKIE
from server.edge.budgets import Connections
from server.edge.listening import configuration
from server.edge.turnstile import Turnstile

WAIT = 15.0
"""Seconds; a machine that runs other tests beside may be slow."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Address:
    """Where a server listens on this machine, and how clients dial in."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"

    async def dial(self, path: str, cookie: str | None = None, origin: str | None = "own") -> ClientConnection:
        headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
        if origin is not None:
            headers["Origin"] = self.origin if origin == "own" else origin
        return await connect(
            f"ws://127.0.0.1:{self.port}{path}", additional_headers=headers, compression=None, max_size=None, proxy=None
        )

    async def join(self, meeting_id: int, cookie: str, audience: str, point_id: int | None = None) -> "LiveClient":
        """Connected, with its snapshot."""
        path = f"/api/meetings/{meeting_id}/live?as={audience}" + (f"&point={point_id}" if point_id else "")
        client = LiveClient(await self.dial(path, cookie))
        await client.until(lambda: client.seq >= 0)
        return client


class LiveServer(Address):
    def __init__(self, app: FastAPI, port: int) -> None:
        super().__init__(port)
        self.app = app

    async def settled(self, true: Callable[[], object], seconds: float = WAIT) -> None:
        """Waits until something inside the server holds."""
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110  (what happens inside gives no signal)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[LiveServer]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    components = app.state.services.components
    config = configuration(
        app, 3, connections=components[Connections], turnstile=components[Turnstile], log_level="warning"
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    try:
        yield LiveServer(app, listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listener.close()


class Refused(Exception):
    """A command's error reply."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["en"])
        self.code: str = error["code"]
        self.error = error


class LiveClient:
    """Keeps the state as the protocol says, and everything it heard."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.snapshot: dict[str, Any] = {}
        self.state: dict[str, dict[str, Any]] = {}
        self.seq = -1
        self.events: list[dict[str, Any]] = []
        self.signals: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.bytes = 0
        self.cut_off = False
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @property
    def participant(self) -> str:
        return str(self.snapshot["participant"])

    @property
    def stage(self) -> dict[str, Any]:
        return dict(self.state["stage"][""])

    def point(self, point_id: int) -> dict[str, Any]:
        return dict(self.state["points"][str(point_id)])

    def floor(self) -> list[int]:
        return [holder["point_id"] for holder in self.stage["floor"]]

    def signalled(self, kind: str) -> list[dict[str, Any]]:
        return [signal["data"] for signal in self.signals if signal["kind"] == kind]

    async def command(self, name: str, /, **data: Any) -> dict[str, Any]:
        """The reply's data. Raises Refused."""
        number = next(self._numbers)
        future = self._replies[number] = asyncio.get_running_loop().create_future()
        await self.send({"type": "command", "id": number, "name": name, "data": data})
        async with asyncio.timeout(WAIT * 2):
            reply = await future
        if not reply["ok"]:
            raise Refused(reply["error"])
        return dict(reply["data"])

    async def send(self, message: object) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def until(self, true: Callable[[], object], seconds: float = WAIT) -> None:
        """Waits until `true()` holds, looking again after each frame."""
        async with asyncio.timeout(seconds):
            while not true():
                self._heard.clear()
                await self._heard.wait()

    async def closed(self) -> int:
        """The code this socket is closed with."""
        async with asyncio.timeout(WAIT):
            await self.connection.wait_closed()
        return self.connection.close_code or 0

    async def close(self) -> None:
        await self.connection.close()
        await self._reader

    def cut(self) -> None:
        """The line breaks without a word."""
        self.cut_off = True
        self.connection.transport.abort()

    def pull_the_plug(self) -> None:
        """Nothing passes any more, either way, and nobody is told."""
        self.cut_off = True
        self.connection.transport.pause_reading()

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.connection:
                self.bytes += len(text)
                self._take(json.loads(text))
                self._heard.set()
        self._heard.set()

    def _take(self, message: dict[str, Any]) -> None:
        self.frames.append(message)
        if message["type"] == "snapshot":
            self.snapshot, self.state, self.seq = message, message["collections"], message["seq"]
        elif message["type"] == "event":
            assert message["seq"] > self.seq, "an event came twice or out of order"
            self.seq = message["seq"]
            self.events.append(message)
            reduce(self.state, message)
        elif message["type"] == "signal":
            self.signals.append(message)
        elif message["type"] == "reply" and message["id"] in self._replies:
            asked = self._replies.pop(message["id"])
            if not asked.done():  # who asked was cancelled
                asked.set_result(message)


def reduce(state: dict[str, dict[str, Any]], event: dict[str, Any]) -> None:
    for change in event["changes"]:
        if change["value"] is None:
            state.get(change["collection"], {}).pop(change["key"], None)
        else:
            state.setdefault(change["collection"], {})[change["key"]] = change["value"]


class FakeNode:
    """Speaks the contract, answers every offer, remembers what it was told."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.rooms: dict[str, Room] = {}
        self.told: list[Room | CloseRoom | Offer | Leave] = []
        self.answer: Callable[[Offer], FromNode | None] = lambda offer: Answer(
            request=offer.request, sdp=f"answer to {offer.session}"
        )
        self._heard = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def dial(
        cls, server: LiveServer, secret: str, *, boot: str = "boot-1", sessions: tuple[SessionKey, ...] = ()
    ) -> "FakeNode":
        node = cls(await cls.connect(server, secret))
        await node.say(Hello(node="node-1", boot=boot, version="test", sessions=sessions))
        return node

    @staticmethod
    async def connect(server: LiveServer, secret: str) -> ClientConnection:
        return await connect(
            f"ws://127.0.0.1:{server.port}/media/node",
            additional_headers={"Authorization": f"Bearer {secret}"},
            compression=None,
            proxy=None,
        )

    async def say(self, message: FromNode) -> None:
        await self.connection.send(message.model_dump_json())

    async def until(self, true: Callable[[], object], seconds: float = WAIT) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                self._heard.clear()
                await self._heard.wait()

    async def close(self) -> None:
        await self.connection.close()
        await self._reader

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.connection:
                message = to_node.validate_json(text)
                self.told.append(message)
                if isinstance(message, Room):
                    self.rooms[message.room] = message
                elif isinstance(message, CloseRoom):
                    self.rooms.pop(message.room, None)
                elif isinstance(message, Offer):
                    answer = self.answer(message)
                    if answer is not None:
                        await self.say(answer)
                self._heard.set()


def refusal(offer: Offer) -> Refusal:
    return Refusal(request=offer.request, code="no-common-codec", detail="none")
