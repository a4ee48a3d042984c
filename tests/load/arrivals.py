"""People who come into 161 halls: what each request says, and the keep-alive connections that carry them.

Of the people, half scan the code on their hall's screen with their own phone (one request each, with their own
session), a quarter are tapped on the list one by one by the hall's secretary, and a quarter are tapped five at a time.
The order is random over all halls; each hall's requests, phones included, share one connection and go one after another
on it, which is less kind than reality, where each phone has its own.
"""

import asyncio
import json
import random
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from server.accounts.dependencies import COOKIE

GROUP = 5


@dataclass(frozen=True, slots=True)
class Guest:
    """One delegate on the list."""

    delegate_id: int
    cookie: str
    """Of the delegate's own session."""


@dataclass(slots=True)
class Hall:
    point_id: int
    secretary: str
    """The cookie of the hall's secretary."""
    guests: list[Guest] = field(default_factory=list)
    scanned: str = ""
    """The code on its screen."""


@dataclass(frozen=True, slots=True)
class Arrival:
    hall: Hall
    guests: tuple[Guest, ...]
    scans: bool


def arrivals(halls: list[Hall], seed: int = 161) -> list[Arrival]:
    """All of them, in random order."""
    dice = random.Random(seed)
    made: list[Arrival] = []
    for hall in halls:
        guests = list(hall.guests)
        dice.shuffle(guests)
        half, rest = len(guests) // 2, len(guests) * 3 // 4
        made += [Arrival(hall, (guest,), scans=True) for guest in guests[:half]]
        made += [Arrival(hall, (guest,), scans=False) for guest in guests[half:rest]]
        together = guests[rest:]
        made += [Arrival(hall, tuple(together[at : at + GROUP]), scans=False) for at in range(0, len(together), GROUP)]
    dice.shuffle(made)
    return made


class Wire:
    """A hall's connection: requests wait for each other. Answers are read as far as their status and length."""

    def __init__(self, server: str, meeting_id: int, public_code: str) -> None:
        parts = urlsplit(server)
        self._host, self._port, self._origin = parts.hostname, parts.port, server
        self._meeting_id, self._code = meeting_id, public_code
        self._waiting: deque[tuple[Arrival, float]] = deque()
        self._wake = asyncio.Event()
        self._finished = False
        self.delays: list[float] = []
        """Seconds from when each request should have left to its answer."""
        self.refused: list[str] = []
        self.people = 0

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def send(self, arrival: Arrival, due: float) -> None:
        """One request and its answer. `due`: `time.monotonic()` when somebody wanted it sent."""
        try:
            head, body = await self._exchange(self._request(arrival))
        except (ConnectionError, asyncio.IncompleteReadError):
            # The server closes what was idle for some seconds; to check in twice does no harm.
            await self.open()
            head, body = await self._exchange(self._request(arrival))
        self.delays.append(time.monotonic() - due)
        if head.startswith(b"HTTP/1.1 200"):
            self.people += len(arrival.guests)
        else:
            self.refused.append(f"{head[:40]!r} {body[:200]!r}")

    async def _exchange(self, request: bytes) -> tuple[bytes, bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        return head, await self._reader.readexactly(length)

    def _request(self, arrival: Arrival) -> bytes:
        hall = arrival.hall
        if arrival.scans:
            path, cookie = f"/api/m/{self._code}/check-in", arrival.guests[0].cookie
            body = json.dumps({"hall": hall.scanned})
        else:
            path, cookie = f"/api/meetings/{self._meeting_id}/points/{hall.point_id}/checks", hall.secretary
            how = "group" if len(arrival.guests) > 1 else "list"
            ids = [guest.delegate_id for guest in arrival.guests]
            body = json.dumps({"delegate_ids": ids, "kind": "in", "how": how})
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nOrigin: {self._origin}\r\n"
            f"Cookie: {COOKIE}={cookie}\r\nX-Nhipcau: 1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode()

    def post(self, arrival: Arrival, due: float) -> None:
        self._waiting.append((arrival, due))
        self._wake.set()

    def finish(self) -> None:
        """Nothing more will be posted."""
        self._finished = True
        self._wake.set()

    async def work(self) -> None:
        """Sends what is posted, until all is sent and nothing more will come."""
        while self._waiting or not self._finished:
            while self._waiting:
                await self.send(*self._waiting.popleft())
            if not self._finished:
                self._wake.clear()
                await self._wake.wait()
