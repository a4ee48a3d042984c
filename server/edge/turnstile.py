"""Lets as many of a crowd in as can be served; the others are told when it is their turn, at a fiftieth of the cost.

After a restart twelve thousand devices knock within seconds. Let in all at once they wait for each other, halls and
consoles among them; sent away to come again at random, they knock so often that refusing them is the work. So each gets
a turn of its own, as far ahead as the pace of the last seconds says, and knocks twice.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator

PLACES = 100
"""Of the crowd, on their way in at the same time. Each of a hall's steps waits for one of each of them."""
SLOWEST, FASTEST = 100.0, 2_000.0
"""Entries a second: what is believed of a measured pace."""
FIRST_PACE = 700.0
"""Rather too fast: who comes too early is told again, at little cost; who is told too late has waited."""
_WINDOW = 1.0
"""Seconds from one look at the pace to the next, and after which somebody who was let on and did not come has gone."""
SOONEST = 1.0
LATEST = 60.0
"""Seconds that somebody is told to wait."""


class Turnstile:
    """One per process. `of_the_crowd` says of a WebSocket's address whether it is for those who wait."""

    def __init__(
        self, of_the_crowd: Callable[[bytes], bool], clock: Callable[[], float] = time.monotonic, places: int = PLACES
    ) -> None:
        self.of_the_crowd = of_the_crowd
        self.places = places
        self._clock = clock
        self._inside = 0
        self._coming: deque[float] = deque()
        """When those were let on who are not inside yet."""
        self._pace = FIRST_PACE
        self._turn = 0.0
        """When the last turn given is due."""
        self._since = 0.0
        self._entered = 0

    def knock(self) -> float | None:
        """None: come in, or the seconds until the turn that is kept."""
        now = self._clock()
        while self._coming and now - self._coming[0] > _WINDOW:
            self._coming.popleft()
        if self._inside + len(self._coming) < self.places:
            self._coming.append(now)
            return None
        self._measure(now)
        self._turn = max(self._turn, now + SOONEST) + 1 / self._pace
        return min(LATEST, self._turn - now)

    def turned_back(self) -> None:
        """Somebody who was let on does not come: what was sent is no handshake. Else each such would keep a place."""
        if self._coming:
            self._coming.pop()

    @contextlib.contextmanager
    def coming_in(self) -> Iterator[None]:
        """While somebody who knocked is on the way in: let in, or refused, at its end."""
        if self._coming:
            self._coming.popleft()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._entered += 1

    def _measure(self, now: float) -> None:
        """Called while all places are taken: what entered since is the pace."""
        past = now - self._since
        if past < _WINDOW:
            return
        if past < 2 * _WINDOW:
            self._pace = min(FASTEST, max(SLOWEST, (self._pace + self._entered / past) / 2))
        self._since, self._entered = now, 0
