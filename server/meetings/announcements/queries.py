from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.live.protocol import Wire
from server.meetings.announcements.facts import Facts, PlanChange, changes, facts_of
from server.meetings.announcements.models import Announcement
from server.meetings.models import Meeting

Kind = Literal["changed", "postponed", "rescheduled", "cancelled"]
ANNOUNCED: tuple[Kind, ...] = ("changed", "postponed", "rescheduled", "cancelled")


class News(Wire):
    """What everybody was last told of the meeting after the invitation."""

    kind: Kind
    reason: str
    changes: list[PlanChange]


async def last_told(session: AsyncSession, meeting_id: int) -> Announcement | None:
    return (
        await session.scalars(
            select(Announcement).where(Announcement.meeting_id == meeting_id).order_by(Announcement.id.desc()).limit(1)
        )
    ).first()


async def news(session: AsyncSession, meeting_id: int) -> News | None:
    newest = (
        select(Announcement)
        .where(Announcement.meeting_id == meeting_id, Announcement.kind != "noted")
        .order_by(Announcement.id.desc())
        .limit(1)
    )
    found = (await session.scalars(newest)).first()
    if found is None or found.kind not in ANNOUNCED:
        return None
    said = [PlanChange.model_validate(each) for each in found.changes]
    return News(kind=found.kind, reason=found.reason, changes=said)


async def unannounced(session: AsyncSession, meeting: Meeting) -> list[PlanChange]:
    """What is another than people were told; nothing of a draft, and of what is over."""
    if meeting.state in ("draft", "ended", "cancelled"):
        return []
    told = await last_told(session, meeting.id)
    if told is None:
        return []
    return await changes(session, Facts.model_validate(told.told), await facts_of(session, meeting))
