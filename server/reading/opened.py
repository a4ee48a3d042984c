"""Who has opened which papers, for the features below that tell them of changes."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.reading.models import Receipt


async def people_who_opened(session: AsyncSession, version_ids: Collection[int]) -> list[int]:
    """Any of these versions."""
    found = await session.scalars(
        select(Receipt.person_id).where(Receipt.version_id.in_(version_ids), Receipt.opened_at.is_not(None)).distinct()
    )
    return list(found)
