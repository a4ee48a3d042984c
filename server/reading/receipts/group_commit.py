"""Group commit of receipts: what comes in while one group is being written is the next group. Twelve thousand devices
that report within a minute cost a few transactions a second. A device is answered when its group is committed."""

import asyncio

import structlog

from server.core.actor import Actor
from server.core.services import Services
from server.reading.people import require_person
from server.reading.receipts.actions import Report, write
from server.reading.receipts.schemas import ReceiptEntry

log = structlog.get_logger(__name__)

PERIOD = 0.25
"""Seconds from the begin of one group to the next. Nobody waits for a receipt."""
MOST = 2_500
"""Entries of one group; keeps its transaction short."""


_REMEMBERED = 500_000
"""(person, version)."""


class ReceiptGroups:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: list[tuple[Report, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._served: set[tuple[int | None, int]] = set()
        """What is written of the server's own word, as far as this process remembers: pages come one by one."""

    async def report(self, actor: Actor, entries: list[ReceiptEntry]) -> None:
        """Returns once the entries are committed. PeopleOnly for a hall's device."""
        require_person(actor)
        if not entries:
            return
        await self._put(Report(actor, entries))

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
        self._put(Report(actor, [entry], served=True)).add_done_callback(lambda written: self._told(key, written))

    def _told(self, key: tuple[int | None, int], written: asyncio.Future[None]) -> None:
        if written.cancelled() or written.exception() is not None:
            self._served.discard(key)
            log.error("receipt-lost", person=key[0], version=key[1])

    def _put(self, report: Report) -> asyncio.Future[None]:
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((report, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return written

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                began = loop.time()
                await self._commit(self._next())
                await asyncio.sleep(max(0.0, began + PERIOD - loop.time()))
        finally:
            self._writer = None
            for _, written in self._waiting:
                written.cancel()

    def _next(self) -> list[tuple[Report, asyncio.Future[None]]]:
        """The oldest that fit into one group; at least one."""
        size, count = 0, 0
        for report, _ in self._waiting:
            size += len(report.entries)
            if size > MOST and count:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _commit(self, group: list[tuple[Report, asyncio.Future[None]]]) -> None:
        problem: Exception | None = None
        try:
            await write(self._services, [report for report, _ in group])
        except Exception as error:
            if len(group) > 1:
                # Something that one of them spoke of went away meanwhile: the others must not suffer for it.
                for each in group:
                    await self._commit([each])
                return
            problem = error
        for _, written in group:
            if written.done():  # whoever asked has gone
                continue
            if problem is not None:
                written.set_exception(problem)
            else:
                written.set_result(None)
