"""When Python looks for garbage in cycles: everything stands still meanwhile, in every thread.

Most of it is young and found young. What has lived through one look (twelve thousand clients are some hundred thousand
objects) is set aside, so that no look walks through it again: by default Python does so ever and again, for 20 to 50 ms
each. What becomes garbage in cycles after it was set aside waits, and costs memory alone, until few are connected.
"""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

_YOUNG = 5_000
"""New objects, less those that ended, from one look at the young ones to the next; they are walked through in two
milliseconds, where the processor's caches are cold in four."""
_MESSAGES = 1_000
"""Messages from one look to the next. Each leaves some new objects in the place of old ones, which the interpreter does
not count: twelve thousand answers to a page that was turned made one look of 57,000 objects and 36 ms."""
_NEVER = 1_000_000_000
_LOOK_SECONDS = 30.0
_GROWN = 64 * 1024 * 1024
"""Bytes of memory more than after the last look at everything, from which a quiet moment is used."""
_OVERGROWN = 1024 * 1024 * 1024
"""Bytes more, from which no quiet moment is waited for."""


def spare_the_collector() -> None:
    """What has been made so far stays until the end, and what survives its first look is set aside (`gc.freeze`)."""
    _look_at_everything()
    gc.set_threshold(_YOUNG, _NEVER, _NEVER)
    if _set_aside not in gc.callbacks:
        gc.callbacks.append(_set_aside)


class Turnover:
    """Looks at the young ones when many objects took the place of others."""

    def __init__(self) -> None:
        self._messages = 0

    def note(self, messages: int) -> None:
        self._messages += messages
        if self._messages >= _MESSAGES:
            self._messages = 0
            gc.collect(0)


turnover = Turnover()
"""Of this process."""


def _set_aside(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 0:
        gc.freeze()


def _look_at_everything() -> None:
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextlib.asynccontextmanager
async def collecting(quiet: Callable[[], bool]) -> AsyncIterator[None]:
    """Looks at everything, as long as the context is open, when it is worth it and `quiet()`."""
    going = asyncio.create_task(_now_and_then(quiet), name="collector")
    try:
        yield
    finally:
        going.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await going
        if _set_aside in gc.callbacks:
            gc.callbacks.remove(_set_aside)


async def _now_and_then(quiet: Callable[[], bool]) -> None:
    after = resident()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if due(resident() - after, quiet=quiet()):
            _look_at_everything()
            after = resident()


def due(grown: int, *, quiet: bool) -> bool:
    """Whether to look at everything now. `grown`: bytes of memory more than after the last such look."""
    return grown >= (_GROWN if quiet else _OVERGROWN)


def resident() -> int:
    """Bytes of this process in memory: the second number of /proc/self/statm, in pages (proc(5)). 0 where there is
    none."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
