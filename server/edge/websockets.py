"""WebSockets that the application may take out of ASGI's hands: one object a socket, no task, no queue, frames encoded
once for everybody and written straight to the transport.

A socket begins as ASGI says (handshake, accept, perhaps refusal). The application then calls `take_over`, returns,
and from there on speaks with the `Line`; everything the handshake needed is let go of. 12,000 idle sockets cost memory
only.
"""

import asyncio
import logging
import struct
from typing import Any, Protocol, cast

from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame
from websockets.protocol import OPEN

from server.core.collector import turnover
from server.edge.budgets import FRAGMENTS, FRAME_BURST, FRAME_SLICE, FRAMES_PER_SECOND, Allowance, Connections
from server.edge.turnstile import Turnstile

EXTENSION = "nhipcau.line"
HIGH_WATER = 64 * 1024
"""Bytes in a transport's buffer above which a line counts as full."""

FLOODED = 1008
_GOODBYE_SECONDS = 2.0

_logger = logging.getLogger("nhipcau.lines")
_logger.setLevel(logging.WARNING)  # uvicorn writes three lines for each socket


class Receiver(Protocol):
    """Who listens to a line. None of these may wait."""

    def heard(self, text: str | None) -> None:
        """A whole message; None for a binary one."""
        ...

    def answered(self) -> None:
        """The other side's browser answered a `Line.ping`."""
        ...

    def writable(self) -> None:
        """The line was full and takes frames again."""
        ...

    def lost(self) -> None:
        """The connection is gone. The last call."""
        ...


class Line(Protocol):
    """An open socket. Frames are made by `text_frame`."""

    @property
    def full(self) -> bool:
        """The other side does not keep up: write nothing before `Receiver.writable`."""
        ...

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        ...

    def take_over(self, receiver: Receiver) -> None:
        """From now on messages go to `receiver`. The ASGI call may return."""
        ...

    def write(self, frames: bytes) -> None:
        """Without effect on a line that is closing."""
        ...

    def ping(self) -> None:
        """Asks for a sign of life (RFC 6455 section 5.5.2). Browsers answer without their page, whose timers may
        rest."""
        ...

    def rest(self, seconds: float) -> None:
        """Hears nothing for so long; what is sent meanwhile waits in the kernel, then at the sender."""
        ...

    def close(self, code: int, within: float) -> None:
        """Says goodbye, and cuts the connection if that is not answered within so many seconds."""
        ...

    def trust(self) -> None:
        """A part of this installation is at the other end: it may send as many frames as it likes."""
        ...


def line_of(scope: Scope) -> Line:
    """The line of an ASGI WebSocket scope."""
    line: Line = scope["extensions"][EXTENSION]
    return line


PING = struct.pack("!BB", 0x89, 0)
"""A ping frame (RFC 6455 section 5.5.2) without a payload."""


def text_frame(text: str) -> bytes:
    """An unmasked text frame (RFC 6455 section 5.2), final, uncompressed."""
    data = text.encode()
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", 0x81, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x81, 126, size)
    else:
        head = struct.pack("!BBQ", 0x81, 127, size)
    return head + data


class _Nowhere(asyncio.Queue[Any]):
    """Takes ASGI's messages of lines that nobody listens to by ASGI any more."""

    def put_nowait(self, item: Any) -> None:
        """Forgets it."""


_NOWHERE = _Nowhere()


class LineProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sans-IO WebSocket that can be taken over. Parsing, pings and closing stay with `websockets`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = self.conn.logger = _logger
        self.full = False
        self._receiver: Receiver | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._waits = False
        """For its turn."""
        self._unread = b""
        """Came while the line rests or waits."""
        self._connections: Connections = config.connections  # type: ignore[attr-defined]
        self._frames: Allowance | None = Allowance(FRAME_BURST, FRAMES_PER_SECOND)
        self._deaf = False
        self._turnstile: Turnstile | None = None

    # -- as the application sees it

    @property
    def waiting(self) -> int:
        return self.transport.get_write_buffer_size()

    def take_over(self, receiver: Receiver) -> None:
        """Messages that came before are handed on now; if the socket is gone already, `lost` follows at once."""
        self._receiver = receiver
        self.stop_keepalive()  # the application has a heartbeat of its own
        early = self.queue
        self.queue = _NOWHERE
        # Nothing of the handshake is needed again.
        del self.scope, self.request, self.response
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        while not early.empty() and self._receiver is not None:
            message = early.get_nowait()
            if message["type"] == "websocket.receive":
                receiver.heard(message.get("text"))
        if self.disconnected:
            self._lose()

    def write(self, frames: bytes) -> None:
        if self.conn.state is OPEN and not self.transport.is_closing():
            self.transport.write(frames)

    def ping(self) -> None:
        self.write(PING)

    def rest(self, seconds: float) -> None:
        if self._rest is None and not self.transport.is_closing():
            self.transport.pause_reading()
            self._rest = self.loop.call_later(seconds, self._rested)

    def trust(self) -> None:
        self._frames = None

    def close(self, code: int, within: float) -> None:
        if self.conn.state is OPEN and not self.transport.is_closing():
            self.conn.send_close(code)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
            self.close_timer = self.loop.call_later(within, self.transport.abort)
        elif not self.disconnected and self.close_timer is None:
            self.close_timer = self.loop.call_later(within, self.transport.abort)

    def keeps_place(self, turnstile: Turnstile) -> None:
        """Of those on their way in, until the application has let it in or turned it away."""
        self._turnstile = turnstile

    # -- as uvicorn and the event loop see it

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.opened()
        self.transport.set_write_buffer_limits(high=HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        if self._rest is not None or self._waits or not self._turn_allows():
            self._unread += data
        else:
            self._read(data)

    def _turn_allows(self) -> bool:
        self._waits = not self._connections.turns.allow(self)
        return not self._waits

    def read_on(self) -> None:
        self._waits = False
        if self._rest is None:
            unread, self._unread = self._unread, b""
            self._read(unread)

    def _read(self, data: bytes) -> None:
        for at in range(0, len(data), FRAME_SLICE):
            if self._deaf:
                return
            if self._rest is not None:
                self._unread = data[at:]
                return
            super().data_received(data[at : at + FRAME_SLICE])

    def handle_events(self) -> None:
        turnover.note(len(self.conn.events))
        flooded = self._frames is not None and not self._frames.take(len(self.conn.events))
        super().handle_events()
        if flooded or len(self.frames) > FRAGMENTS:
            self._connections.refusals.note("frames", address=self.client and self.client[0])
            self._deaf = True
            if not self.transport.is_closing():
                self.transport.pause_reading()
            self.close(FLOODED, _GOODBYE_SECONDS)

    def pause_writing(self) -> None:
        self.full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.full = False
        super().resume_writing()
        if self._receiver is not None:
            self._receiver.writable()

    def send_receive_event_to_app(self) -> None:
        if self._receiver is None:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self._receiver.heard(None)
            return
        try:
            text = bytes(data).decode()
        except UnicodeDecodeError:
            self.conn.fail(1007)
            self.handle_parser_exception()
            return
        self._receiver.heard(text)

    def handle_pong(self, event: Frame) -> None:
        if self._receiver is None:
            super().handle_pong(event)
        else:
            self._receiver.answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits:
            self.read_on()
        super().connection_lost(exc)
        self._connections.closed()
        self._lose()

    async def run_asgi(self) -> None:
        """As uvicorn's, except that a line that was taken over outlives its ASGI call."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        else:
            if self._receiver is not None:
                return
            if not self.handshake_complete:
                self.logger.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
        finally:
            if self._turnstile is not None:
                self._turnstile.left(entered=self._receiver is not None)
                self._turnstile = None
        if self.close_timer is None:
            self.transport.close()

    def _rested(self) -> None:
        self._rest = None
        if self.transport.is_closing() or self._deaf:
            return
        self.transport.resume_reading()
        if self._unread and not self._waits:
            unread, self._unread = self._unread, b""
            self.data_received(unread)

    def _lose(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.lost()
