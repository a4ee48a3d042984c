"""CPU time for each forwarded packet, beside Janus VideoRoom with the same work from the same load generator.

One publisher (24 frames/s of 8 packets of 1,100 bytes, and 50 packets/s of audio), N subscribers; rounds alternate
between the two servers. The server's CPU time is the operating system's (user and system, all threads) over the time
of measurement, divided by the packets that subscribers received in it.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from media.bots.light.generator import Generator
from tests.load import namespace
from tests.load.forwarding import OurCore, Server
from tests.load.janus import Janus
from tests.load.machine import cpu_seconds, warn_if_busy

EXPECTED_PER_SUBSCRIBER = 24 * 8 + 50


@dataclass(frozen=True)
class Result:
    cpu_us: float
    """µs for each packet."""
    load: float
    """Share of one core."""
    loss: float
    p99_ms: float
    completeness: float
    """Packets received of those that should have been."""


async def measure(
    server: Server, subscribers: int, warm_up: float, seconds: float, shape: dict[str, Any]
) -> tuple[Result, str]:
    """The figures, and the SRTP profile."""
    async with server, Generator() as generator:
        profile = await server.publish(generator, shape)
        for peer in range(2, 2 + subscribers):
            await server.subscribe(generator, peer)
        await asyncio.sleep(warm_up)
        await generator.reset()
        began, cpu = time.monotonic(), cpu_seconds(psutil.Process(server.pid))
        await asyncio.sleep(seconds)
        cpu = cpu_seconds(psutil.Process(server.pid)) - cpu
        elapsed = time.monotonic() - began
        stats = await generator.stats()
    if stats["connected"] != subscribers + 1:
        raise RuntimeError(f"{server.name}: {stats['connected']} of {subscribers + 1} peers connected at the end")
    packets = stats["video"]["packets"] + stats["audio"]["packets"]
    lost = stats["video"]["lost"] + stats["audio"]["lost"]
    if packets == 0:
        raise RuntimeError(f"{server.name}: nothing was received")
    result = Result(
        cpu_us=cpu / packets * 1e6,
        load=cpu / elapsed,
        loss=lost / (packets + lost),
        p99_ms=stats["delay"]["p99_us"] / 1000,
        completeness=packets / (EXPECTED_PER_SUBSCRIBER * subscribers * elapsed),
    )
    return result, profile


def summary(results: list[Result]) -> Result:
    """The median of each figure."""
    values = {name: statistics.median(getattr(r, name) for r in results) for name in Result.__dataclass_fields__}
    return Result(**values)


async def run(arguments: argparse.Namespace) -> None:
    warn_if_busy()
    makers: list[Callable[[], Server]] = [
        lambda: OurCore(namespace.ADDRESS),
        lambda: Janus(namespace.ADDRESS, arguments.janus_event_loops),
    ]
    if arguments.only:
        makers = [make for make in makers if make().name == arguments.only]
    shape = {"pace_us": arguments.pace_us}
    results: dict[str, list[Result]] = {}
    for number in range(arguments.rounds):
        for make in makers:
            server = make()
            result, profile = await measure(server, arguments.subscribers, arguments.warm_up, arguments.seconds, shape)
            results.setdefault(server.name, []).append(result)
            print(
                f"round {number + 1} {server.name}: {result.cpu_us:.2f} us/packet, {result.load:.2f} cores, "
                f"loss {result.loss:.5f}, p99 {result.p99_ms:.2f} ms, {result.completeness:.4f} of the packets "
                f"({server.settings}; {profile})",
                flush=True,
            )
    report({name: summary(of) for name, of in results.items()})


def report(results: dict[str, Result]) -> None:
    ours, janus = results.get("forward"), results.get("janus")
    if ours:
        print(f"BENCH forward_cpu_us_per_packet={ours.cpu_us:.2f} us")
    if janus:
        print(f"BENCH janus_cpu_us_per_packet={janus.cpu_us:.2f} us")
    if ours and janus:
        print(f"BENCH forward_vs_janus={ours.cpu_us / janus.cpu_us:.3f}")
    for name, result in results.items():
        print(f"BENCH {name}_loss={result.loss:.6f}")
        print(f"BENCH {name}_p99_ms={result.p99_ms:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warm-up", type=float, default=3)
    parser.add_argument("--pace-us", type=int, default=0, help="µs between the packets of a frame; 0: all at once")
    parser.add_argument("--janus-event-loops", type=int, default=None, help="0: one thread for each peer")
    parser.add_argument("--only", choices=["forward", "janus"])
    arguments = parser.parse_args()
    namespace.enter("tests.load.bench_forward")
    asyncio.run(run(arguments))


if __name__ == "__main__":
    main()
