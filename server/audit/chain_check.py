"""Whether the log is whole, for the page that shows it: read in parts beside the event loop, as ten years of entries
take minutes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.anchors import read_heads
from server.audit.models import AuditEntry
from server.audit.queries import Broken, ChainReader
from server.audit.schemas import ChainBreak, ChainState
from server.core.services import Services

log = structlog.get_logger(__name__)

FIRST, EVERY = 600.0, 24 * 3600.0
"""Seconds after the start, and from then on."""
AT_ONCE = 1000
"""Entries of one part."""


class ChainCheck:
    """One per application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._work: asyncio.Task[None] | None = None
        self._reader: ChainReader | None = None
        self._checked_at: datetime | None = None
        self._checked = 0
        self._broken: Broken | None = None

    def state(self) -> ChainState:
        broken = self._broken and ChainBreak(entry=self._broken.entry, missing=self._broken.missing)
        running = self._reader.read if self._reader is not None else None
        return ChainState(checked_at=self._checked_at, checked=self._checked, broken=broken, running=running)

    def begin(self) -> None:
        """Unless one is under way."""
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._logged())

    async def check(self) -> None:
        key = self._services.transactions.audit_key
        began = self._services.clock()
        # Before the first entry is read: what is newer than the heads may be chained while this is under way.
        heads = await asyncio.to_thread(read_heads, self._services.settings, key)
        self._reader = reader = ChainReader(key, heads)
        try:
            broken = await self._read_all(reader)
        finally:
            self._reader = None
        self._checked_at, self._checked, self._broken = began, reader.read, broken
        if broken is not None:
            log.error("audit-log-broken", entry=broken.entry, missing=broken.missing)

    async def _read_all(self, reader: ChainReader) -> Broken | None:
        for chained in (True, False):
            reached: int | None = 0
            while reached is not None:
                broken, reached = await self._services.database.beside(partial(_read, reader, reached, chained))
                if broken is not None:
                    return broken
        return reader.end()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server is up: once a day, and when somebody asks."""
        daily = asyncio.create_task(self._daily())
        try:
            yield
        finally:
            for task in (daily, self._work):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def _daily(self) -> None:
        await asyncio.sleep(FIRST)
        while True:
            self.begin()
            await asyncio.sleep(EVERY)

    async def _logged(self) -> None:
        try:
            await self.check()
        except Exception:
            log.exception("audit-log-not-checked")


async def _read(
    reader: ChainReader, after: int, chained: bool, session: AsyncSession
) -> tuple[Broken | None, int | None]:
    """What is broken, and how far this part came; None: it was the last."""
    entries = list(await session.scalars(_part(after, chained=chained)))
    for entry in entries:
        if (broken := reader.take(entry)) is not None:
            return broken, None
    more = len(entries) == AT_ONCE
    return None, (entries[-1].position if chained else entries[-1].id) if more else None


def _part(after: int, *, chained: bool) -> Select[AuditEntry]:
    wanted = select(AuditEntry).limit(AT_ONCE)
    if chained:
        return wanted.where(AuditEntry.position > after).order_by(AuditEntry.position)
    return wanted.where(AuditEntry.position.is_(None), AuditEntry.id > after).order_by(AuditEntry.id)
