"""Files at the kernel's speed: a response names files (and a few bytes of its own), and the HTTP protocol hands their
pages from the page cache to the socket by `sendfile`, without a copy through Python.

Offered to the application as the ASGI extension `http.response.pathsend` (whole files: static pages, Starlette's
`FileResponse`) and, for parts of files and ranges, as one of our own that `Spliced` uses. Behind another server, and
in tests without one, `Spliced` reads and sends chunks instead.
"""

import asyncio
import os
import re
import select
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from server.edge.bounded_protocol import BoundedProtocol

log = structlog.get_logger(__name__)

SPLICE = "nhipcau.splice"
_PATHSEND = "http.response.pathsend"
_EXTENSIONS: dict[str, dict[str, str]] = {_PATHSEND: {}, SPLICE: {}}
_AT_ONCE = 1 << 20
"""Bytes that go out in the event loop's own thread: 0.3 ms of copying. More goes out beside it, on other cores."""
_BESIDE = ThreadPoolExecutor(4, "files")
_FAST = 1 << 18
"""Who has just taken so many bytes at once takes the next ones soon: the thread waits for that, `_SOON_MS` at most,
instead of going back to the event loop and coming again."""
_SOON_MS = 2
_CHUNK = 256 * 1024
_STALLED_SECONDS = 60.0
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class FilePart:
    path: Path
    offset: int
    size: int


Part = FilePart | bytes


