"""What stands in a person's calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.queries import grants_of
from server.accounts.tokens import token_hash
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.errors import NotFound
from server.meetings import listing
from server.meetings.calendar import PRODUCT, Entry, by_day, event
from server.meetings.days import spans
from server.meetings.feeds.models import CalendarFeed
from server.meetings.feeds.schemas import FeedOut
from server.meetings.models import Meeting
from server.organisations.models import BridgePoint, Unit

if TYPE_CHECKING:
    from icalendar import Event

KEPT = timedelta(days=90)
"""After its end a meeting stays in the calendar so long."""
MOST = 500
NAME = "Nhịp Cầu"
LOOK_EVERY = timedelta(minutes=30)
"""What calendars are asked to keep to (RFC 7986 section 5.7)."""


@dataclass(frozen=True, slots=True)
class Listed:
    meeting: Meeting
    unit_name: str
    point_name: str


@dataclass(frozen=True, slots=True)
class Feed:
    person_id: int
    read_at: datetime | None
    meetings: Sequence[Listed]


async def own(session: AsyncSession, actor: Actor) -> FeedOut:
    feed = await session.get(CalendarFeed, actor.person_id) if actor.person_id is not None else None
    return FeedOut(made_at=feed.made_at if feed else None, read_at=feed.read_at if feed else None)


async def feed_of(session: AsyncSession, token: str, now: datetime) -> Feed:
    """NotFound for an address that is not good, or no longer."""
    row = (
        await session.execute(
            select(CalendarFeed, Person)
            .join(Person, Person.id == CalendarFeed.person_id)
            .where(CalendarFeed.token_hash == token_hash(token), Person.disabled_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        raise NotFound()
    feed, person = row
    actor = Actor(person_id=person.id, name=person.full_name, grants=await grants_of(session, person.id))
    meetings = await listing.known_since(session, actor, now - KEPT, MOST)
    units = dict(
        (await session.execute(select(Unit.id, Unit.name).where(Unit.id.in_({m.unit_id for m in meetings})))).all()
    )
    points = dict(
        (
            await session.execute(
                select(BridgePoint.id, BridgePoint.name).where(
                    BridgePoint.id.in_({meeting.main_point_id for meeting in meetings})
                )
            )
        ).all()
    )
    listed = [Listed(meeting, units[meeting.unit_id], points[meeting.main_point_id]) for meeting in meetings]
    return Feed(person.id, feed.read_at, listed)


def file_of(feed: Feed, site: str, now: datetime) -> bytes:
    """The feed as calendars read it (RFC 5545). Times are those on the wall, with their zone beside them; `site`: where
    links lead."""
    # A fifth of a second to load, and most processes make no calendar.
    from icalendar import Calendar  # noqa: PLC0415

    zone = ZoneInfo(VIETNAM.name)
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", NAME)
    made.add("x-wr-calname", NAME)
    made.add("x-wr-timezone", zone.key)
    made.add("refresh-interval", LOOK_EVERY, parameters={"value": "DURATION"})
    made.add("x-published-ttl", LOOK_EVERY)
    for listed in feed.meetings:
        for each in _events(listed, site, zone, now):
            made.add_component(each)
    made.add_missing_timezones()
    content: bytes = made.to_ical()
    return content


def _events(listed: Listed, site: str, zone: ZoneInfo, now: datetime) -> "list[Event]":
    meeting = listed.meeting
    url = f"{site}/meetings/{meeting.id}"
    off = {"postponed": "Đã hoãn: ", "cancelled": "Đã hủy: "}.get(meeting.state, "")
    entry = Entry(
        uid=f"meeting-{meeting.public_code}@nhipcau",
        sequence=meeting.version,
        title=f"{off}{meeting.title}",
        starts_at=meeting.starts_at.astimezone(zone),
        ends_at=meeting.ends_at.astimezone(zone),
        location=f"Điểm cầu chính: {listed.point_name}",
        description=f"{listed.unit_name}\n{meeting.description}\n\n{url}".strip(),
        url=url,
        changed_at=now,
        cancelled=meeting.state in ("postponed", "cancelled"),
    )
    held = spans(meeting.starts_at, meeting.ends_at, meeting.days)
    days = [(start.astimezone(zone), end.astimezone(zone)) for start, end in held]
    return [event(each) for each in by_day(entry, days)]
