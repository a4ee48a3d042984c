"""Thousands of signed-in devices on the live channel, in a process of their own: each a real WebSocket, each frame
received and parsed. Started by `bench_live` with a JSON line on standard input; answers with JSON lines.

The handshake is checked by `websockets`; after it a device keeps nothing but a few bytes of state.
"""

from __future__ import annotations

import array
import asyncio
import itertools
import json
import random
import re
import resource
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop
from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.uri import parse_uri

PING_SECONDS = 20.0
HALL_PING_SECONDS = 5.0
MOST_HALLS = 200
AT_ONCE = 128
"""Handshakes under way."""
PORTS_AN_ADDRESS = 1_500
"""Of 28,000. Each that was closed rests for a minute, who comes back knocks twice or three times, and looking for a
free one among few held this process for seconds, in which nobody knocked."""
FETCHES_AT_ONCE = 6_000
"""Beside the sockets: a process may have no more than 20,000 files open on many machines."""
FETCHES_AN_ADDRESS = 500
"""At the same moment: the server lets one address have a thousand connections without a request."""
SEATED = (0.2, 0.4, 2.0)
MEMBERS = (1.0, 8.0, 12.0)
"""Seconds that who was cut waits before coming back: the shortest, at first up to, at last up to. As the pages do
(web/src/lib/live/backoff.ts; a test compares them)."""
_numbers = itertools.count()


PONG = struct.pack("!BB", 0x8A, 0x80) + bytes(4)
"""A client's pong frame (RFC 6455 section 5.5.3) without a payload."""


def masked(text: str) -> bytes:
    """A client's text frame of less than 126 bytes (RFC 6455 section 5.3)."""
    data, mask = text.encode(), random.randbytes(4)
    body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
    return struct.pack("!BB", 0x81, 0x80 | len(data)) + mask + body


@dataclass
class Crowd:
    """Which device saw which page when: `seen[page][number]`, in seconds of the machine's monotonic clock."""

    devices: int
    seen: dict[int, array.array[float]]
    closed: int = 0
    frames: int = 0
    last: float = 0.0
    returning: bool = False
    """Who is cut comes back by itself, as the web does: spread at random, wider with each attempt, or as told."""
    back: dict[int, float] = field(default_factory=dict)
    """When each had its snapshot again, for the first time since it was asked for."""
    lost: Callable[[int], None] = lambda _number: None

    def take(self, number: int, message: dict[str, Any]) -> None:
        self.frames += 1
        self.last = time.monotonic()
        if message["type"] == "event" and message["kind"] in ("page.presented", "page.turned"):
            page = message["changes"][0]["value"]["page"]
            if page not in self.seen:
                self.seen[page] = array.array("d", bytes(8 * (self.devices + MOST_HALLS)))
            self.seen[page][number] = self.last


