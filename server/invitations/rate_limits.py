"""How often one address may knock at doors: ask to be let in, or try codes that lead nowhere."""

import math
import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.core.errors import TooMany

_ASKED = parse("30/10minute")
"""A hall's phones share one address: a row of strangers gets in, a script does not get far."""
_MISSED = parse("30/minute")


class Knocks:
    """One per process; a restart forgives."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def asking(self, address: str) -> None:
        """Before a request to be let in. TooMany."""
        if not await self._limiter.hit(_ASKED, "asked", address):
            raise await self._too_many(_ASKED, "asked", address)

    async def trying(self, address: str) -> None:
        """Before a code is looked up. TooMany if many led nowhere lately."""
        if not await self._limiter.test(_MISSED, "missed", address):
            raise await self._too_many(_MISSED, "missed", address)

    async def missed(self, address: str) -> None:
        await self._limiter.hit(_MISSED, "missed", address)

    async def _too_many(self, limit: RateLimitItem, *key: str) -> TooMany:
        reset_at, _ = await self._limiter.get_window_stats(limit, *key)
        return TooMany(retry_after=max(1, math.ceil(reset_at - time.time())))
