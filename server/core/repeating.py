"""Work that is done again and again beside the application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger(__name__)


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
