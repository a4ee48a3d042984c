"""Keeps the embedded media node running beside the server: starts it, starts it again when it ends, ends it."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from server.core.config import Settings

logger = structlog.get_logger(__name__)

SHORTEST_WAIT = 0.3
LONGEST_WAIT = 10.0
"""Seconds before a node that ended is started again; doubled each time it ends soon."""
HEALTHY_AFTER = 30.0
STOP_SECONDS = 5.0


def node_command(settings: Settings, secret_file: Path) -> list[str]:
    """How the embedded node is started; it dials this very server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(settings.host, settings.host)
    command = [
        *(sys.executable, "-m", "media.node", "--supervised"),
        *("--server", f"ws://{host}:{settings.port}/media/node"),
        *("--secret-file", str(secret_file), "--bind", settings.media_address),
    ]
    for address in settings.media_advertise:
        command += ["--advertise", address]
    return command


class Supervisor:
    """`command`: a process that ends when its standard input is closed. The pipe's other end dies with this process in
    whatever way that dies, so no node is ever left behind."""

    def __init__(self, command: Sequence[str], *, shortest_wait: float = SHORTEST_WAIT) -> None:
        self.command = list(command)
        self.process: asyncio.subprocess.Process | None = None
        self._shortest_wait = shortest_wait
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Returns when the process is gone."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _run(self) -> None:
        wait = self._shortest_wait
        while True:
            began = time.monotonic()
            try:
                await self._once()
            except OSError as error:
                logger.error("media-node-not-started", error=str(error))
            if time.monotonic() - began > HEALTHY_AFTER:
                wait = self._shortest_wait
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _once(self) -> None:
        process = await asyncio.create_subprocess_exec(*self.command, stdin=asyncio.subprocess.PIPE)
        self.process = process
        logger.info("media-node-started", pid=process.pid)
        try:
            code = await process.wait()
            logger.warning("media-node-ended", pid=process.pid, code=code)
        finally:
            await _end(process)
            self.process = None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
