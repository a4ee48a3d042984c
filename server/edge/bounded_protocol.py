"""uvicorn's HTTP protocol with an end to everything that a client may leave open or go on with: the head of a request
in bytes and seconds, a body and the reading of an answer in seconds, and its place among all connections
(`server.edge.budgets`)."""

import asyncio
import base64
import hashlib
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.core.errors import DomainError
from server.edge.budgets import BODY_SECONDS, DRAIN_SECONDS, HEAD_BYTES, HEAD_SECONDS, HEADERS, Connections
from server.edge.turnstile import Turnstile
from server.edge.websockets import LineProtocol


class HeadTooLarge(DomainError):
    """RFC 6585 section 5."""

    code = "head-too-large"
    status = 431
    vi = "Trình duyệt gửi kèm quá nhiều dữ liệu phụ. Xóa cookie của trang này rồi mở lại."
    en = "The browser sent too much beside the request. Clear this site's cookies and open it again."


class TooSlow(DomainError):
    code = "request-timeout"
    status = 408
    vi = "Yêu cầu đến quá chậm. Kiểm tra đường truyền rồi thử lại."
    en = "The request came too slowly. Check the line and try again."


_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 section 1.3."""

_REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class BoundedProtocol(HttpToolsProtocol):
    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections: Connections = config.connections
        self._turnstile: Turnstile = config.turnstile
        self._address = ""
        self._in_head = True
        self._head_bytes = 0
        self._refusal: DomainError | None = None
        self._unread = 0
        """Bytes of an answer that the other side did not take up when last looked."""

    # -- as the budgets see it

    def too_late(self) -> None:
        if self.flow.write_paused:
            unread = self.transport.get_write_buffer_size()
            if unread < self._unread:  # slowly, but it goes on
                self._unread = unread
                self._wait(DRAIN_SECONDS)
            else:
                self._connections.refusals.note("answer-not-read", address=self._address)
                self.give_way()
            return
        if self.flow.read_paused:  # it is this server that does not read on
            self._wait(BODY_SECONDS)
            return
        self._connections.refusals.note("request-time", address=self._address)
        if self._head_bytes and (self.cycle is None or self.cycle.response_complete):
            self._refuse(TooSlow())
        else:
            self.give_way()

    def give_way(self) -> None:
        self._work()
        self.transport.abort()

    # -- as uvicorn, the parser and the event loop see it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._connections.opened()
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._work()
        self._connections.closed()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            return
        if self._in_head:
            self._head_bytes += len(data)
        else:
            self._wait(BODY_SECONDS)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse(HeadTooLarge())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._wait(DRAIN_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._refusal is None and self.cycle is not None and self.cycle.response_complete:
            self._wait(HEAD_SECONDS)
        else:
            self._work()

    def on_headers_complete(self) -> None:
        if len(self.headers) > HEADERS or _size(self.url, self.headers) > HEAD_BYTES:
            raise HeadTooLarge
        self._in_head = False
        self._head_bytes = 0
        super().on_headers_complete()
        self._wait(BODY_SECONDS)

    def on_message_complete(self) -> None:
        self._in_head = True
        self._work()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_head and self.cycle.response_complete and not self.transport.is_closing():
            self._wait(DRAIN_SECONDS if self.flow.write_paused else HEAD_SECONDS)

    def handle_websocket_upgrade(self) -> None:
        self._work()
        cookie = next((value for name, value in self.headers if name == b"cookie"), b"")
        knocks = self._turnstile.waits(self.url, cookie)
        if knocks and (wait := self._turnstile.knock()) is not None:
            self._send_away(wait)
            return
        self._connections.closed()  # counted again as a socket
        super().handle_websocket_upgrade()
        if not knocks:
            return
        line = self.transport.get_protocol()
        if isinstance(line, LineProtocol) and not self.transport.is_closing():
            line.keeps_place(self._turnstile)
        else:  # refused as no handshake
            self._turnstile.left(entered=False)

    def _send_away(self, seconds: float) -> None:
        """Answers the handshake and closes with 1013, "try again later": pages read a reason only of an open socket."""
        key = next((value for name, value in self.headers if name == b"sec-websocket-key"), b"")
        reason = b"\x03\xf5" + f"retry-after={seconds:.1f}".encode()
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
            + base64.b64encode(hashlib.sha1(key + _WEBSOCKET).digest())  # noqa: S324 - RFC 6455 section 4.2.2
            + b"\r\n\r\n\x88"
            + bytes([len(reason)])
            + reason
        )
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """The parser gave up: what it was given is no HTTP, or its head went beyond all bounds."""
        if len(self.headers or ()) > HEADERS or _size(self.url, self.headers or []) > HEAD_BYTES:
            self._refuse(HeadTooLarge())
        else:
            super().send_400_response(msg)

    def _wait(self, seconds: float) -> None:
        self._connections.waits(self, self._address, seconds)

    def _work(self) -> None:
        self._connections.works(self, self._address)

    def _refuse(self, refusal: DomainError) -> None:
        if self._refusal is not None:
            return
        self._refusal = refusal
        self._work()
        self._connections.refusals.note(refusal.code, address=self._address)
        if self.cycle is None or self.cycle.response_complete:
            body = json.dumps(refusal.body(), ensure_ascii=False).encode()
            head = (
                f"HTTP/1.1 {refusal.status} {_REASONS[refusal.status]}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        # What still comes is not read: closing at once would answer it with a reset that overtakes the refusal.
        self.transport.pause_reading()
        self.loop.call_later(1.0, self.transport.abort)


def _size(url: bytes | None, headers: list[tuple[bytes, bytes]]) -> int:
    return len(url or b"") + sum(len(name) + len(value) + 4 for name, value in headers)
