"""Who leads or presents meetings: what a person's link or password opens beyond a delegate's part."""

from collections.abc import Collection

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import in_parts
from server.meetings.models import AgendaItem, Meeting
from server.organisations.models import Unit


async def led_by(session: AsyncSession, person_ids: Collection[int]) -> dict[int, set[str]]:
    """Paths of the units whose meetings these people chair, keep the minutes of or present in, by person id. Meetings
    that are over count: who led them manages their papers."""
    found: dict[int, set[str]] = {}
    for some in in_parts(sorted(set(person_ids))):
        led = union(
            select(Meeting.chair_id.label("person_id"), Meeting.unit_id).where(Meeting.chair_id.in_(some)),
            select(Meeting.secretary_id, Meeting.unit_id).where(Meeting.secretary_id.in_(some)),
            select(AgendaItem.presenter_id, Meeting.unit_id)
            .join(Meeting, Meeting.id == AgendaItem.meeting_id)
            .where(AgendaItem.presenter_id.in_(some)),
        ).subquery()
        rows = await session.execute(select(led.c.person_id, Unit.path).join(Unit, Unit.id == led.c.unit_id))
        for person_id, path in rows:
            found.setdefault(person_id, set()).add(path)
    return found
