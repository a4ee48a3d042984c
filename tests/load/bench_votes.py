"""12,000 devices vote within 15 s while 200 consoles watch; then the chair closes.

The server runs as in production, on a database with the demo province and 12,000 delegates who have checked in; the
consoles are real sockets in a process of their own. Open loop: votes come at a fixed mean rate at random times
(Poisson), whether or not the server keeps up, and a vote's delay counts from the moment it was due. One in twenty is
sent twice, as on a weak line. Two ballots: an open one, and a secret one.

`votes_lost`: acknowledged and not in the result; `votes_twice`: in the result beyond one a seat.
`result_after_close_ms`: from the chair's close to the counted result, the larger of both.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop
from sqlalchemy import func, insert, select

from media.bots.light.lines import Lines
from server.accounts.actions.sessions import open_session
from server.accounts.dependencies import COOKIE
from server.attendance.models import PersonCheck
from server.ballots.models import SecretChoice, Vote
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from server.migrations import upgrade
from server.wiring import components
from tests.deployment import Deployment
from tests.load.arrivals import Guest
from tests.load.bench_checkin import Gathering, prepare
from tests.load.bench_halls import quantile
from tests.load.machine import warn_if_busy

CONNECTIONS = 1_200
"""Ten devices share one, and wait for each other on it."""
OPTIONS = ["Tán thành", "Không tán thành", "Không biểu quyết"]
MARKS = ("100", "100", "100", "010", "001")
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Cast:
    guest: Guest
    marks: str
    body: bytes


class Connection:
    """Keeps alive; requests wait for each other."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._host, self._port, self._origin = parts.hostname, parts.port, server
        self._waiting: deque[tuple[str, Cast, float]] = deque()
        self._wake = asyncio.Event()
        self._finished = False
        self.delays: list[float] = []
        self.refused: list[str] = []

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def ask(self, method: str, path: str, cookie: str, body: bytes = b"") -> tuple[int, Any]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nOrigin: {self._origin}\r\n"
            f"Cookie: {COOKIE}={cookie}\r\nX-Nhipcau: 1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        try:
            return await self._exchange(head + body)
        except (ConnectionError, asyncio.IncompleteReadError):
            # The server closes what was idle for some seconds; a vote that is repeated counts once.
            await self.open()
            return await self._exchange(head + body)

    async def _exchange(self, request: bytes) -> tuple[int, Any]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        return int(head[9:12]), json.loads(await self._reader.readexactly(length))

    def post(self, path: str, cast: Cast, due: float) -> None:
        self._waiting.append((path, cast, due))
        self._wake.set()

    def finish(self) -> None:
        self._finished = True
        self._wake.set()

    async def work(self) -> None:
        while self._waiting or not self._finished:
            while self._waiting:
                path, cast, due = self._waiting.popleft()
                status, answer = await self.ask("POST", path, cast.guest.cookie, cast.body)
                self.delays.append(time.monotonic() - due)
                if status != 200:
                    self.refused.append(f"{status} {answer}")
            if not self._finished:
                self._wake.clear()
                await self._wake.wait()


@dataclass
class Held:
    delays: list[float]
    lost: int
    twice: int
    after_close: float
    seconds: float
    cpu: float


async def everybody_is_there(services: Services, held: Gathering) -> str:
    """Checked in, each in the own hall. The chair's cookie."""
    async with services.transactions(SYSTEM) as tx:
        rows = [
            {
                "meeting_id": held.meeting_id,
                "delegate_id": guest.delegate_id,
                "point_id": hall.point_id,
                "kind": "in",
                "how": "list",
                "at": tx.now,
            }
            for hall in held.halls
            for guest in hall.guests
        ]
        await tx.session.execute(insert(PersonCheck), rows)
        meeting = await tx.session.get_one(Meeting, held.meeting_id)
        return await open_session(tx, services.settings, person_id=meeting.chair_id, point_id=None, user_agent="bench")


def casts(held: Gathering, *, secret: bool) -> list[Cast]:
    dice = random.Random(12)
    made = []
    for guest in [guest for hall in held.halls for guest in hall.guests]:
        marks = dice.choice(MARKS)
        body = {"marks": marks, "key": str(uuid.UUID(int=dice.getrandbits(128)))}
        if secret:
            body["code"] = "".join(dice.choice(LETTERS) for _ in range(10))
        made.append(Cast(guest, marks, json.dumps(body).encode()))
    dice.shuffle(made)
    return made


