"""How often somebody may fail to sign in.

Nobody is shut out by what others do: failures count for a login *from an address*, so a stranger's script locks neither
the chair nor the hall whose phones share one address. A browser that has signed in as this person before is counted by
itself, whatever its address. An address from which very many fail is not refused but slowed: one attempt of it is
looked at after the other.
"""

import asyncio
import ipaddress
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.core.errors import DomainError, TooMany

_A_LOGIN_AN_HOUR = parse("100/hour")
"""ASVS 4.0.3, 2.2.1: no more than a hundred failures an hour on one account (from one address)."""
_AN_ADDRESS = parse("100/minute")
"""Forty phones of one hall may each mistype twice."""
_WAITING_OF_AN_ADDRESS = 50


class WrongPassword(DomainError):
    code = "wrong-password"
    status = 401
    vi = "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm tra phím Caps Lock và bộ gõ tiếng Việt rồi thử lại."
    en = "Wrong login or password. Check Caps Lock and the keyboard layout, then try again."


class Busy(DomainError):
    code = "sign-in-busy"
    status = 503
    vi = "Đang có rất nhiều người đăng nhập cùng lúc. Đợi vài giây rồi bấm lại."
    en = "Very many people are signing in at once. Wait a few seconds and try again."


def network_of(address: str) -> str:
    """IPv6 hands every customer a /64 to change addresses in, so that is one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False).network_address)


_MISSED = parse("30/minute")


class Misses:
    """Codes that led nowhere, by the address that tried them. Kept in this process: a restart forgives."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def trying(self, address: str) -> None:
        """Before a code is looked up. TooMany if many led nowhere lately."""
        network = network_of(address)
        if not await self._limiter.test(_MISSED, "missed", network):
            raise await self._too_many(_MISSED, "missed", network)

    async def missed(self, address: str) -> None:
        await self._limiter.hit(_MISSED, "missed", network_of(address))

    async def _too_many(self, limit: RateLimitItem, *key: str) -> TooMany:
        reset_at, _ = await self._limiter.get_window_stats(limit, *key)
        return TooMany(retry_after=max(1, math.ceil(reset_at - time.time())))


class Attempts:
    """Failures in moving windows. Kept in this process: a restart forgives."""

    def __init__(self, allowed: str) -> None:
        """`allowed` for one login from one address, in the notation of `limits`: "10/minute"."""
        self._windows = (parse(allowed), _A_LOGIN_AN_HOUR)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[tuple[str, ...]] = Counter()
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def attempt(self, login: str, address: str, *, known: str | None = None) -> AsyncIterator[None]:
        """Around one check of a password. `known`: names the browser, if it has signed in with this login before.
        TooMany, with the seconds to wait, if this login failed too often from there; attempts still under way count as
        failed, so sending many at once gains nothing. WrongPassword raised inside counts. Busy for an address from
        which too many wait already."""
        network = network_of(address)
        key = ("known", login, known) if known is not None else ("login", login, network)
        self._under_way[key] += 1
        try:
            for window in self._windows:
                if not await self._limiter.test(window, *key, cost=self._under_way[key]):
                    reset_at, _ = await self._limiter.get_window_stats(window, *key)
                    raise TooMany(retry_after=max(1, math.ceil(reset_at - time.time())))
            if known is not None or await self._limiter.test(_AN_ADDRESS, "address", network):
                yield
            else:
                async with self._turn(network):
                    yield
            for window in self._windows:
                await self._limiter.clear(window, *key)
        except WrongPassword:
            for window in self._windows:
                await self._limiter.hit(window, *key)
            if known is None:
                await self._limiter.hit(_AN_ADDRESS, "address", network)
            raise
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    @asynccontextmanager
    async def _turn(self, network: str) -> AsyncIterator[None]:
        """One after the other."""
        if self._waiting[network] >= _WAITING_OF_AN_ADDRESS:
            raise Busy(retry_after=5)
        self._waiting[network] += 1
        try:
            async with self._turns.setdefault(network, asyncio.Lock()):
                yield
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network], self._turns[network]
