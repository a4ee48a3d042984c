"""What the machine was doing besides, and a server of its own for a bench."""

import argparse
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

from tests.deployment import Deployment

T = TypeVar("T")


def warn_if_busy() -> None:
    """Says so when others use the processor too: delays then measure the machine rather than the server."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"Note: the machine is busy already (load {load:.1f} on {cores} cores); delays will be too long.")


def be_elsewhere() -> None:
    """This process and those it starts from here on take what processor time the server leaves (sched(7), SCHED_IDLE):
    twelve thousand devices are other machines, and never take a core from it in the middle of a step."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


async def on_a_deployment(
    name: str,
    measure: Callable[[Deployment, argparse.Namespace, Path], Awaitable[None]],
    arguments: argparse.Namespace,
) -> None:
    """Measures on a server of its own in a folder that goes with it. `arguments.log`: prints the end of its log."""
    warn_if_busy()
    with tempfile.TemporaryDirectory(prefix=f"nhipcau-{name}-") as folder:
        deployment = Deployment(Path(folder) / "var")
        try:
            await measure(deployment, arguments, Path(folder))
        finally:
            if arguments.log:
                print(deployment.tail(20_000))
            deployment.stop()


def cpu_seconds(process: psutil.Process) -> float:
    """User and system, all threads of the process, without its children."""
    times = process.cpu_times()
    return times.user + times.system


def queued_seconds(pid: int) -> float:
    """So long the process's first thread (of a server: its event loop) was ready to run and others had the processors:
    the second number of schedstat (Documentation/scheduler/sched-stats.rst)."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1]) / 1e9


@dataclass
class Waits:
    """Of one request after the other to the server `pid`, milliseconds each. `own`: without the time for which its
    event loop, or this process, waited for a processor, which is the machine's doing and not the server's."""

    pid: int
    by_clock: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    async def of(self, request: Awaitable[T]) -> T:
        queued, began = self._queued(), time.perf_counter()
        answer = await request
        waited = time.perf_counter() - began
        self.by_clock.append(waited * 1000)
        self.own.append(max(0.0, waited - (self._queued() - queued)) * 1000)
        return answer

    def _queued(self) -> float:
        return queued_seconds(self.pid) + queued_seconds(os.getpid())