async def hold(
    deployment: Deployment, services: Services, held: Gathering, chair: str, *, secret: bool, seconds: float
) -> Held:
    base = f"/api/meetings/{held.meeting_id}/ballots"
    control = Connection(deployment.url)
    await control.open()
    wanted = {"title": "Thông qua nghị quyết", "options": OPTIONS, "secret": secret, "quorum": "none"}
    status, ballot = await control.ask("POST", base, chair, json.dumps(wanted).encode())
    assert status == 201, ballot
    path = f"{base}/{ballot['id']}"
    status, answer = await control.ask("POST", f"{path}/open", chair)
    assert status == 200, answer
    coming = casts(held, secret=secret)
    lines = [Connection(deployment.url) for _ in range(CONNECTIONS)]
    for part in range(0, CONNECTIONS, 100):
        await asyncio.gather(*(line.open() for line in lines[part : part + 100]))
    began, cpu = time.monotonic(), deployment.cpu_seconds()
    await open_loop(lines, f"{path}/vote", coming, seconds)
    took, used = time.monotonic() - began, deployment.cpu_seconds() - cpu
    for text in [text for line in lines for text in line.refused][:5]:
        print(f"refused: {text}")
    await asyncio.sleep(1)
    closing = time.monotonic()
    status, closed = await control.ask("POST", f"{path}/close", chair)
    after = time.monotonic() - closing
    assert status == 200, closed
    expected = [sum(cast.marks[place] == "1" for cast in coming) for place in range(len(OPTIONS))]
    got = [option["total"] for option in closed["outcome"]["options"]]
    async with services.database.read() as session:
        model = SecretChoice if secret else Vote
        rows = await session.scalar(select(func.count()).select_from(model).where(model.ballot_id == ballot["id"])) or 0
    refused = sum(len(line.refused) for line in lines)
    lost = sum(max(0, one - other) for one, other in zip(expected, got, strict=True)) - refused
    twice = sum(max(0, other - one) for one, other in zip(expected, got, strict=True)) + max(0, rows - len(coming))
    print(f"{'secret' if secret else 'open'}: expected {expected}, counted {got}, {refused} refused")
    return Held([delay for line in lines for delay in line.delays], lost + refused, twice, after, took, used)


async def open_loop(lines: Sequence[Connection], path: str, coming: Sequence[Cast], seconds: float) -> None:
    workers = asyncio.gather(*(line.work() for line in lines))
    dice = random.Random(7)
    rate = len(coming) / seconds
    due = time.monotonic()
    for number, cast in enumerate(coming):
        due += dice.expovariate(rate)
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        lines[number % len(lines)].post(path, cast, due)
        if number % 20 == 0:
            lines[(number + 1) % len(lines)].post(path, cast, due)
    for line in lines:
        line.finish()
    await workers


async def run(arguments: argparse.Namespace) -> None:
    warn_if_busy()
    with tempfile.TemporaryDirectory(prefix="nhipcau-votes-") as folder:
        deployment = Deployment(Path(folder) / "var")
        if arguments.database:
            deployment.environment["NHIPCAU_DATABASE_URL"] = arguments.database
        deployment.var.mkdir(parents=True)
        settings = deployment.settings.model_copy(update={"database_url": arguments.database})
        await asyncio.to_thread(upgrade, settings.database)
        services = Services.start(settings, components())
        (held, _), consoles = await prepare(services, arguments.people, arguments.consoles)
        chair = await everybody_is_there(services, held)
        deployment.start()
        try:
            await deployment.ready()
            async with Lines(sys.executable, "-m", "tests.load.consoles") as watchers:
                watchers.send(server=deployment.url, meeting=held.meeting_id, cookies=consoles)
                await watchers.expect(120, event="ready")
                results = [
                    await hold(deployment, services, held, chair, secret=secret, seconds=arguments.seconds)
                    for secret in (False, True)
                ]
        finally:
            if arguments.log:
                print(deployment.tail(20_000))
            deployment.stop()
            await services.stop()
    print(
        f"{arguments.people} devices in {arguments.seconds:.0f} s (open loop), {arguments.consoles} consoles: "
        "server took " + ", ".join(f"{each.cpu / each.seconds:.2f}" for each in results) + " cores"
    )
    delays = [delay for each in results for delay in each.delays]
    print(f"BENCH votes_lost={sum(each.lost for each in results)}")
    print(f"BENCH votes_twice={sum(each.twice for each in results)}")
    print(f"BENCH vote_p50_ms={quantile(delays, 0.5) * 1000:.0f} ms")
    print(f"BENCH vote_p99_ms={quantile(delays, 0.99) * 1000:.0f} ms")
    print(f"BENCH result_after_close_ms={max(each.after_close for each in results) * 1000:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=12_000)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15, help="within which everybody votes")
    parser.add_argument("--database", help="a PostgreSQL URL of an empty database; default: SQLite")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
