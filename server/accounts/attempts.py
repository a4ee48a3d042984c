"""How often somebody may fail to sign in."""

import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from server.core.errors import DomainError, TooMany


class WrongPassword(DomainError):
    code = "wrong-password"
    status = 401
    vi = "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm tra phím Caps Lock và bộ gõ tiếng Việt rồi thử lại."
    en = "Wrong login or password. Check Caps Lock and the keyboard layout, then try again."


class Attempts:
    """Failures per login name and per address in a moving window. Kept in this process: a restart forgives."""

    def __init__(self, allowed: str) -> None:
        """`allowed` in the notation of `limits`: "10/minute"."""
        self._allowed = parse(allowed)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def attempt(self, login: str, address: str) -> AsyncIterator[None]:
        """Around one check of a password. TooMany, with the seconds to wait, if either has failed too often; attempts
        still under way count as failed, so sending many at once gains nothing. WrongPassword raised inside counts."""
        keys = (("login", login), ("address", address))
        self._under_way.update(keys)
        try:
            for key in keys:
                if not await self._limiter.test(self._allowed, *key, cost=self._under_way[key]):
                    raise await self._too_many(key)
            yield
            await self._limiter.clear(self._allowed, *keys[0])
        except WrongPassword:
            for key in keys:
                await self._limiter.hit(self._allowed, *key)
            raise
        finally:
            self._under_way.subtract(keys)
            for key in keys:
                if not self._under_way[key]:
                    del self._under_way[key]

    async def _too_many(self, key: tuple[str, str]) -> TooMany:
        reset_at, _ = await self._limiter.get_window_stats(self._allowed, *key)
        return TooMany(retry_after=max(1, math.ceil(reset_at - time.time())))
