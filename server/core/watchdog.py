"""Says what holds the event loop.

A thread looks at a clock that the loop sets every few milliseconds. Once it stands for too long, the thread notes what
the loop's thread executes just then, so that the log names the line and not only the fact.
"""

import asyncio
import contextlib
import faulthandler
import gc
import os
import re
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

COUNTED_SECONDS = 0.010
"""Whatever stands longer is counted: pages turn for 12,000 devices on this loop."""
BEAT_SECONDS = 0.004
_BEATS_A_READING = 16
"""Of the queue for the processors. To read it lets go of the interpreter, which in a busy process somebody else takes:
read in every beat, it was a tenth of what a download cost."""
_NAMED_AT = 0.8
"""Of the time that is logged: a little before its end, whoever holds the loop is still there."""
_FRAMES = 12
"""Of a stack, from its innermost outwards."""


@dataclass(slots=True)
class Watchdog:
    """`logged`: seconds from which a stall is written to the log, with its stack."""

    logged: float
    stalls: int = 0
    """Longer than `COUNTED_SECONDS`, since the start."""
    worst: float = 0.0
    """Seconds of the longest."""
    late: float = 0.0
    """Seconds of all of them together."""
    _named: float = 0.0
    """Seconds from which its stack is noted: not of what will not be logged, for it costs everybody a millisecond."""
    _beat: float = 0.0
    _stack: str = ""
    _over: bool = False
    _collecting_since: tuple[float, float] = (0.0, 0.0)
    """Seconds by the clock, and of this thread's work."""

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watches the running loop."""
        loop_thread = threading.get_ident()
        self._named = max(COUNTED_SECONDS, self.logged * _NAMED_AT) + BEAT_SECONDS
        self._beat = time.monotonic()
        thread = threading.Thread(target=self._look, args=(loop_thread,), name="watchdog", daemon=True)
        thread.start()
        beating = asyncio.create_task(self._keep_beating(), name="watchdog")
        gc.callbacks.append(self._collects)
        try:
            yield
        finally:
            gc.callbacks.remove(self._collects)
            self._over = True
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
            thread.join()

    async def _keep_beating(self) -> None:
        with _queue_of_this_thread() as queued:
            while True:
                waited = queued()
                for _ in range(_BEATS_A_READING):
                    if await self._one_beat(waited, queued):
                        break

    async def _one_beat(self, waited: float, queued: Callable[[], float]) -> bool:
        """Whether the loop stood. `waited`: what `queued` said some beats ago."""
        due, used = time.monotonic() + BEAT_SECONDS, time.thread_time()
        await asyncio.sleep(BEAT_SECONDS)
        now = time.monotonic()
        late, stack, self._stack, self._beat = now - due, self._stack, "", now
        if late <= COUNTED_SECONDS:
            return False
        self.stalls += 1
        self.late += late
        self.worst = max(self.worst, late)
        if late > self.logged:
            # Neither work nor waiting for a processor: a thread here held the interpreter, or the disk did.
            # Both are counted from beats before, so what was done in time before the stall is in them.
            log.warning(
                "loop-held",
                ms=round(late * 1000, 1),
                cpu_ms=round(min(time.thread_time() - used, late) * 1000, 1),
                queued_ms=round(min(queued() - waited, late) * 1000, 1),
                where=stack,
            )
        return True

    def _collects(self, phase: str, info: dict[str, int]) -> None:
        """Called by the garbage collector, in whatever thread it runs: all others stand still."""
        now, used = time.perf_counter(), time.thread_time()
        if phase == "start":
            self._collecting_since = now, used
        elif (taken := now - self._collecting_since[0]) > self.logged:
            log.warning(
                "collector-held",
                ms=round(taken * 1000, 1),
                cpu_ms=round((used - self._collecting_since[1]) * 1000, 1),
                generation=info["generation"],
            )

    def _look(self, loop_thread: int) -> None:
        while not self._over:
            time.sleep(BEAT_SECONDS)
            if not self._stack and time.monotonic() - self._beat > self._named:
                self._stack = _stack_of(loop_thread)


@contextlib.contextmanager
def _queue_of_this_thread() -> Iterator[Callable[[], float]]:
    """Seconds so far that this thread was ready to run and others had the processors: the second number of
    /proc/…/schedstat (Documentation/scheduler/sched-stats.rst), in nanoseconds. Always 0 where there is none."""
    try:
        file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    except OSError:
        yield lambda: 0.0
        return
    try:
        yield lambda: int(os.pread(file, 100, 0).split()[1]) / 1e9
    finally:
        os.close(file)


_FRAME = re.compile(r'  File "(.*)", line (\d+) in (.*)')


def _stack_of(thread: int) -> str:
    """From the innermost frame outwards. Written by `faulthandler`, in C and under the interpreter's lock: walked frame
    by frame from here, the thread would go on meanwhile and leave a greenlet, whose frames' way back then leads
    nowhere, and the process dies of it (seen on Python 3.11 under load)."""
    with tempfile.TemporaryFile(buffering=0) as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        text = file.read().decode(errors="replace")
    _, _, of_thread = text.partition(f"{thread:x} (most recent call first):\n")
    frames = [found for line in of_thread.split("\n\n")[0].splitlines() if (found := _FRAME.fullmatch(line))]
    return " < ".join(f"{_short(found[1])}:{found[2]} {found[3]}" for found in frames[:_FRAMES])


def _short(path: str) -> str:
    """The last three parts: `server/live/room.py`."""
    return "/".join(path.rsplit("/", 3)[-3:])
