"""161 halls through the real signalling: they join spread over a minute, then points are called in turn.

Server and media node run as in production, from a database with the demo province; the halls are light peers of
the load generator (3 audio slots, stage, content and 8 small pictures each). The chair's console calls points with
`floor.give`; what is measured is when the called hall's first whole key frame stands in the other halls' stage slots.
"""

import argparse
import asyncio
import math
import random
import tempfile
import time
from pathlib import Path

from sqlalchemy import select

from media.bots.light.generator import Generator
from media.bots.light.halls import Hall, Invitation, Pictures, until
from media.bots.live import LiveChannel, sign_in
from server.accounts.actions.links import create_link
from server.core.actor import SYSTEM
from server.core.services import Services
from server.demo.load import conference, load
from server.meetings.models import MemberPoint
from server.migrations import upgrade
from server.wiring import components
from tests.deployment import Deployment
from tests.load.machine import warn_if_busy

PATIENCE = 5.0
"""Seconds after which a picture counts as missing."""


def quantile(values: list[float], share: float) -> float:
    """Nearest rank; not a number without values."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def token_of(path: str) -> str:
    return path.rpartition("/")[2]


async def prepare(deployment: Deployment, halls: int) -> tuple[list[Invitation], str, int]:
    """A database with the demo's running conference: the halls' links (main point first), the chair's, the meeting."""
    deployment.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    try:
        await load(services)
        async with services.transactions(SYSTEM) as tx:
            meeting = await conference(tx.session)
            points = await tx.session.scalars(
                select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting.id).order_by(MemberPoint.id)
            )
            ordered = sorted(points, key=lambda point_id: point_id != meeting.main_point_id)
            invitations = []
            for point_id in ordered[:halls]:
                link, _ = await create_link(tx, point_id=point_id, next_path="/hall")
                invitations.append(Invitation(token_of(link), meeting.id, point_id))
            chair, _ = await create_link(tx, person_id=meeting.chair_id)
            return invitations, token_of(chair), meeting.id
    finally:
        await services.stop()


class Console:
    """The chair's live channel; what it receives is thrown away."""

    def __init__(self, server: str, meeting_id: int, token: str) -> None:
        self._server, self._meeting_id, self._token = server, meeting_id, token

    async def __aenter__(self) -> LiveChannel:
        cookie = await sign_in(self._server, self._token)
        path = f"/api/meetings/{self._meeting_id}/live?as=console"
        self._channel = await LiveChannel(self._server, path, cookie).__aenter__()
        self._reader = asyncio.create_task(self._read())
        return self._channel

    async def _read(self) -> None:
        async for _ in self._channel:
            pass

    async def __aexit__(self, *_: object) -> None:
        await self._channel.__aexit__(None, None, None)
        await self._reader


async def join_all(halls: list[Hall], pictures: Pictures, seconds: float) -> list[float]:
    """Seconds from each hall's start of joining to its first stage picture; the main point, on the stage itself, is
    first and has none."""
    random.shuffle(rest := halls[1:])
    await halls[0].join()
    step = seconds / max(1, len(rest))
    tasks = []
    began = time.monotonic()
    for number, hall in enumerate(rest):
        await asyncio.sleep(max(0.0, began + number * step - time.monotonic()))
        tasks.append(asyncio.create_task(hall.join()))
    await asyncio.gather(*tasks)
    await until(lambda: all(hall.point_id in pictures.first for hall in rest), PATIENCE)
    return [pictures.first.get(hall.point_id, math.inf) - hall.began for hall in rest]


async def call(console: LiveChannel, called: Hall, others: list[Hall], pictures: Pictures) -> list[float]:
    """Seconds from the command to the called hall's picture on each other hall's stage."""
    sent = time.time()
    await console.command("floor.give", {"point_id": called.point_id})

    def seen(hall: Hall) -> float | None:
        return pictures.shown(hall.point_id, called.point_id, sent)

    await until(lambda: all(seen(hall) is not None for hall in others), PATIENCE)
    return [(seen(hall) or math.inf) - sent for hall in others]


async def run(arguments: argparse.Namespace) -> None:
    warn_if_busy()
    with tempfile.TemporaryDirectory(prefix="nhipcau-halls-") as folder:
        deployment = Deployment(Path(folder) / "var")
        invitations, chair, meeting_id = await prepare(deployment, arguments.halls)
        deployment.start()
        try:
            await deployment.ready()
            await measure(deployment, invitations, chair, meeting_id, arguments)
        finally:
            if arguments.log:
                print(deployment.tail(20_000))
            deployment.stop()


async def measure(
    deployment: Deployment, invitations: list[Invitation], chair: str, meeting_id: int, arguments: argparse.Namespace
) -> None:
    async with Generator() as generator, Console(deployment.url, meeting_id, chair) as console:
        await console.command("layout.set", {"layout": "grid-3"})
        pictures = Pictures(generator)
        halls = [Hall(deployment.url, generator, invitation) for invitation in invitations]
        began, cpu = time.monotonic(), deployment.cpu_seconds()
        joins = await join_all(halls, pictures, arguments.join_seconds)
        joined, joining_cpu = time.monotonic(), deployment.cpu_seconds()
        await generator.reset()
        calls: list[float] = []
        for called in random.sample(halls[1:], min(arguments.calls, len(halls) - 1)):
            calls += await call(console, called, [hall for hall in halls if hall is not called], pictures)
            await asyncio.sleep(arguments.pause)
        ended, all_cpu = time.monotonic(), deployment.cpu_seconds()
        stats = await generator.stats()
        received = {kind: stats[kind]["packets"] for kind in ("audio", "video")}
        lost = sum(stats[kind]["lost"] for kind in received)
        rate = sum(received.values()) / (ended - joined)
        asked = f"{stats['video']['key_frames']} key frames received, {stats['plis_received']} asked for"
        print(f"{len(halls)} halls received {rate:.0f} packets/s while {arguments.calls} points were called; {asked}")
        for hall in halls:
            await hall.leave()
    print(f"BENCH join_to_stage_p95_ms={quantile(joins, 0.95) * 1000:.0f} ms")
    print(f"BENCH join_to_stage_max_ms={max(joins) * 1000:.0f} ms")
    print(f"BENCH call_to_picture_p50_ms={quantile(calls, 0.5) * 1000:.0f} ms")
    print(f"BENCH call_to_picture_p95_ms={quantile(calls, 0.95) * 1000:.0f} ms")
    print(f"BENCH call_pictures_missing={sum(math.isinf(value) for value in calls)}")
    print(f"BENCH halls_cpu_cores={(all_cpu - cpu) / (ended - began):.2f} cores")
    print(f"BENCH halls_cpu_cores_joining={(joining_cpu - cpu) / (joined - began):.2f} cores")
    print(f"BENCH halls_cpu_cores_joined={(all_cpu - joining_cpu) / (ended - joined):.2f} cores")
    print(f"BENCH halls_loss={lost / max(1, sum(received.values()) + lost):.6f}")
    print(f"BENCH halls_disconnected={len(pictures.lost)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--halls", type=int, default=161)
    parser.add_argument("--join-seconds", type=float, default=60)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--pause", type=float, default=2, help="seconds between calls")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
