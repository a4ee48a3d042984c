"""Work beside the event loop: threads with a loop, connections and a session of their own.

A thread for the statements alone would not do: of a list of twelve thousand people the rows take a tenth of the time,
and the objects, the sums and the text made from them the rest. Here all of it runs elsewhere, by the very same
coroutines.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

T = TypeVar("T")

LANES = 2
"""Threads. They share one interpreter with the event loop: more would not make anything faster."""


class Lanes:
    """Started at the first use. `engine` makes an engine; each lane has its own, as connections belong to loops."""

    def __init__(self, engine: Callable[[], AsyncEngine]) -> None:
        self._engine = engine
        self._lanes: list[_Lane] = []
        self._next = 0

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        if not self._lanes:
            self._lanes = [_Lane(self._engine, number) for number in range(LANES)]
        self._next += 1
        lane = min(self._lanes, key=lambda each: (each.busy, (each.number + self._next) % LANES))
        return await lane.run(work)

    async def close(self) -> None:
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            await lane.close()


class _Lane:
    def __init__(self, engine: Callable[[], AsyncEngine], number: int) -> None:
        self.number = number
        self.busy = 0
        self._engine = engine()
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"beside-{number}", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        self.busy += 1
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._work(work), self._loop))
        finally:
            self.busy -= 1

    async def _work(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async with self._sessions() as session:
            return await work(session)

    async def close(self) -> None:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._engine.dispose(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()
