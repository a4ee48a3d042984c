"""Lets as many of a crowd in as can be served; the others are told when it is their turn, at a fiftieth of the cost.

After a restart twelve thousand devices knock within seconds. Let in all at once they wait for each other, halls and
consoles among them; sent away to come again at random, they knock so often that refusing them is the work. So each gets
a turn of its own, as far ahead as the pace of the last seconds says, and knocks twice.
"""

import time
from collections.abc import Callable

PLACES = 100
"""Of the crowd, on their way in at the same time. Each of a hall's steps waits for one of each of them."""
SLOWEST, FASTEST = 100.0, 2_000.0
"""Entries a second: what is believed of a measured pace."""
FIRST_PACE = 700.0
"""Rather too fast: who comes too early is told again, at little cost; who is told too late has waited."""
_WINDOW = 1.0
"""Seconds from one look at the pace to the next."""
FALSE_CLAIMS = 20
"""In a second, from which on only those are believed to be a hall or a console whose cookie was one's before."""
_KNOWN = 20_000
"""Cookies: of more than all halls and consoles of a province."""
SOONEST = 1.0
LATEST = 60.0
"""Seconds that somebody is told to wait."""


class Turnstile:
    """One per process. `claims` says of a WebSocket's address (path and query) whether it asks for the place of a hall
    or a console, who never wait; `free`: whether it is for another part of this installation. All else is the crowd."""

    def __init__(
        self,
        claims: Callable[[bytes], bool],
        clock: Callable[[], float] = time.monotonic,
        places: int = PLACES,
        *,
        free: Callable[[bytes], bool] = lambda _address: False,
    ) -> None:
        self.places = places
        self._claims = claims
        self._free = free
        self._clock = clock
        self._inside = 0
        self._known: dict[int, None] = {}
        """Hashes of cookies, the oldest first."""
        self._false = 0
        self._false_since = 0.0
        self._pace = FIRST_PACE
        self._turn = 0.0
        """When the last turn given is due."""
        self._since = 0.0
        self._entered = 0

    def knock(self) -> float | None:
        """None: come in, and keep a place until `left`. Else the seconds until the turn that is kept."""
        now = self._clock()
        if self._inside < self.places:
            self._inside += 1
            return None
        self._measure(now)
        self._turn = max(self._turn, now + SOONEST) + 1 / self._pace
        return min(LATEST, self._turn - now)

    def left(self, *, entered: bool) -> None:
        """Gives the place back: let in, or turned away, by whomever and however early."""
        self._inside -= 1
        self._entered += entered

    def waits(self, address: bytes, cookie: bytes) -> bool:
        """Whether whoever asks here has to knock: all but other parts of the installation, and halls and consoles.
        Anybody can say to be one; when many do who are not, it counts whose cookie (the header as it came) was one's
        before."""
        if self._free(address):
            return False
        if not self._claims(address):
            return True
        return self._many_false() and hash(cookie) not in self._known

    def claimed(self, cookie: bytes, *, truly: bool) -> None:
        """Whether somebody who claimed to be a hall or a console was let in as one."""
        if not truly:
            if not self._many_false():
                self._false += 1
            return
        self._known.pop(hash(cookie), None)
        self._known[hash(cookie)] = None
        if len(self._known) > _KNOWN:
            del self._known[next(iter(self._known))]

    def _many_false(self) -> bool:
        now = self._clock()
        if now - self._false_since >= _WINDOW:
            self._false, self._false_since = 0, now
        return self._false >= FALSE_CLAIMS

    def _measure(self, now: float) -> None:
        """Called while all places are taken: what entered since is the pace."""
        past = now - self._since
        if past < _WINDOW:
            return
        if past < 2 * _WINDOW:
            self._pace = min(FASTEST, max(SLOWEST, (self._pace + self._entered / past) / 2))
        self._since, self._entered = now, 0
