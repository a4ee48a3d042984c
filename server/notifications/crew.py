"""The processes that carry e-mails (`sending_child`): started when there are many to carry, kept for a while, and ended
with the server."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.core.processes import started
from server.core.services import Services
from server.notifications.carrier import Report, Unit, put, take

_ROOT = Path(__file__).parents[2]


class Crew:
    """One per application."""

    def __init__(self) -> None:
        self._idle: list[subprocess.Popen[bytes]] = []

    @asynccontextmanager
    async def hand(self) -> AsyncIterator["Hand"]:
        """A process for as long as the context is open. One that was broken off in the middle is not used again."""
        process = await self._take()
        try:
            yield Hand(process)
        except BaseException:
            _end(process)
            raise
        self._idle.append(process)

    async def _take(self) -> subprocess.Popen[bytes]:
        while self._idle:
            process = self._idle.pop()
            if process.poll() is None:
                return process
            _end(process)
        return await started(
            [sys.executable, "-m", "server.notifications.sending_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
        )

    def dismiss(self) -> None:
        while self._idle:
            _end(self._idle.pop())


class Hand:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    async def carry(self, unit: Unit) -> Report:
        """EOFError, OSError: the process has ended."""
        return await asyncio.to_thread(self._ask, unit)

    def _ask(self, unit: Unit) -> Report:
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018  both are pipes
        put(self._process.stdin, unit)
        report = take(self._process.stdout)
        assert isinstance(report, Report)  # noqa: S101  nothing else is answered
        return report


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not written yet
                continue


@asynccontextmanager
async def crewed(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`: nobody is left behind."""
    try:
        yield
    finally:
        services.components[Crew].dismiss()
