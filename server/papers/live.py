"""What papers hand to the live channel: collection `library`, by which devices know when to ask for their papers again
and which to drop at once, and `conversion` for those who bring papers in."""

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.core.upserts import count_up
from server.live.feature import LiveFeature
from server.live.log import append, put
from server.live.protocol import Wire
from server.live.viewer import Viewer
from server.meetings.live.entities import Entities
from server.meetings.models import MemberPoint
from server.papers.models import LibraryState, Paper

_POINTS_A_SECOND = 3
"""A point stands for some 75 people (12,000 over 161): devices ask for the list at about 225 a second."""
_SHORTEST, _LONGEST = 2, 60


class LibraryEntity(Wire):
    """Collection `library`, key "". It names nothing but numbers: everybody has it, whatever they may read."""

    revision: int
    """Grew: ask for the papers again, after a random part of `spread_seconds`. A locked paper opens without it: at its
    `opens_at`, ask likewise."""
    recalled: list[int]
    """Papers that were recalled or deleted: drop what the device holds of them, at once."""
    spread_seconds: int


class ConversionEntity(Wire):
    """Collection `conversion`, key "": consoles only."""

    revision: int
    """Grew: a file came in, was refused or failed; readers see nothing of it."""


async def entities(session: AsyncSession, meeting_id: int) -> Entities:
    library, conversion = await _both(session, meeting_id)
    return {"library": {"": library}, "conversion": {"": conversion}}


async def spread_seconds(session: AsyncSession, meeting_id: int) -> int:
    points = await session.scalar(
        select(func.count()).select_from(MemberPoint).where(MemberPoint.meeting_id == meeting_id)
    )
    return min(_LONGEST, max(_SHORTEST, (points or 0) // _POINTS_A_SECOND))


async def library_changed(tx: Transaction, meeting_id: int, kind: str) -> None:
    """Something that readers may notice: numbers it and appends the event `kind`. Part of the caller's transaction."""
    await bump(tx.session, meeting_id)
    library, _ = await _both(tx.session, meeting_id)
    await append(tx, meeting_id, kind, [put("library", "", library)])


async def conversion_changed(tx: Transaction, meeting_id: int, kind: str) -> None:
    """Something that only those who manage papers see: twelve thousand devices are not told."""
    await _count(tx.session, meeting_id, conversion=1)
    _, conversion = await _both(tx.session, meeting_id)
    await append(tx, meeting_id, kind, [put("conversion", "", conversion)])


async def bump(session: AsyncSession, meeting_id: int) -> None:
    """Without an event: for who appends one that carries these entities."""
    await _count(session, meeting_id, library=1)


async def _count(session: AsyncSession, meeting_id: int, *, library: int = 0, conversion: int = 0) -> None:
    await session.flush()
    await count_up(session, LibraryState, {"meeting_id": meeting_id}, revision=library, conversion=conversion)


async def _both(session: AsyncSession, meeting_id: int) -> tuple[LibraryEntity, ConversionEntity]:
    counted = (
        await session.execute(
            select(LibraryState.revision, LibraryState.conversion).where(LibraryState.meeting_id == meeting_id)
        )
    ).one_or_none()
    revision, conversion = counted or (0, 0)
    withdrawn: ColumnElement[bool] = or_(Paper.recalled_at.is_not(None), Paper.deleted_at.is_not(None))
    recalled = await session.scalars(
        select(Paper.id).where(Paper.meeting_id == meeting_id, withdrawn).order_by(Paper.id)
    )
    spread = await spread_seconds(session, meeting_id)
    library = LibraryEntity(revision=revision, recalled=list(recalled), spread_seconds=spread)
    return library, ConversionEntity(revision=conversion)


def visible(collection: str, _key: str, viewer: Viewer) -> bool:
    return collection == "library" or viewer.audience == "console"


live_feature = LiveFeature(
    name="documents",
    collections={"library": LibraryEntity, "conversion": ConversionEntity},
    load=entities,
    visible=visible,
)
