"""How much of what came is read in one turn of the event loop.

The loop hands over what has come on every socket before it does anything else. After a moment in which the process
could not run, or when a whole conference answers at once, that are twelve thousand messages: a third of a second in
which no page is turned. So a turn reads for some milliseconds; the lines whose data came later wait for the next, in
the order in which it came."""

import asyncio
import time
from collections import deque
from typing import Protocol

TURN_SECONDS = 0.004


class Line(Protocol):
    def read_on(self) -> None:
        """Reads what has come and was put aside."""


class ReadingTurns:
    """One per event loop."""

    def __init__(self) -> None:
        self._waiting: deque[Line] = deque()
        self._ends: float | None = None
        """By the monotonic clock; None before anything was read in this turn."""

    def allow(self, line: Line) -> bool:
        """Whether there is time left in this turn. If not, `line.read_on` is called in a later one."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + TURN_SECONDS
            asyncio.get_running_loop().call_soon(self._next)
        if now < self._ends and not self._waiting:
            return True
        self._waiting.append(line)
        return False

    def _next(self) -> None:
        """The next turn: first whoever waits."""
        self._ends = None
        if not self._waiting:
            return
        asyncio.get_running_loop().call_soon(self._next)
        self._ends = time.monotonic() + TURN_SECONDS
        while self._waiting and time.monotonic() < self._ends:
            self._waiting.popleft().read_on()
