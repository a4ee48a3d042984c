"""All reads of notices."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.database import in_parts
from server.notifications.models import Notice
from server.notifications.schemas import NoticeOut, Notices

SHOWN = 100


def own(actor: Actor) -> ColumnElement[bool]:
    """The condition that a notice is the actor's, and of a meeting that the actor reaches."""
    own = Notice.person_id == actor.person_id
    return own if actor.only_meetings is None else and_(own, Notice.meeting_id.in_(actor.only_meetings))


async def notices(session: AsyncSession, actor: Actor) -> Notices:
    """The actor's newest ones. A hall's device has none."""
    if actor.person_id is None:
        return Notices(unread=0, notices=[])
    found = await session.scalars(select(Notice).where(own(actor)).order_by(Notice.id.desc()).limit(SHOWN))
    unread = await session.scalar(select(func.count()).where(own(actor), Notice.read_at.is_(None)))
    return Notices(unread=unread or 0, notices=[NoticeOut.model_validate(each) for each in found])


async def unread_of(session: AsyncSession, person_ids: Collection[int]) -> dict[int, int]:
    """How many notices each of these people has not read."""
    counts = dict.fromkeys(person_ids, 0)
    for some in in_parts(person_ids):
        rows = await session.execute(
            select(Notice.person_id, func.count())
            .where(Notice.person_id.in_(some), Notice.read_at.is_(None))
            .group_by(Notice.person_id)
        )
        counts.update(rows.all())
    return counts
