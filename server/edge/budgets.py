"""What one client may take of this server, in one place: the numbers, and what counts connections and refusals.

Every limit is per client or makes room by dropping whoever waits idly, so that a stranger, or one signed-in person with
a program, is held before halls and consoles notice. Behind a proxy the addresses of connections are the proxy's; what
counts by address there counts the address that the proxy names.
"""

import asyncio
import resource
import time
from collections import Counter
from typing import Protocol

import structlog
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.edge.reading_turns import ReadingTurns

log = structlog.get_logger(__name__)

# -- requests

HEAD_BYTES = 64 * 1024
"""Request line and headers. nginx takes 32 KiB, browsers send 1 or 2."""
HEADERS = 200
"""Fields of a head: each is looked through several times."""
HEAD_SECONDS = 10.0
"""From the connection, or from the last response, to the whole head of a request."""
BODY_SECONDS = 60.0
"""Within which more of a request's body has to come: a megabyte takes minutes on a weak line."""
DRAIN_SECONDS = 60.0
"""Within which more of an answer has to leave that its reader does not take up."""
BODY = 1024 * 1024
"""Bytes. The largest JSON body of this API, a conference over some thousand points, is a tenth of it."""
ENTRANCE_BODY = 16 * 1024
"""Bytes of what strangers may send: sign-in, and the door of a meeting."""
IMPORT_BODY = 5 * 1024 * 1024
CHUNK_BODY = 8 * 1024 * 1024
"""Bytes of an upload's piece; it is never held whole."""
FIELD_ERRORS = 20
"""Wrong fields that are named in an answer: more helps nobody, and costs the server more than the sender."""

# -- connections

KEPT_DESCRIPTORS = 512
"""For the database, files, child processes and the media nodes' lines."""
WAITING_AN_ADDRESS = 1024
"""Connections of one address without a whole request: its oldest one goes when there are more."""
RESERVED = 0.1
"""Part of all connections that only halls and consoles take."""
NEARLY = 0.8
"""Part of all connections from which on the log says how many there are."""

# -- the live channel

FRAME_BURST = 300
FRAMES_PER_SECOND = 60.0
"""Frames of any kind, pings too, before a socket is closed (1008). Commands have a smaller allowance, which only makes
them wait: `server.live.client`."""
FRAGMENTS = 64
"""Frames of one message: empty ones have no size that would add up."""
FRAME_SLICE = 4096
"""Bytes that are parsed before the frames in them are counted: at most 680 empty pings, 4 ms."""
SOCKETS_A_SESSION = 12
"""Tabs of one browser; a weak line leaves some half-open behind."""
SOCKETS_A_PERSON = 40
SOCKETS_AN_ADDRESS = 0.5
"""Part of all connections. A whole province may come from one address; it still leaves room for others."""
OPENINGS_BURST = 30
OPENINGS_PER_SECOND = 0.5
"""Sockets that one session opens: each costs a snapshot."""
OPENING_OF_A_HALL = 0.25
"""What a hall's or console's socket counts there: a bad line must not keep them out."""

# -- media

MEDIA_A_PERSON = 2
"""Media sessions of one person's desks and phones; an older one ends."""
OFFER_BURST = 8
OFFERS_PER_SECOND = 0.5
"""Of a desk: each costs the node a handshake."""

# -- files

UPLOADS_A_PERSON = 4 * 1024**3
"""Bytes of a person's unfinished uploads: the papers of a whole session, chosen at once."""

# -- exports

EXPORTS_WAITING = 8
"""Exports that wait for their turn; more are sent away."""
EXPORT_SECONDS = 60
EXPORT_MEMORY_MB = 1024
EXPORT_TEXT = 2 * 1024 * 1024
"""Characters of one export of notes: a thousand pages."""

_SWEEP_SECONDS = 2.0
_QUIET_SECONDS = 10.0


class Allowance:
    """A token bucket. Times are of the monotonic clock."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = burst
        self._rate = rate
        self._left = burst
        self._at = time.monotonic()

    def take(self, amount: float = 1.0) -> bool:
        """Whether there was enough; what there was is gone either way."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - amount
        self._at = now
        if self._left >= 0:
            return True
        self._left = 0.0
        return False

    @property
    def full(self) -> bool:
        return self._left + (time.monotonic() - self._at) * self._rate >= self._burst


class Refusals:
    """How often each limit was reached. A flood must not become one of log lines: each kind is logged at once, then
    every ten seconds with how many there were."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self._unsaid: Counter[str] = Counter()
        self._said_at: dict[str, float] = {}

    def note(self, limit: str, **about: object) -> None:
        self.total[limit] += 1
        self._unsaid[limit] += 1
        now = time.monotonic()
        if now - self._said_at.get(limit, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._said_at[limit] = now
            log.warning("limit-reached", limit=limit, times=self._unsaid.pop(limit), **about)


class Waiting(Protocol):
    """A connection that has not sent a whole request."""

    def too_late(self) -> None:
        """Its time is over."""
        ...

    def give_way(self) -> None:
        """Its place is needed."""
        ...


class Connections:
    """The open connections of this process, and which of them wait without a whole request.

    Nobody is refused here: whoever waits longest makes room, so a newcomer always gets in to say who it is."""

    def __init__(self, trusted_proxies: str, most: int | None = None) -> None:
        self.refusals = Refusals()
        self.turns = ReadingTurns()
        self.open = 0
        self._most = most
        self._proxies = ProxyHeadersMiddleware(_nowhere, trusted_proxies).trusted_hosts
        self._deadlines: dict[Waiting, float] = {}
        self._addresses: dict[str, dict[Waiting, None]] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def most(self) -> int:
        """Connections that may be open at once."""
        if self._most is None:
            descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            unlimited = descriptors == resource.RLIM_INFINITY
            self._most = max(64, (1 << 20 if unlimited else descriptors) - KEPT_DESCRIPTORS)
        return self._most

    @property
    def only_reserve_left(self) -> bool:
        """What is still free is for halls and consoles."""
        return self.open >= self.most * (1 - RESERVED)

    def is_proxy(self, address: str) -> bool:
        """Many clients come from there."""
        return address in self._proxies

    def opened(self) -> None:
        self.open += 1
        if self.open >= self.most * NEARLY:
            self.refusals.note("connections-nearly-all", open=self.open, most=self.most, waiting=len(self._deadlines))

    def closed(self) -> None:
        self.open -= 1

    def waits(self, connection: Waiting, address: str, seconds: float) -> None:
        """From now on, until `works`."""
        self.works(connection, address)
        self._deadlines[connection] = time.monotonic() + seconds
        if address not in self._proxies:
            of_address = self._addresses.setdefault(address, {})
            of_address[connection] = None
            if len(of_address) > WAITING_AN_ADDRESS:
                self.refusals.note("connections-of-an-address", address=address)
                next(iter(of_address)).give_way()
        if self.open > self.most:
            self.refusals.note("connections", open=self.open)
            next(iter(self._deadlines)).give_way()
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)

    def works(self, connection: Waiting, address: str) -> None:
        """It has sent a whole request, or is gone."""
        if self._deadlines.pop(connection, None) is None:
            return
        of_address = self._addresses.get(address)
        if of_address is not None:
            of_address.pop(connection, None)
            if not of_address:
                del self._addresses[address]

    def _sweep(self) -> None:
        now = time.monotonic()
        for connection in [each for each, deadline in self._deadlines.items() if deadline <= now]:
            connection.too_late()
        self._sweeper = None
        if self._deadlines:
            self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._sweep)


async def _nowhere(*_: object) -> None:
    """The middleware is only asked whom it trusts."""
