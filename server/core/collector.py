"""When Python looks for garbage in cycles: everything stands still meanwhile, in every thread.

Most of it is young and found young. What has lived through that (twelve thousand clients are some hundred thousand
objects) is walked through only now and then, at a moment when few are connected, or rarely.
"""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable

_YOUNG = 10_000
"""New objects from one look at the young ones to the next; they are walked through in half a millisecond."""
_MIDDLE = 4
"""Looks at the young ones to one at those that survived them: some milliseconds at most. By default it is ten, and with
larger first steps that made 30 ms."""
_NEVER = 1_000_000_000
_LOOK_SECONDS = 30.0
_WORTH = 50
"""Looks at the middle ones since the last at everything, from which a quiet moment is used."""
_LONGEST = 600.0
"""Seconds from one look at everything to the next, where there is anything to look at."""


def spare_the_collector() -> None:
    """What has been made so far stays until the end: it is left out of every look (`gc.freeze`). Measured: 8 % of the
    processor time of a busy server."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)


@contextlib.asynccontextmanager
async def collecting(quiet: Callable[[], bool]) -> AsyncIterator[None]:
    """Looks at everything, as long as the context is open, when it is worth it and `quiet()`; at the latest after ten
    minutes."""
    going = asyncio.create_task(_now_and_then(quiet), name="collector")
    try:
        yield
    finally:
        going.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await going


async def _now_and_then(quiet: Callable[[], bool]) -> None:
    looked = time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if due(gc.get_count()[2], time.monotonic() - looked, quiet=quiet()):
            gc.collect()
            looked = time.monotonic()


def due(middle: int, seconds: float, *, quiet: bool) -> bool:
    """Whether to look at everything now. `middle`: looks at the middle ones since, `seconds`: since then."""
    return middle > 0 and ((quiet and middle >= _WORTH) or seconds >= _LONGEST)
