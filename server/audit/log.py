"""Entries that belong to no transaction of their own: who came in, who took what away, who was refused.

They are gathered and written together, so that twelve thousand people who come in within a minute cost some
transactions a second; refusals are counted and written once a minute, so that a flood of them is a few entries.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from server.audit.actions import note
from server.core.actor import SYSTEM, Actor
from server.core.services import Services

log = structlog.get_logger(__name__)

PERIOD = 0.1
"""Seconds from the begin of one group to the next."""
MOST = 100
"""Entries of one transaction; keeps it short."""
REFUSALS_EVERY = 60.0
"""Seconds."""
REFUSALS_MOST = 200
"""Kinds of refusals, by who, what and why, of one minute; the rest is one number."""
AGAIN_AFTER = 600.0
"""Seconds within which the same act of the same session is one entry: a download in pieces, a line that breaks. Up to
twice as long, as they are forgotten together."""
_REMEMBERED = 100_000
"""Acts of one generation; a conference of 12,000 people who take five papers each stays below."""


@dataclass(slots=True)
class _Note:
    actor: Actor
    action: str
    subject_type: str
    subject_id: object
    facts: dict[str, Any]
    written: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class AuditLog:
    """One per application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: list[_Note] = []
        self._writer: asyncio.Task[None] | None = None
        self._noted: set[tuple[object, ...]] = set()
        self._noted_before: set[tuple[object, ...]] = set()
        self._noted_since = -AGAIN_AFTER
        self._refusals: dict[tuple[Actor, str, str], int] = {}
        self._more_refusals = 0

    async def note(
        self, actor: Actor, action: str, subject_type: str, subject_id: object, *, once: bool = False, **facts: Any
    ) -> None:
        """Returns once it is committed. `once`: the same again soon after is not written again."""
        if once and not self._new((actor.session_id, actor.address, action, subject_id, *facts.items())):
            return
        await self._put(_Note(actor, action, subject_type, subject_id, facts))

    def note_soon(
        self, actor: Actor, action: str, subject_type: str, subject_id: object, *, once: bool = False, **facts: Any
    ) -> None:
        """Does not wait for the commit, which follows within a second."""
        if once and not self._new((actor.session_id, actor.address, action, subject_id, *facts.items())):
            return
        self._put(_Note(actor, action, subject_type, subject_id, facts)).add_done_callback(_tell_failure)

    def refused(self, actor: Actor, code: str, what: str) -> None:
        """Somebody was refused `what` (a route, a command); counted."""
        key = (actor, code, what)
        if key in self._refusals or len(self._refusals) < REFUSALS_MOST:
            self._refusals[key] = self._refusals.get(key, 0) + 1
        else:
            self._more_refusals += 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server is up. What is left is written at the end."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker
            with contextlib.suppress(Exception):
                await self.write_refusals()
                if self._writer is not None:
                    await self._writer

    async def write_refusals(self) -> None:
        refusals, self._refusals = self._refusals, {}
        more, self._more_refusals = self._more_refusals, 0
        notes = [
            self._put(_Note(actor, "access.refused", "route", what[:64], {"code": code, "times": times}))
            for (actor, code, what), times in refusals.items()
        ]
        if more:
            notes.append(self._put(_Note(SYSTEM, "access.refused", "route", "*", {"times": more})))
        await asyncio.gather(*notes)

    def _new(self, key: tuple[object, ...]) -> bool:
        now = time.monotonic()
        if now - self._noted_since >= AGAIN_AFTER or len(self._noted) >= _REMEMBERED:
            # Two generations instead of a time for each: nobody ever walks through all of them.
            forgotten = now - self._noted_since >= 2 * AGAIN_AFTER
            self._noted_before = set() if forgotten else self._noted
            self._noted, self._noted_since = set(), now
        if key in self._noted or key in self._noted_before:
            return False
        self._noted.add(key)
        return True

    def _put(self, note: _Note) -> asyncio.Future[None]:
        self._waiting.append(note)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return note.written

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                began = loop.time()
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._commit(group)
                if self._waiting or loop.time() - began < PERIOD:
                    await asyncio.sleep(max(0.0, began + PERIOD - loop.time()))
        finally:
            self._writer = None
            for note in self._waiting:
                note.written.cancel()

    async def _commit(self, group: list[_Note]) -> None:
        problem: Exception | None = None
        try:
            async with self._services.transactions(SYSTEM) as tx:
                for each in group:
                    await note(tx, each.action, each.subject_type, each.subject_id, actor=each.actor, **each.facts)
        except Exception as error:
            problem = error
        for each in group:
            if each.written.done():
                continue
            if problem is not None:
                each.written.set_exception(problem)
            else:
                each.written.set_result(None)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(REFUSALS_EVERY)
            try:
                await self.write_refusals()
            except Exception:
                log.exception("refusals-not-noted")


def _tell_failure(written: asyncio.Future[None]) -> None:
    if not written.cancelled() and written.exception() is not None:
        log.error("audit-entry-lost", exc_info=written.exception())
