"""What the machine was doing besides, and a server of its own for a bench."""

import argparse
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from tests.deployment import Deployment


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
