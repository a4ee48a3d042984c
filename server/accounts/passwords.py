"""Passwords: argon2id in threads, a few at a time."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.accounts.attempts import Busy

MOST_WAITING = 200
"""About ten seconds' work of two cores."""


class Passwords:
    """Each check takes 64 MiB and about 0.1 s of one core (argon2-cffi's defaults, RFC 9106's low-memory profile), so
    `parallel` bounds what a storm of sign-ins can take; the others wait, and who would wait longer than people do is
    told so at once (`Busy`)."""

    def __init__(self, parallel: int, hasher: PasswordHasher | None = None, most_waiting: int = MOST_WAITING) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(parallel)
        self._threads = ThreadPoolExecutor(parallel, "argon2")
        """Its own: a storm of sign-ins keeps nobody from the disk."""
        self._most = most_waiting
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        async with self._in_turn():
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """False for None too (no such person, or none set), after as much work: time never tells which logins exist."""
        async with self._in_turn():
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, password, hashed)

    def needs_rehash(self, hashed: str) -> bool:
        """The parameters have changed since it was made."""
        return self._hasher.check_needs_rehash(hashed)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        if self._waiting >= self._most:
            raise Busy(retry_after=5)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    def _verify(self, password: str, hashed: str | None) -> bool:
        if hashed is None:
            if self._nobodys is None:
                self._nobodys = self._hasher.hash("")
            self._matches(password + "\0", self._nobodys)
            return False
        return self._matches(password, hashed)

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
