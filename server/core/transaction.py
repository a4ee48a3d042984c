"""One write, one transaction, one event.

An action gets a `Transaction`: the session, who acts, and when. What must happen after the commit (sending events to
sockets) is registered with `after_commit` and runs only if the commit succeeded, in the order registered.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.bus import Bus
from server.core.clock import utc_now
from server.core.components import Components
from server.core.database import Database, gave_up, raced
from server.core.metrics import Histogram

T = TypeVar("T")


class Transaction:
    """`session`: flush as you like, never commit. `now`: the one time of everything written here. `bus`: for what
    `after_commit` has to tell. `database`: for reading beside what was committed before. `components`: hooks of
    features above, and what a feature keeps. `audit_key`: of the audit log's chain, from outside the database."""

    def __init__(
        self,
        session: AsyncSession,
        actor: Actor,
        now: datetime,
        bus: Bus,
        *,
        database: Database,
        components: Components,
        audit_key: bytes = b"",
    ) -> None:
        self.audit_key = audit_key
        self.components = components
        self.session = session
        self.actor = actor
        self.now = now
        self.bus = bus
        self.database = database
        self._before_commit: list[Callable[[], Awaitable[None]]] = []
        self._after_commit: list[Callable[[], None]] = []

    def before_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Runs `callback` as the transaction's last work, still inside it."""
        self._before_commit.append(callback)

    def after_commit(self, callback: Callable[[], None]) -> None:
        self._after_commit.append(callback)

    async def _finish(self) -> None:
        for callback in self._before_commit:
            await callback()
        await self.session.commit()

    def _committed(self) -> None:
        for callback in self._after_commit:
            callback()


_PAUSES = (0.05, 0.2, 0.8)
"""The longest before each further try, in seconds."""


async def tried_again(work: Callable[[], Awaitable[T]]) -> T:
    """What `work`, a whole transaction, returns; done again where the database ended it for another's sake, and once
    where another made the same first: nothing of it was written or told."""
    again = False
    for pause in _PAUSES:
        try:
            return await work()
        except DBAPIError as error:
            if not gave_up(error):
                if again or not raced(error):
                    raise
                again = True
                continue
        await asyncio.sleep(pause * random.random())  # noqa: S311  (spreads them, hides nothing)
    return await work()


class Transactions:
    """Opens write transactions. On SQLite a lock before the database keeps waiting writers out of its busy loop."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        components: Components,
        clock: Callable[[], datetime] = utc_now,
        audit_key: bytes = b"",
    ) -> None:
        self.audit_key = audit_key
        self._components = components
        self._database = database
        self._bus = bus
        self._clock = clock
        self._one_writer = asyncio.Lock() if database.is_sqlite else None
        self.waits = Histogram()
        """Of writers for their turn: for the one before (SQLite), or for a connection (PostgreSQL)."""

    @asynccontextmanager
    async def __call__(self, actor: Actor, *, long: bool = False) -> AsyncIterator[Transaction]:
        """`long`: its statements are over hundreds of rows; the event loop goes on meanwhile, other writers wait."""
        committed: list[Transaction] = []
        since = time.perf_counter()
        try:
            if self._one_writer is None:
                async with self._open(actor, committed, long, since) as transaction:
                    yield transaction
            else:
                async with self._one_writer, self._open(actor, committed, long, since) as transaction:
                    yield transaction
        finally:
            # The next writer has the lock already, and the pool its connection, while thousands are told. It cannot
            # have committed meanwhile (nothing is waited for in between), so events leave in the order of their
            # numbers. Whoever was cancelled just after the commit has written all the same.
            for each in committed:
                each._committed()

    async def run(self, actor: Actor, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """What `work` returns, done in a transaction; again as `tried_again` says. `work` may run several times, each
        with a transaction of its own."""

        async def whole() -> T:
            async with self(actor) as tx:
                return await work(tx)

        return await tried_again(whole)

    @asynccontextmanager
    async def _open(
        self, actor: Actor, committed: list[Transaction], long: bool, since: float
    ) -> AsyncIterator[Transaction]:
        async with self._database.sessions() as session:
            await session.connection(execution_options={"write": True, "long": long})
            self.waits.note(time.perf_counter() - since)
            transaction = Transaction(
                session,
                actor,
                self._clock(),
                self._bus,
                database=self._database,
                components=self._components,
                audit_key=self.audit_key,
            )
            try:
                yield transaction
                await transaction._finish()
            except BaseException:
                await session.rollback()
                raise
            committed.append(transaction)
