"""Receipts are committed in groups: twelve thousand devices that report within a minute cost a few transactions a
second."""

import asyncio
from collections.abc import Sequence

import structlog

from server.core.actor import Actor
from server.core.group_commit import GroupCommit
from server.core.services import Services
from server.reading.people import require_person
from server.reading.receipts.actions import Report, write
from server.reading.receipts.schemas import ReceiptEntry

log = structlog.get_logger(__name__)

PERIOD = 0.25
"""Nobody waits for a receipt."""
MOST = 2_500
"""Entries."""
_REMEMBERED = 500_000
"""(person, version)."""


class ReceiptGroups:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._groups = GroupCommit(self._write, most=MOST, size=_entries, period=PERIOD)
        self._served: set[tuple[int | None, int]] = set()
        """What is written of the server's own word, as far as this process remembers: pages come one by one."""

    async def report(self, actor: Actor, entries: list[ReceiptEntry]) -> None:
        """Returns once the entries are committed. PeopleOnly for a hall's device."""
        require_person(actor)
        if not entries:
            return
        await self._groups.put(None, Report(actor, entries))

    def served(self, actor: Actor, version_id: int) -> None:
        """Something of the version goes out to the actor: the first time it is written, within a second. Halls have no
        receipts."""
        key = (actor.person_id, version_id)
        if actor.person_id is None or key in self._served:
            return
        if len(self._served) >= _REMEMBERED:
            self._served.clear()
        self._served.add(key)
        entry = ReceiptEntry(version_id=version_id, delivered=True, at=self._services.clock())
        self._groups.put(None, Report(actor, [entry], served=True)).add_done_callback(
            lambda written: self._told(key, written)
        )

    def _told(self, key: tuple[int | None, int], written: asyncio.Future[None]) -> None:
        if written.cancelled() or written.exception() is not None:
            self._served.discard(key)
            log.error("receipt-lost", person=key[0], version=key[1])

    async def _write(self, _key: None, reports: Sequence[Report]) -> Sequence[None]:
        await write(self._services, reports)
        return [None] * len(reports)


def _entries(report: Report) -> int:
    return len(report.entries)
