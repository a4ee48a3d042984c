"""The database: one engine, one declarative base, column types that behave alike on SQLite and PostgreSQL."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, TypeVar

import aiosqlite
import structlog
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event, func, make_url, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import StaticPool

from server.core.beside import Lanes
from server.core.clock import utc_now
from server.core.errors import Conflict, DomainError, Unavailable
from server.core.uniqueness import refusal_of_second

log = structlog.get_logger(__name__)

T = TypeVar("T")

_BUSY_SECONDS = 15
_SLOW_SECONDS = 0.25
_NO_CLOCK_DIFFERS = timedelta(seconds=2)
"""So long may be the way to the database and back."""
_POOL_BESIDE = 2
"""Connections of each thread beside: what comes while they are taken waits, with the event loop free."""
_TURN_SECONDS = 0.003
"""So long one transaction's statements may follow each other on the event loop before others have their turn."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware UTC on both sides; SQLite stores it naive. Refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: pass one with a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {datetime: UtcDateTime}


class Database:
    """Owns the engine. `read()` gives a session for queries, `beside()` lends one in another thread; writes go through
    `core.transaction`."""

    def __init__(self, url: str, pool: int = 20) -> None:
        """`pool`: connections that are kept; half as many more are opened in a rush."""
        self.engine = _engine(url, pool)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=True)
        self._glancing = self.engine.execution_options(glance=True)
        self._lanes = Lanes(lambda: _engine(url, _POOL_BESIDE))

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self, *, long: bool = False) -> AsyncIterator[AsyncSession]:
        """`long`: for what may take more than some milliseconds, a search or a report over everything; others go on
        meanwhile."""
        async with self.sessions() as session:
            if long:
                await session.connection(execution_options={"long": True})
            yield session

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """For one short statement without objects, where there is one in every request: no session, and on SQLite no
        transaction around it."""
        async with self._glancing.connect() as connection:
            yield connection

    async def beside(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """What `work` returns, done in a thread with an event loop and a session of its own, for reading. For lists,
        reports and states of a whole meeting: not only their statements take long, but also making objects of what
        these return. `work` must touch nothing that belongs to the caller's loop."""
        return await self._lanes.run(work)

    async def count_again(self, *models: type[Base]) -> None:
        """After many rows came or went at once: PostgreSQL plans by what it last counted of a table, and by itself it
        counts again only minutes later (PostgreSQL 17, 24.1.3 and 24.1.6), while the next list is asked for at once.
        Reading and writing go on meanwhile. Nothing rests on it: what cannot be had now is left to the database.
        SQLite plans without counts."""
        if self.is_sqlite:
            return
        try:
            async with self.engine.begin() as connection:
                for model in models:
                    await connection.exec_driver_sql(f'ANALYZE "{model.__tablename__}"')
        except DBAPIError as error:
            log.warning("not-counted-again", tables=[model.__tablename__ for model in models], error=str(error.orig))

    async def close(self) -> None:
        await self._lanes.close()
        await self.engine.dispose()


LOCK_SECONDS = 10
"""PostgreSQL: a writer waits no longer for another's lock. It is told `Busy`, and nothing of it is written."""
IDLE_SECONDS = 120
"""PostgreSQL ends a transaction whose process says nothing for so long, and with it its locks: one that was stopped in
the middle holds nobody up."""
_SILENT_SECONDS = 15
"""So long after a machine is gone without a word its connections are, too (by default two hours, locks and all)."""


def _with_patience(engine: AsyncEngine) -> AsyncEngine:
    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for setting, value in (
            ("lock_timeout", f"{LOCK_SECONDS}s"),
            ("idle_in_transaction_session_timeout", f"{IDLE_SECONDS}s"),
            ("tcp_keepalives_idle", _SILENT_SECONDS // 3),
            ("tcp_keepalives_interval", _SILENT_SECONDS // 3),
            ("tcp_keepalives_count", 2),
        ):
            cursor.execute("SELECT set_config(%s, %s, false)", (setting, str(value)))
        connection.commit()
        cursor.close()

    return engine


def _engine(url: str, connections: int) -> AsyncEngine:
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": connections // 2}
    if not url.startswith("sqlite"):
        return _with_patience(create_async_engine(url, pool_pre_ping=True, **pool))
    # Each has a thread: one that is closed after the rush would be started again with the next request.
    pool = {"pool_size": connections + connections // 2, "max_overflow": 0}
    path = make_url(url).database or ":memory:"
    if path == ":memory:":
        pool = {"poolclass": StaticPool}

    async def connect() -> aiosqlite.Connection:
        return await _Sqlite(path)

    engine = create_async_engine(url, async_creator=connect, **pool)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # SQLAlchemy, not the driver, decides when a transaction starts, so that writers take the lock at once.
        connection.isolation_level = None
        cursor = connection.cursor()
        # FULL: what was acknowledged (a check-in, later a vote) is still there after a power cut. It costs one fsync a
        # commit, in the connection's own thread, and check-ins are committed by the group.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        driver: _Sqlite = connection.connection.driver_connection
        driver.inline = False
        if options.get("write"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # waits for other writers
        driver.take_turn(inline=not options.get("long"))
        if not options.get("write") and not options.get("glance"):
            connection.exec_driver_sql("BEGIN")

    return engine


class _Sqlite(aiosqlite.Connection):
    """A connection whose statements are executed where they are called. SQLite answers in some ten microseconds from
    the page cache, while the way to the connection's own thread and back takes a hundred, at times a thousand when both
    want the interpreter. What may wait (a writer's turn, the disk in a commit, a long query) still goes that way."""

    def __init__(self, path: str) -> None:
        def connector() -> sqlite3.Connection:
            return sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)

        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self.inline = False
        self._turn_began = 0.0

    def take_turn(self, *, inline: bool) -> None:
        """From here on, statements are executed in the caller's thread, or not."""
        self.inline = inline
        self._turn_began = time.perf_counter()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self.inline:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        began = time.perf_counter()
        if began - self._turn_began > _TURN_SECONDS:
            # Many short statements in a row are a long one: none of them ever waits for anything.
            await asyncio.sleep(0)
            began = self._turn_began = time.perf_counter()
        result = fn(*args, **kwargs)
        taken = time.perf_counter() - began
        if taken > _SLOW_SECONDS:
            # Everybody waited. Such a query needs an index, or `Database.read(long=True)`.
            log.warning("slow-query", seconds=round(taken, 2), statement=str(args[0])[:500] if args else fn.__name__)
        return result

    async def commit(self) -> None:
        self.inline = False
        await super().commit()


async def clock_ahead(session: AsyncSession) -> timedelta:
    """How far the database's clock is ahead of this machine's. What several machines agree on by time (who holds a
    lease) goes by the database's; SQLite has none of its own."""
    if session.get_bind().dialect.name == "sqlite":
        return timedelta()
    theirs: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    ahead = theirs - utc_now()
    return ahead if abs(ahead) > _NO_CLOCK_DIFFERS else timedelta()


class ChangedMeanwhile(Conflict):
    code = "changed-meanwhile"
    vi = "Người khác vừa thay đổi cùng chỗ này. Tải lại trang rồi thử lại."
    en = "Somebody else has just changed the same thing. Reload the page and try again."


class Busy(Unavailable):
    code = "busy"
    vi = "Có nhiều người đang ghi cùng lúc nên thao tác chưa được nhận. Thử lại sau giây lát."
    en = "Many are writing at the same time, so this was not taken. Try again in a moment."


_WAITED_IN_A_CIRCLE = ("40001", "40P01", "55P03")
"""PostgreSQL: serialization failure, deadlock, lock not available. Nothing was written."""


def gave_up(error: DBAPIError) -> bool:
    """Two writers waited for each other and the database ended this one's transaction: done again, it succeeds."""
    return getattr(error.orig, "sqlstate", None) in _WAITED_IN_A_CIRCLE or "database is locked" in str(error.orig)


def raced(error: DBAPIError) -> bool:
    """Another has just made what may be there once. Done again, an action sees it, and says or does what it does when
    it comes second by hours."""
    return refusal_of_second(Base.metadata, error) is not None


def refusal_of(error: DBAPIError) -> DomainError | None:
    """What the database's refusal means for who asked; None for a fault of ours. A name that two give at the same time
    is refused in the words of its model, whichever of them looked first."""
    if isinstance(error, IntegrityError):
        return refusal_of_second(Base.metadata, error) or ChangedMeanwhile()
    if gave_up(error):
        return Busy(retry_after=1)
    return None


def in_parts(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """The values in lists of at most `size`: neither database takes any number of them in one statement."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
