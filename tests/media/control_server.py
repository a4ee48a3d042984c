"""The server's end of the control line, and a node as a real process that dials it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from media.contract import (
    Answer,
    FromNode,
    Hello,
    Offer,
    Publication,
    Refusal,
    Room,
    ToNode,
    from_node,
    to_node,
)

SECRET = "a secret of this test"
M = TypeVar("M")


class ControlServer:
    """Keeps what nodes say; says what the test says."""

    def __init__(self) -> None:
        self.hellos: list[Hello] = []
        self.heard: list[FromNode] = []
        self.refused_dials = 0
        self._news = asyncio.Condition()
        self._line: ServerConnection | None = None
        self._requests = itertools.count(1)
        self._server: Server | None = None
        self._port = 0

    async def start(self) -> None:
        """Listens; on the same port as before when it was stopped."""
        self._server = await serve(self._converse, "127.0.0.1", self._port, max_size=None, ping_interval=None)
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self) -> None:
        """Breaks the line without a word, as a pulled cable does."""
        assert self._line is not None
        self._line.transport.abort()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/media/node"

    async def tell(self, message: ToNode) -> None:
        assert self._line is not None, "no node is here"
        await self._line.send(to_node.dump_json(message).decode())

    async def offer(
        self,
        participant: str,
        session: str,
        sdp: str,
        *,
        publish: dict[str, Publication] | None = None,
        slots: dict[str, str] | None = None,
        room: str = "1",
    ) -> Answer | Refusal:
        request = next(self._requests)
        await self.tell(
            Offer(
                request=request,
                room=room,
                participant=participant,
                session=session,
                sdp=sdp,
                publish=publish or {},
                slots=slots or {},
            )
        )
        return await self.until(
            lambda: next((m for m in self.heard if isinstance(m, Answer | Refusal) and m.request == request), None)
        )

    async def hello(self, number: int) -> Hello:
        """The `number`-th hello since the start, from 1."""
        return await self.until(lambda: self.hellos[number - 1] if len(self.hellos) >= number else None)

    async def until(self, found: Callable[[], M | None], seconds: float = 20.0) -> M:
        """What `found` returns, once it is something; asked again after each message."""
        async with asyncio.timeout(seconds), self._news:
            while True:
                result = found()
                if result is not None:
                    return result
                await self._news.wait()

    async def _converse(self, line: ServerConnection) -> None:
        if line.request is None or line.request.headers.get("Authorization") != f"Bearer {SECRET}":
            self.refused_dials += 1
            return
        self._line = line
        with contextlib.suppress(ConnectionClosed):
            async for text in line:
                message = from_node.validate_json(text)
                async with self._news:
                    if isinstance(message, Hello):
                        self.hellos.append(message)
                    else:
                        self.heard.append(message)
                    self._news.notify_all()


class NodeProcess:
    """`python -m media.node`, as the server supervises it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, server: ControlServer, folder: Path, *extra: str) -> NodeProcess:
        secret = folder / "media.secret"
        secret.write_text(SECRET + "\n")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "media.node", "--server", server.url, "--secret-file", str(secret)),
            *("--bind", "127.0.0.1:0", "--name", "test", "--supervised", *extra),
            stdin=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """Closes its standard input, as the end of its parent does; its exit status."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        async with asyncio.timeout(10):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def node_at_work(folder: Path, *extra: str) -> AsyncIterator[tuple[ControlServer, NodeProcess]]:
    server = ControlServer()
    await server.start()
    node = await NodeProcess.start(server, folder, *extra)
    try:
        await server.hello(1)
        yield server, node
    finally:
        if node.process.returncode is None:
            await node.end()
        await server.stop()


def room(**wanted: object) -> Room:
    return Room.model_validate_json(json.dumps({"room": "1", **wanted}))
