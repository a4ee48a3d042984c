"""How many of each hall's delegates have papers on their devices, and have opened any. Counted over all receipts of a
meeting, so what was counted a moment ago is good enough for a board that is asked every other second."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import Database
from server.meetings.models import Delegate
from server.papers.models import Paper
from server.reading.models import Receipt

GOOD_SECONDS = 20.0
_MOST = 50


@dataclass(frozen=True, slots=True)
class Reading:
    papers: int
    by_point: Mapping[int, tuple[int, int]]
    """Point -> (delegates with a paper saved, delegates who opened one)."""


async def count(session: AsyncSession, meeting_id: int) -> Reading:
    current = (
        Paper.meeting_id == meeting_id,
        Paper.deleted_at.is_(None),
        Paper.recalled_at.is_(None),
        Paper.current_version_id.is_not(None),
    )
    papers = await session.scalar(select(func.count()).select_from(Paper).where(*current)) or 0
    person = Delegate.person_id
    rows = await session.execute(
        select(
            Delegate.point_id,
            func.count(case((Receipt.delivered_at.is_not(None), person)).distinct()),
            func.count(case((Receipt.opened_at.is_not(None), person)).distinct()),
        )
        .join(Receipt, Receipt.person_id == person)
        .join(Paper, Paper.current_version_id == Receipt.version_id)
        .where(
            Delegate.meeting_id == meeting_id,
            Delegate.removed_at.is_(None),
            Delegate.substitutes_id.is_(None),
            Delegate.point_id.is_not(None),
            *current,
        )
        .group_by(Delegate.point_id)
    )
    return Reading(papers, {point_id: (saved, opened) for point_id, saved, opened in rows if point_id})


class ReadingFigures:
    """One per application."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, Reading]] = {}

    async def of(self, database: Database, meeting_id: int) -> Reading:
        """At most `GOOD_SECONDS` old."""
        now = time.monotonic()
        at, known = self._known.get(meeting_id, (0.0, None))
        if known is not None and now - at < GOOD_SECONDS:
            return known
        found = await database.beside(lambda session: count(session, meeting_id))
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[meeting_id] = now, found
        return found
