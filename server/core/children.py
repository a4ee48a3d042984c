"""Processes that run beside the server: started, started again when they die, ended with it."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from server.core.processes import ended, started

log = structlog.get_logger(__name__)

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
_GRACE = 5.0
"""Seconds a child has to end by itself before it is killed."""
_SETTLED = 60.0
"""A child that lived this long starts again after the first pause."""


@asynccontextmanager
async def supervised(name: str, command: Sequence[str], log_file: Path) -> AsyncIterator[None]:
    """Keeps `command` running while the context is open. Its output is appended to `log_file`; its standard input is a
    pipe of ours, so a child that watches it ends even when this process is killed."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    keeper = asyncio.create_task(_keep(name, command, log_file), name=f"keeper of {name}")
    try:
        yield
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper


async def _keep(name: str, command: Sequence[str], log_file: Path) -> None:
    loop = asyncio.get_running_loop()
    pause = _FIRST_PAUSE
    while True:
        began = loop.time()
        try:
            with log_file.open("ab") as output:
                child = await started(command, stdin=subprocess.PIPE, stdout=output, stderr=output)
        except OSError as error:
            log.error("child-not-started", child=name, error=str(error), again_in=_LONGEST_PAUSE)
            await asyncio.sleep(_LONGEST_PAUSE)
            continue
        log.info("child-started", child=name, pid=child.pid)
        try:
            code = await ended(child)
        finally:
            await _end(child)
        if loop.time() - began >= _SETTLED:
            pause = _FIRST_PAUSE
        log.warning("child-ended", child=name, code=code, again_in=pause, log=str(log_file))
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            await asyncio.wait_for(ended(child), _GRACE)
        except TimeoutError:
            child.kill()
            await ended(child)
    if child.stdin is not None:
        child.stdin.close()