class Device(asyncio.Protocol):
    __slots__ = ("_buffer", "_crowd", "_handshake", "_number", "_transport", "joined", "wait")

    def __init__(self, crowd: Crowd, url: str, headers: dict[str, str], number: int | None = None) -> None:
        self._crowd = crowd
        self._number = next(_numbers) if number is None else number
        self.wait: float | None = None
        self._buffer = b""
        self._handshake: ClientProtocol | None = ClientProtocol(parse_uri(url))
        self._headers(headers)
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _headers(self, headers: dict[str, str]) -> None:
        assert self._handshake is not None
        request = self._handshake.connect()
        request.headers.update(headers)
        self._handshake.send_request(request)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert self._handshake is not None
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"".join(self._handshake.data_to_send()))

    def data_received(self, data: bytes) -> None:
        if self._handshake is not None:
            data = self._shake_hands(data)
        self._buffer += data
        while (frame := self._frame()) is not None:
            self._heard(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.joined.done():
            self.joined.set_exception(ConnectionError("refused or cut"))
            return
        self._crowd.closed += 1
        if self._crowd.returning:
            self._crowd.lost(self._number)

    @property
    def gone(self) -> bool:
        return self._transport.is_closing()

    def ping(self) -> None:
        """Nothing on a line that is gone."""
        if not self.gone:
            self._transport.write(masked('{"type":"ping"}'))

    def _shake_hands(self, data: bytes) -> bytes:
        """Returns what came behind the response."""
        assert self._handshake is not None
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return b""
        self._handshake.receive_data(head + end)
        (response,) = self._handshake.events_received()
        assert isinstance(response, Response), response
        assert response.status_code == 101, response
        self._handshake, self._buffer = None, b""
        return rest

    def _frame(self) -> bytes | None:
        """The next whole message of the server: unmasked, in one frame."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1], 2
        if size == 126:
            start = 4
            size = int.from_bytes(buffer[2:4], "big")
        elif size == 127:
            start = 10
            size = int.from_bytes(buffer[2:10], "big")
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        if buffer[0] == 0x89:
            self._transport.write(PONG)
            return self._frame()
        if buffer[0] != 0x81:
            told = re.search(rb"retry-after=([0-9.]+)", buffer)
            self.wait = float(told[1]) if told else None
            self._transport.close()  # goodbye, or nothing we speak
            return None
        return buffer[start : start + size]

    def _heard(self, frame: bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "snapshot" and not self.joined.done():
            self.joined.set_result(None)
        self._crowd.take(self._number, message)


class Fetch(asyncio.Protocol):
    """One GET on a connection of its own. `done`: (status, bytes of the body)."""

    def __init__(self, request: bytes) -> None:
        self.done: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self._request = request
        self._head: bytes | None = b""
        self._status = self._size = self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = None
            found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            self._status, self._size = int(head.split(b" ", 2)[1]), int(found[1]) if found else 0
            self._left = self._size
        self._left -= len(data)
        if self._left <= 0:
            self._transport.close()
            if not self.done.done():
                self.done.set_result((self._status, self._size))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("cut"))


async def run() -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    task = json.loads(await lines.readline())
    cookies: list[str] = Path(task["cookies"]).read_text().split()
    crowd = Crowd(len(cookies), {})
    devices: deque[tuple[float, Device]] = deque()
    halls: deque[tuple[float, Device]] = deque()
    places = asyncio.Semaphore(AT_ONCE)
    fetches = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def join(number: int, cookie: str) -> None:
        address = f"127.0.0.{1 + number // PORTS_AN_ADDRESS}"
        headers = {"Cookie": f"{task['cookie_name']}={cookie}", "Origin": task["origin"]}
        async with places:
            _, device = await loop.create_connection(
                lambda: Device(crowd, task["url"], headers, number), "127.0.0.1", task["port"], local_addr=(address, 0)
            )
            try:
                await device.joined
            except ConnectionError:
                if device.wait is None:
                    raise
        if device.wait is not None:  # told when its turn is
            await asyncio.sleep(device.wait)
            await join(number, cookie)
            return
        devices.append((time.monotonic() + PING_SECONDS, device))

    seats: list[list[str]] = task.get("halls", [])
    """[cookie, address] of the halls, which come after the devices by number."""

    async def hall(number: int, cookie: str, url: str) -> None:
        headers = {"Cookie": f"{task['cookie_name']}={cookie}", "Origin": task["origin"]}
        _, device = await loop.create_connection(
            lambda: Device(crowd, url, headers, number), "127.0.0.1", task["port"], local_addr=("127.0.0.9", 0)
        )
        await device.joined
        halls.append((time.monotonic() + HALL_PING_SECONDS, device))

    async def come_back(number: int) -> None:
        is_hall, attempt = number >= len(cookies), 0
        shortest, first, longest = SEATED if is_hall else MEMBERS
        wait = random.uniform(shortest, first)
        while True:
            await asyncio.sleep(wait)
            device: Device | None = None
            if is_hall:
                cookie, url = seats[number - len(cookies)]
            else:
                cookie, url = cookies[number], task["url"]
            headers = {"Cookie": f"{task['cookie_name']}={cookie}", "Origin": task["origin"]}
            try:
                _, device = await loop.create_connection(
                    lambda url=url, headers=headers: Device(crowd, url, headers, number),  # type: ignore[misc]
                    "127.0.0.1",
                    task["port"],
                    local_addr=("127.0.0.9" if is_hall else f"127.0.0.{1 + number // PORTS_AN_ADDRESS}", 0),
                )
                await device.joined
            except OSError:
                attempt += 1
                if device is not None and device.wait is not None:
                    wait = device.wait + random.uniform(0, min(device.wait / 2, 0.5))
                else:
                    wait = random.uniform(shortest, min(first * 2**attempt, longest))
                continue
            crowd.back.setdefault(number, time.monotonic())
            if is_hall:
                halls.append((time.monotonic() + HALL_PING_SECONDS, device))
            else:
                devices.append((time.monotonic() + PING_SECONDS, device))
            return

    async def fetch(number: int, cookie: str, path: str, least: int) -> float | None:
        """When the device had it whole; None: it got something else."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{task['port']}\r\nCookie: {task['cookie_name']}={cookie}"
        async with fetches:
            try:
                _, fetching = await loop.create_connection(
                    lambda: Fetch(f"{request}\r\nConnection: close\r\n\r\n".encode()),
                    "127.0.0.1",
                    task["port"],
                    local_addr=(f"127.0.{1 + number // FETCHES_AN_ADDRESS}.1", 0),
                )
                status, size = await fetching.done
            except OSError:
                return None
        return time.monotonic() if status == 200 and size >= least else None

    returns: set[asyncio.Task[None]] = set()

    def lost(number: int) -> None:
        coming = asyncio.create_task(come_back(number))
        returns.add(coming)
        coming.add_done_callback(returns.discard)

    crowd.lost = lost
    pinging = [
        asyncio.create_task(ping(due, every)) for due, every in ((devices, PING_SECONDS), (halls, HALL_PING_SECONDS))
    ]
    began = time.monotonic()
    await asyncio.gather(*(join(number, cookie) for number, cookie in enumerate(cookies)))
    for index, (cookie, url) in enumerate(seats):
        await hall(len(cookies) + index, cookie, url)
    crowd.returning = bool(seats)
    say(joined=len(devices) + len(halls), seconds=time.monotonic() - began)
    while line := await lines.readline():
        command = json.loads(line)
        if command["do"] == "count":
            page = command["page"]
            say(seen=sum(at > 0 for at in crowd.seen.get(page, ())))
        elif command["do"] == "cut":
            crowd.back.clear()
            say(closed=crowd.closed)
        elif command["do"] == "returned":
            say(back=len(crowd.back))
        elif command["do"] == "times":
            Path(task["report"]).write_text(json.dumps(crowd.back))
            say(back=len(crowd.back))
        elif command["do"] == "fetch":
            # Everybody at once: the page was turned for all of them.
            began = time.monotonic()
            had = await asyncio.gather(
                *(fetch(number, cookie, command["path"], command["least"]) for number, cookie in enumerate(cookies))
            )
            say(seconds=sorted(at - began for at in had if at is not None))
        elif command["do"] == "report":
            seen = {page: list(times[: len(cookies)]) for page, times in crowd.seen.items()}
            Path(task["report"]).write_text(json.dumps(seen))
            say(frames=crowd.frames, closed=crowd.closed)
        else:
            break
    for each in pinging:
        each.cancel()


async def ping(due: deque[tuple[float, Device]], every: float) -> None:
    """Each from when it joined."""
    while True:
        now = time.monotonic()
        while due and due[0][0] <= now:
            at, device = due.popleft()
            device.ping()
            if not device.gone:
                due.append((at + every, device))
        await asyncio.sleep(0.05)


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
