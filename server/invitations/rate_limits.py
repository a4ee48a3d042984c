"""How often one address may knock at doors: ask to be let in, or try codes that lead nowhere."""

from limits import RateLimitItem, parse

from server.accounts.attempts import Misses, network_of

_ASKED = parse("30/10minute")
"""A hall's phones share one address: a row of strangers gets in, a script does not get far."""
_ASKED_FROM_AFAR = parse("10/10minute")
"""Without the code of a hall's screen."""


class EntryLimits(Misses):
    """One per process; a restart forgives."""

    async def asking(self, address: str) -> None:
        """Before a request to be let in. TooMany."""
        await self._count(_ASKED, "asked", address)

    async def asking_from_afar(self, address: str) -> None:
        """The same, of who does not stand before a hall's screen."""
        await self._count(_ASKED_FROM_AFAR, "from-afar", address)

    async def _count(self, limit: RateLimitItem, what: str, address: str) -> None:
        network = network_of(address)
        if not await self._limiter.hit(limit, what, network):
            raise await self._too_many(limit, what, network)
