"""Work that is done again and again beside the application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)


class Beat:
    """Does `work` again and again from `start` to `stop`, after `seconds()` each time. What it raises is logged as
    `failure`. `stop` breaks it off."""

    def __init__(self, work: Callable[[], Awaitable[object]], seconds: Callable[[], float], failure: str) -> None:
        self._work, self._seconds, self._failure = work, seconds, failure
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds())
            try:
                await self._work()
            except Exception:
                log.exception(self._failure)


@asynccontextmanager
async def repeated(work: Callable[[], Awaitable[object]], seconds: float, failure: str) -> AsyncIterator[None]:
    """Does `work`, waits, does it again, and once more at the end. What it raises is logged as `failure`."""

    async def run() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception(failure)
            await asyncio.sleep(seconds)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        with contextlib.suppress(Exception):
            await work()
