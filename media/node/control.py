"""The control line: the node dials the server and keeps dialling; media goes on while the server is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from media.contract import FromNode, Hello, ToNode, from_node, to_node

log = structlog.get_logger()

SHORTEST_WAIT = 0.2
LONGEST_WAIT = 2.0
MAX_MESSAGE = 4 * 1024 * 1024
MAX_WAITING = 10_000
"""Messages not yet written; a server that reads so slowly is dropped and heals by the next `Hello`."""


class ControlLine:
    """`hello` makes the first message of each connection; `opened` is called after it, `received` for each message."""

    def __init__(
        self,
        url: str,
        secret_file: Path,
        *,
        hello: Callable[[], Hello],
        opened: Callable[[], None],
        received: Callable[[ToNode], None],
    ) -> None:
        self._url = url
        self._secret_file = secret_file
        self._hello = hello
        self._opened = opened
        self._received = received
        self._socket: ClientConnection | None = None
        self._outbox: asyncio.Queue[FromNode] | None = None
        self.name = ""
        """As the token calls this node; empty for the server's own secret."""

    def send(self, message: FromNode) -> None:
        """Queues `message`; drops it while there is no line (the next `Hello` and `announce` say what still holds)."""
        if self._outbox is None:
            return
        try:
            self._outbox.put_nowait(message)
        except asyncio.QueueFull:
            log.error("the server reads too slowly, control line dropped")
            self._outbox = None
            if self._socket is not None:
                self._socket.transport.abort()

    async def run(self) -> None:
        """Dials until cancelled."""
        wait = SHORTEST_WAIT
        while True:
            try:
                # Read at each attempt: the server may have made the file after us, or changed it.
                secret = self._secret_file.read_text().strip()
                self.name = secret.partition(":")[0] if ":" in secret else ""
                headers = {"Authorization": f"Bearer {secret}"}
                async with connect(
                    self._url,
                    additional_headers=headers,
                    open_timeout=5,
                    ping_interval=5,
                    ping_timeout=10,
                    close_timeout=1,
                    max_size=MAX_MESSAGE,
                    compression=None,
                    proxy=None,
                ) as socket:
                    wait = SHORTEST_WAIT
                    await self._converse(socket)
                log.warning("control line ended")
            except InvalidURI:
                raise
            except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
                log.warning("no control line", error=str(error), retry_in=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _converse(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._outbox = asyncio.Queue(MAX_WAITING)
        writer = asyncio.create_task(_write(socket, self._outbox))
        try:
            self.send(self._hello())
            self._opened()
            log.info("control line up", server=self._url)
            async for text in socket:
                self._take(text)
        finally:
            self._socket = self._outbox = None
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await writer

    def _take(self, text: str | bytes) -> None:
        try:
            message = to_node.validate_json(text)
        except ValidationError as error:
            log.warning("message not understood", errors=error.error_count(), text=text[:200])
            return
        try:
            self._received(message)
        except Exception:
            # One message must not end the line, and with it everybody else's conference.
            log.exception("message failed", type=message.type)


async def _write(socket: ClientConnection, outbox: asyncio.Queue[FromNode]) -> None:
    while True:
        message = await outbox.get()
        await socket.send(from_node.dump_json(message).decode())
