"""Simulated halls rehearse a conference against a running server: `python -m media.bots.rehearsal --server URL`.

They come in by their links as halls do (sign-in, live channel, offer) and are called in turn; each is a light peer of
the load generator. The plan comes on standard input as JSON: {"meeting": 1, "chair": token, "halls": [[token, point],
…]}, the main point first. Each line written to standard output is JSON: {"phase": "joining" | "calling", "done", "of"},
and at the end {"result": {…}} as `Measured`.
"""

import argparse
import asyncio
import json
import math
import random
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from media.bots.light.generator import Generator
from media.bots.light.halls import Hall, Invitation, Pictures, until
from media.bots.live import LiveChannel, sign_in

PATIENCE = 5.0
"""Seconds after which a picture counts as missing."""
_PAUSE = 1.0
"""Between two calls."""


@dataclass(frozen=True)
class Measured:
    halls: int
    """That were to come in."""
    joined: int
    join_p95_s: float | None
    """From a hall's first step to the main point's picture on its screen; None: nobody saw one."""
    calls: int
    call_p95_s: float | None
    """From the chair's command to the called hall's picture on the others' screens."""
    missing: int
    """Pictures that did not come within `PATIENCE`."""
    told_p95_s: float | None
    """From a command to the word of it at a hall: as long takes the turn of a page."""
    packets: int
    lost: int
    seconds: float
    """Over which packets were counted."""
    down_bits_per_second: float
    """To all halls together."""
    up_bits_per_second: float
    disconnected: int
    marks: dict[str, float]
    """Seconds since 1970 at which a phase began: joining, joined, ended."""


class _Heard(Hall):
    """A hall that notes when it was told who has the floor."""

    def __init__(self, server: str, generator: Generator, invitation: Invitation) -> None:
        super().__init__(server, generator, invitation)
        self.told: dict[int, float] = {}
        """Point -> when."""

    def _told(self, change: dict[str, Any]) -> None:
        if change["collection"] == "stage" and change["value"]:
            now = time.time()
            for holder in change["value"]["floor"]:
                self.told.setdefault(holder["point_id"], now)


async def rehearse(
    server: str, plan: dict[str, Any], seconds: float, calls: int, tell: Callable[..., None]
) -> Measured:
    meeting = int(plan["meeting"])
    invitations = [Invitation(token, meeting, point) for token, point in plan["halls"]]
    async with AsyncExitStack() as stack:
        generator = await stack.enter_async_context(Generator())
        console = await _console(stack, server, meeting, plan["chair"])
        await console.command("layout.set", {"layout": "grid-3"})
        pictures = Pictures(generator)
        halls = [_Heard(server, generator, each) for each in invitations]
        marks = {"joining": time.time()}
        inside = await _join_all(halls, seconds, tell)
        others = [hall for hall in inside if hall is not halls[0]]
        await until(lambda: all(hall.point_id in pictures.first for hall in others), PATIENCE)
        joins = [pictures.first[hall.point_id] - hall.began for hall in others if hall.point_id in pictures.first]
        marks["joined"] = time.time()
        await generator.reset()
        began = time.monotonic()
        took, told, missing = await _call_all(console, others, calls, pictures, tell)
        stats = await generator.stats()
        lasted = time.monotonic() - began
        marks["ended"] = time.time()
        for hall in halls:
            await hall.leave()
        kinds = [stats["audio"], stats["video"]]
        return Measured(
            halls=len(halls),
            joined=len(inside),
            join_p95_s=quantile(joins, 0.95),
            calls=min(calls, len(others)),
            call_p95_s=quantile(took, 0.95),
            missing=missing + len(others) - len(joins),
            told_p95_s=quantile(told, 0.95),
            packets=sum(kind["packets"] for kind in kinds),
            lost=sum(kind["lost"] for kind in kinds),
            seconds=lasted,
            down_bits_per_second=sum(kind["bytes"] for kind in kinds) * 8 / lasted,
            up_bits_per_second=stats["sent"]["bytes"] * 8 / lasted,
            disconnected=len(pictures.lost),
            marks=marks,
        )


def quantile(values: list[float], share: float) -> float | None:
    """Nearest rank; None without values."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


async def _console(stack: AsyncExitStack, server: str, meeting: int, token: str) -> LiveChannel:
    channel = LiveChannel(server, f"/api/meetings/{meeting}/live?as=console", await sign_in(server, token))
    await stack.enter_async_context(channel)

    async def read() -> None:
        async for _ in channel:
            pass

    reader = asyncio.create_task(read())
    stack.callback(reader.cancel)
    return channel


async def _join_all(halls: list[_Heard], seconds: float, tell: Callable[..., None]) -> list[_Heard]:
    """Who came in, the main point first."""
    await halls[0].join()
    inside = [halls[0]]
    random.shuffle(rest := halls[1:])
    step = seconds / max(1, len(rest))
    began = time.monotonic()

    async def join(hall: _Heard) -> None:
        try:
            await hall.join()
        except (TimeoutError, OSError, RuntimeError) as error:
            print(f"{hall.point_id}: {error!r}", file=sys.stderr)
        else:
            inside.append(hall)
            tell(phase="joining", done=len(inside), of=len(halls))

    tasks = []
    for number, hall in enumerate(rest):
        await asyncio.sleep(max(0.0, began + number * step - time.monotonic()))
        tasks.append(asyncio.create_task(join(hall)))
    await asyncio.gather(*tasks)
    return inside


async def _call_all(
    console: LiveChannel, halls: list[_Heard], calls: int, pictures: Pictures, tell: Callable[..., None]
) -> tuple[list[float], list[float], int]:
    """(seconds to each picture, seconds to each word, pictures that never came)."""
    took: list[float] = []
    told: list[float] = []
    missing = 0
    chosen = random.sample(halls, min(calls, len(halls)))
    for number, called in enumerate(chosen, start=1):
        others = [hall for hall in halls if hall is not called]
        for hall in halls:
            hall.told = {}
        sent = time.time()
        await console.command("floor.give", {"point_id": called.point_id})

        def all_seen(others: list[_Heard] = others, called: _Heard = called, sent: float = sent) -> bool:
            return all(pictures.shown(hall.point_id, called.point_id, sent) is not None for hall in others)

        await until(all_seen, PATIENCE)
        for hall in others:
            at = pictures.shown(hall.point_id, called.point_id, sent)
            if at is None:
                missing += 1
            else:
                took.append(at - sent)
            if called.point_id in hall.told:
                told.append(hall.told[called.point_id] - sent)
        tell(phase="calling", done=number, of=len(chosen))
        await asyncio.sleep(_PAUSE)
    return took, told, missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--join-seconds", type=float, default=60)
    parser.add_argument("--calls", type=int, default=15)
    arguments = parser.parse_args()

    def tell(**facts: object) -> None:
        print(json.dumps(facts), flush=True)

    plan = json.loads(sys.stdin.readline())
    measured = asyncio.run(rehearse(arguments.server, plan, arguments.join_seconds, arguments.calls, tell))
    tell(result=asdict(measured))


if __name__ == "__main__":
    main()
