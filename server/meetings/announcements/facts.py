"""What people have to know of a meeting, and what of it is another than they were told."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.live.protocol import Wire
from server.meetings.days import MeetingDay, hours_of
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint

NAMED = 5
"""Points that a change names; of more it gives the number besides."""


class PlanChange(Wire):
    """One thing that is another than people were told."""

    what: Literal["title", "time", "days", "place", "chair", "points-added", "points-removed"]
    before: str
    """As it was; of "time" two moments in ISO 8601 with "/" between; of "days" the hours of each day: "08/12
    07:30–17:00, …"; of "points-removed" names. May be empty."""
    after: str
    count: int = 0
    """Of points."""


class Facts(BaseModel):
    title: str
    starts_at: datetime
    ends_at: datetime
    days: list[MeetingDay] = Field(default_factory=list)
    main_point_id: int
    chair_id: int | None
    points: list[int]


async def facts_of(session: AsyncSession, meeting: Meeting) -> Facts:
    points = await session.scalars(
        select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting.id).order_by(MemberPoint.point_id)
    )
    return Facts(
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        days=meeting.days,
        main_point_id=meeting.main_point_id,
        chair_id=meeting.chair_id,
        points=list(points),
    )


async def changes(session: AsyncSession, before: Facts, now: Facts) -> list[PlanChange]:
    found: list[PlanChange] = []
    if now.title != before.title:
        found.append(PlanChange(what="title", before=before.title, after=now.title))
    if (now.starts_at, now.ends_at) != (before.starts_at, before.ends_at):
        found.append(PlanChange(what="time", before=_span(before), after=_span(now)))
    was, is_now = (hours_of(each.starts_at, each.ends_at, each.days) for each in (before, now))
    if was != is_now:
        found.append(PlanChange(what="days", before=was, after=is_now))
    if now.main_point_id != before.main_point_id:
        names = await _point_names(session, {before.main_point_id, now.main_point_id})
        found.append(
            PlanChange(what="place", before=names.get(before.main_point_id, ""), after=names.get(now.main_point_id, ""))
        )
    if now.chair_id != before.chair_id:
        people = await _people(session, {before.chair_id, now.chair_id})
        found.append(
            PlanChange(what="chair", before=people.get(before.chair_id, ""), after=people.get(now.chair_id, ""))
        )
    added = set(now.points) - set(before.points)
    if added:
        found.append(PlanChange(what="points-added", before="", after=await _named(session, added), count=len(added)))
    removed = set(before.points) - set(now.points)
    if removed:
        found.append(
            PlanChange(what="points-removed", before=await _named(session, removed), after="", count=len(removed))
        )
    return found


def _span(facts: Facts) -> str:
    return f"{facts.starts_at.isoformat()}/{facts.ends_at.isoformat()}"


def span_of(text: str) -> tuple[datetime, datetime]:
    """The two moments of a "time"."""
    first, _, last = text.partition("/")
    return datetime.fromisoformat(first), datetime.fromisoformat(last)


async def _point_names(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    rows = await session.execute(select(BridgePoint.id, BridgePoint.name).where(BridgePoint.id.in_(ids)))
    return dict(rows.all())


async def _people(session: AsyncSession, ids: set[int | None]) -> dict[int | None, str]:
    rows = await session.execute(select(Person.id, Person.full_name).where(Person.id.in_(ids - {None})))
    return dict(rows.all())


async def _named(session: AsyncSession, ids: Collection[int]) -> str:
    names = await session.scalars(
        select(BridgePoint.name).where(BridgePoint.id.in_(sorted(ids)[:500])).order_by(BridgePoint.name).limit(NAMED)
    )
    return ", ".join(names)


def as_json(found: list[PlanChange]) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json") for each in found]
