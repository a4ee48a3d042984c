"""Which pack a reader gets, quickly: at the start of a meeting thousands fetch theirs within minutes.

What a reader may take is decided in full once (`contents`) and remembered with everything it hung on. Each request
reads those facts anew, in one query, and goes by the memory only if none has changed: the meeting, the library's
revision (it grows with every change of papers, versions, policies, agenda and chairs), the reader's place on the list
and unit, the pack itself. What is not among them, names and branches of the unit tree, is remembered for half a minute
at most, and never past the time at which a locked paper opens.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.database import Database
from server.core.errors import NotFound
from server.papers.delivery.personal_copies import file_title, reader_of
from server.papers.packs import queries
from server.papers.packs.actions import PackNotReady
from server.pdf.watermark_update import Reader

_REMEMBERED = timedelta(seconds=30)
_MOST = 20_000
_FACTS = text(
    "SELECT m.state, m.version, l.revision, d.id, d.point_id, d.role, p.unit_id, p.full_name, k.state "
    "FROM meetings m LEFT JOIN library_states l ON l.meeting_id = m.id "
    "LEFT JOIN delegates d ON d.meeting_id = m.id AND d.person_id = :person AND d.removed_at IS NULL "
    "LEFT JOIN people p ON p.id = :person LEFT JOIN packs k ON k.id = :pack WHERE m.id = :meeting"
)


@dataclass(frozen=True, slots=True)
class Found:
    pack_id: int
    folder: str
    volumes: tuple[tuple[int, ...], ...]
    """The versions in each."""
    name: str
    """Without its ending."""
    unit: str
    """The reader's."""

    def name_of(self, volume: int) -> str:
        return (
            f"{self.name} - Tập {volume} của {len(self.volumes)}.pdf" if len(self.volumes) > 1 else f"{self.name}.pdf"
        )

    def reader(self, actor: Actor, now: datetime) -> Reader:
        return Reader(actor.name, self.unit, now)


@dataclass(frozen=True, slots=True)
class _Memory:
    found: Found
    facts: tuple[Any, ...]
    until: datetime


class Finder:
    """One per application."""

    def __init__(self) -> None:
        self._memories: OrderedDict[tuple[object, ...], _Memory] = OrderedDict()

    async def find(
        self, database: Database, meeting_id: int, actor: Actor, now: datetime, point_id: int | None
    ) -> Found:
        """Raises as `contents`, and PackNotReady."""
        key = (meeting_id, point_id, actor)
        memory = self._memories.get(key)
        if (
            memory is not None
            and now < memory.until
            and await _facts_now(database, meeting_id, actor, memory.found.pack_id) == memory.facts
        ):
            return memory.found
        async with database.read() as session:
            new = await _looked_up(session, meeting_id, actor, now, point_id)
        self._memories[key] = new
        self._memories.move_to_end(key)
        if len(self._memories) > _MOST:
            self._memories.popitem(last=False)
        return new.found


async def _looked_up(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, point_id: int | None
) -> _Memory:
    wanted, pack = await queries.pack(session, meeting_id, actor, now, point_id)
    if pack is None or pack.state != "ready":
        raise PackNotReady()
    starts = wanted.meeting.starts_at.astimezone(VIETNAM)
    found = Found(
        pack.id,
        pack.folder,
        tuple(tuple(volume["version_ids"]) for volume in pack.volumes),
        file_title("Tài liệu", f"{starts:%d-%m-%Y}", wanted.meeting.title),
        (await reader_of(session, actor, now)).unit,
    )
    facts = await _facts(session, meeting_id, actor, pack.id)
    until = min(now + _REMEMBERED, wanted.until) if wanted.until is not None else now + _REMEMBERED
    return _Memory(found, facts, until)


async def _facts_now(database: Database, meeting_id: int, actor: Actor, pack_id: int) -> tuple[Any, ...]:
    async with database.glance() as connection:
        return await _facts(connection, meeting_id, actor, pack_id)


async def _facts(
    reading: AsyncSession | AsyncConnection, meeting_id: int, actor: Actor, pack_id: int
) -> tuple[Any, ...]:
    asked = {"meeting": meeting_id, "person": actor.person_id, "pack": pack_id}
    row = (await reading.execute(_FACTS, asked)).one_or_none()
    if row is None:
        raise NotFound()
    return tuple(row)
