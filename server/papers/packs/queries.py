from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.papers.models import Pack
from server.papers.packs.contents import Contents, contents


async def pack(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, point_id: int | None
) -> tuple[Contents, Pack | None]:
    """What the actor may take now, and the pack with exactly that, if it was ordered. Raises as `contents`."""
    wanted = await contents(session, meeting_id, actor, now, point_id)
    found = await session.scalar(select(Pack).where(Pack.meeting_id == meeting_id, Pack.content_key == wanted.key))
    return wanted, found