def size_of(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part.size


class Spliced(Response):
    """A body made of parts of files and bytes, one after the other. Answers HEAD, one range (RFC 9110 section 14; a
    client that asks for several gets all), and If-Range by the ETag among `headers`."""

    def __init__(self, parts: Sequence[Part], media_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.parts = parts
        self.init_headers(headers)
        self.headers.setdefault("accept-ranges", "bytes")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = sum(map(size_of, self.parts))
        status, start, end = self._wanted(Headers(scope=scope), whole)
        headers = MutableHeaders(raw=list(self.raw_headers))
        headers["content-length"] = str(end - start)
        if status == 206:
            headers["content-range"] = f"bytes {start}-{end - 1}/{whole}"
        elif status == 416:
            headers["content-range"] = f"bytes */{whole}"
        await send({"type": "http.response.start", "status": status, "headers": headers.raw})
        parts = [] if scope["method"] == "HEAD" else list(_cut(self.parts, start, end))
        if parts and SPLICE in scope.get("extensions", {}):
            await send({"type": SPLICE, "parts": parts})
            return
        for part in parts:
            for chunk in _chunks(part):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _wanted(self, asked: Headers, whole: int) -> tuple[int, int, int]:
        """(status, first byte, end)."""
        found = _RANGE.fullmatch(asked.get("range", "").replace(" ", ""))
        if_range = asked.get("if-range")
        if found is None or found[0] == "bytes=-" or (if_range is not None and if_range != self.headers.get("etag")):
            return 200, 0, whole
        first, last = found.groups()
        if len(first) > 18 or len(last) > 18:  # no file has an exabyte, and int() has its limits
            return 416, 0, 0
        start = int(first) if first else max(0, whole - int(last))
        end = min(whole, int(last) + 1) if first and last else whole
        return (206, start, end) if start < end else (416, 0, 0)


def _cut(parts: Sequence[Part], start: int, end: int) -> Iterator[Part]:
    """The bytes from `start` to `end` of all the parts together."""
    at = 0
    for part in parts:
        size = size_of(part)
        first, last = max(start - at, 0), min(end - at, size)
        at += size
        if first < last:
            if isinstance(part, bytes):
                yield part[first:last]
            else:
                yield replace(part, offset=part.offset + first, size=last - first)


def _chunks(part: Part) -> Iterator[bytes]:
    if isinstance(part, bytes):
        yield part
        return
    with part.path.open("rb") as file:
        file.seek(part.offset)
        left = part.size
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


class FilesProtocol(BoundedProtocol):
    """The HTTP protocol that can send files."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["extensions"] = _EXTENSIONS

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, cast(Any, _Sending(cycle, app)))


class _Sending:
    """The application as one request sees it: its `send` knows the two extensions."""

    def __init__(self, cycle: RequestResponseCycle, app: ASGIApp) -> None:
        self._cycle = cycle
        self._app = app
        self._send: Send = cast(Send, cycle.send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._send = send
        await self._app(scope, receive, self.send)

    async def send(self, message: Message) -> None:
        if message["type"] == _PATHSEND:
            path = Path(message["path"])
            await self._splice([FilePart(path, 0, self._cycle.expected_content_length)])
        elif message["type"] == SPLICE:
            await self._splice(message["parts"])
        else:
            await self._send(message)

    async def _splice(self, parts: Sequence[Part]) -> None:
        cycle = self._cycle
        if sum(map(size_of, parts)) != cycle.expected_content_length:
            raise RuntimeError("The parts are not as long as Content-Length says")
        try:
            with _own_socket(cycle.transport) as socket:
                await self._emptied()
                for part in parts:
                    await self._hand_over(socket, part)
        except (ConnectionError, TimeoutError) as error:
            # Gone in the middle, or takes nothing any more: there is nobody to tell.
            log.debug("download-broken-off", reason=type(error).__name__)
            cycle.disconnected = True
            cycle.transport.abort()
            return
        cycle.expected_content_length = 0
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _emptied(self) -> None:
        """The head of the response is out: what goes past the transport must not overtake it."""
        transport = self._cycle.transport
        await asyncio.sleep(0)  # uvloop writes at the end of its turn
        deadline = asyncio.get_running_loop().time() + _STALLED_SECONDS
        while transport.get_write_buffer_size():
            if transport.is_closing() or self._cycle.disconnected:
                raise ConnectionResetError
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError
            await asyncio.sleep(0.01)

    async def _hand_over(self, socket: int, part: Part) -> None:
        if isinstance(part, bytes):
            left = memoryview(part)
            while left:
                try:
                    left = left[os.write(socket, left) :]
                except BlockingIOError:
                    await self._writable(socket)
            return
        pour = _pour if part.size <= _AT_ONCE else _poured_beside
        file = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            offset, end = part.offset, part.offset + part.size
            while True:
                if self._cycle.disconnected:
                    raise ConnectionResetError
                offset = await pour(socket, file, offset, end)
                if offset == end:
                    return
                await self._writable(socket)
        finally:
            os.close(file)

    async def _writable(self, socket: int) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_writer(socket, _wake, ready)
        try:
            async with asyncio.timeout(_STALLED_SECONDS):
                await ready
        finally:
            loop.remove_writer(socket)


async def _pour(socket: int, file: int, offset: int, end: int) -> int:
    """As much as the socket takes now. Returns how far it came."""
    return _sent(socket, file, offset, end)


async def _poured_beside(socket: int, file: int, offset: int, end: int) -> int:
    burst = asyncio.get_running_loop().run_in_executor(_BESIDE, _sent_while_fast, socket, file, offset, end)
    try:
        return await asyncio.shield(burst)
    except asyncio.CancelledError:
        # The caller is about to close both, and their numbers will be somebody else's: also when cancelled once more.
        while not burst.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([burst])
        raise


def _sent(socket: int, file: int, offset: int, end: int) -> int:
    try:
        while offset < end:
            sent = os.sendfile(socket, file, offset, end - offset)
            if not sent:
                raise ConnectionAbortedError("the file is shorter than it was")
            offset += sent
    except BlockingIOError:
        pass
    return offset


def _sent_while_fast(socket: int, file: int, offset: int, end: int) -> int:
    watch = select.poll()
    watch.register(socket, select.POLLOUT)
    while True:
        sent = _sent(socket, file, offset, end)
        if sent == end or sent - offset < _FAST or not watch.poll(_SOON_MS):
            return sent
        offset = sent


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


@contextmanager
def _own_socket(transport: asyncio.Transport) -> Iterator[int]:
    """The transport's socket under a number of our own: event loops let nobody else watch a transport's."""
    theirs = transport.get_extra_info("socket")
    if theirs is None or transport.is_closing():
        raise ConnectionResetError
    number = os.dup(theirs.fileno())
    try:
        yield number
    finally:
        os.close(number)
