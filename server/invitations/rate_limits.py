"""How often one address may knock at doors: ask to be let in, or try codes that lead nowhere."""

import math
import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.accounts.attempts import network_of
from server.core.errors import TooMany

_ASKED = parse("30/10minute")
"""A hall's phones share one address: a row of strangers gets in, a script does not get far."""
_ASKED_FROM_AFAR = parse("10/10minute")
"""Without the code of a hall's screen."""
_MISSED = parse("30/minute")


class EntryLimits:
    """One per process; a restart forgives."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def asking(self, address: str) -> None:
        """Before a request to be let in. TooMany."""
        await self._count(_ASKED, "asked", address)

    async def asking_from_afar(self, address: str) -> None:
        """The same, of who does not stand before a hall's screen."""
        await self._count(_ASKED_FROM_AFAR, "from-afar", address)

    async def trying(self, address: str) -> None:
        """Before a code is looked up. TooMany if many led nowhere lately."""
        network = network_of(address)
        if not await self._limiter.test(_MISSED, "missed", network):
            raise await self._too_many(_MISSED, "missed", network)

    async def missed(self, address: str) -> None:
        await self._limiter.hit(_MISSED, "missed", network_of(address))

    async def _count(self, limit: RateLimitItem, what: str, address: str) -> None:
        network = network_of(address)
        if not await self._limiter.hit(limit, what, network):
            raise await self._too_many(limit, what, network)

    async def _too_many(self, limit: RateLimitItem, *key: str) -> TooMany:
        reset_at, _ = await self._limiter.get_window_stats(limit, *key)
        return TooMany(retry_after=max(1, math.ceil(reset_at - time.time())))
