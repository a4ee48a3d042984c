"""One's own receipts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.meetings.access import visible_meeting
from server.papers.models import Paper, PaperVersion
from server.reading.models import Receipt
from server.reading.people import require_person
from server.reading.receipts.schemas import OwnReceipt, OwnReceipts


async def own(session: AsyncSession, meeting_id: int, actor: Actor) -> OwnReceipts:
    person_id = require_person(actor)
    await visible_meeting(session, meeting_id, actor)
    rows = await session.execute(
        select(Receipt.version_id, Receipt.delivered_at, Receipt.opened_at, Receipt.last_page, Receipt.seen_count)
        .join(PaperVersion, PaperVersion.id == Receipt.version_id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(Receipt.person_id == person_id, Paper.meeting_id == meeting_id)
    )
    return OwnReceipts(
        versions={
            str(version_id): OwnReceipt(
                delivered_at=delivered_at, opened_at=opened_at, last_page=last_page, seen_count=seen_count
            )
            for version_id, delivered_at, opened_at, last_page, seen_count in rows
        }
    )
