"""Chaining the entries that PostgreSQL's writers leave unchained.

Were they chained by their own transactions, each would hold the chain's end through its commit, and so through the
disk's: one writer at a time in the whole system. They write entries sealed by themselves instead (an altered one is
seen), and one process after the other puts what was committed onto the chain, some moments later. What is not on it yet
can be deleted unseen, as what is younger than the last head outside the database can. SQLite has one writer anyway, who
chains at once.
"""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import ColumnElement, and_, bindparam, select, text, update

from server.audit.actions import UNCHAINED, chained_hash, end_of_chain
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.repeating import repeated
from server.core.services import Services

log = structlog.get_logger(__name__)

EVERY = 0.5
"""Seconds."""
AT_ONCE = 500
"""Entries of one transaction."""
_LOCK = 0x6E686970  # "nhip": PostgreSQL's advisory lock of the chain's end
_TABLE = AuditEntry.__table__
_PUT = (
    update(AuditEntry)
    .where(_TABLE.c.id == bindparam("entry"))
    .values(position=bindparam("place"), hash=bindparam("chained"))
    .execution_options(synchronize_session=False)
)


class Chaining:
    """One per process, beside the application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._altered: set[int] = set()
        """Entries that are not what was written: told of once, and left off the chain, where the check finds them."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        if self._services.database.is_sqlite:
            yield
            return
        async with repeated(self.chain, EVERY, "audit-entries-not-chained"):
            yield

    async def chain(self) -> None:
        """Everything that is committed, unless another process is at it."""
        while await self._some() == AT_ONCE:
            pass

    async def _some(self) -> int:
        async with self._services.database.read() as session:
            if await session.scalar(select(AuditEntry.id).where(self._waiting()).limit(1)) is None:
                return 0
        async with self._services.transactions(SYSTEM) as tx:
            if not await tx.session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}):
                return 0
            last, place = await end_of_chain(tx.session)
            found = await tx.session.scalars(
                select(AuditEntry).where(self._waiting()).order_by(AuditEntry.id).limit(AT_ONCE)
            )
            entries = list(found)
            rows = []
            for entry in entries:
                if not hmac.compare_digest(entry.hash, chained_hash(UNCHAINED, entry, tx.audit_key)):
                    log.error("audit-entry-altered", entry=entry.id)
                    self._altered.add(entry.id)
                    continue
                last, place = chained_hash(last, entry, tx.audit_key), place + 1
                rows.append({"entry": entry.id, "place": place, "chained": last})
            if rows:
                connection = await tx.session.connection()
                await connection.execute(_PUT, rows)
            return len(entries)

    def _waiting(self) -> ColumnElement[bool]:
        return and_(AuditEntry.position.is_(None), AuditEntry.id.not_in(self._altered))
