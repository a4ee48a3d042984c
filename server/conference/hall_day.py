"""What stands before a hall's own device: which conference comes next, and whether it may go in now."""

from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.conference.live.entities import Presence
from server.conference.models import PointPresence
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.meetings.models import Meeting, MemberPoint

_MOST = 5
_FIRST = {"running": 0, "open": 1, "invited": 2}
_FORGOTTEN = timedelta(hours=12)
"""After its planned end: one that nobody opened is not what a hall waits for."""


class HallMeeting(BaseModel):
    meeting_id: int
    kind: str
    title: str
    starts_at: datetime
    state: str
    """invited: not open yet; open: halls test; running."""
    presence: Presence
    """Of this hall: another of its devices may be in."""
    since: datetime | None


class HallDay(BaseModel):
    now: datetime
    meetings: list[HallMeeting]
    """What runs, then what is open, then what comes next; at most five."""


async def hall_day(session: AsyncSession, actor: Actor, now: datetime) -> HallDay:
    """Of the hall whose device asks. NotAllowed for people, who choose for themselves."""
    if actor.person_id is not None or actor.point_id is None:
        raise NotAllowed()
    rows = await session.execute(
        select(Meeting, PointPresence.presence, PointPresence.since)
        .join(MemberPoint, MemberPoint.meeting_id == Meeting.id)
        .outerjoin(
            PointPresence,
            (PointPresence.meeting_id == Meeting.id) & (PointPresence.point_id == MemberPoint.point_id),
        )
        .where(
            MemberPoint.point_id == actor.point_id,
            Meeting.state.in_(_FIRST),
            or_(Meeting.state != "invited", Meeting.ends_at > now - _FORGOTTEN),
        )
        .order_by(case(_FIRST, value=Meeting.state), Meeting.starts_at, Meeting.id)
        .limit(_MOST)
    )
    return HallDay(
        now=now,
        meetings=[
            HallMeeting(
                meeting_id=meeting.id,
                kind=meeting.kind,
                title=meeting.title,
                starts_at=meeting.starts_at,
                state=meeting.state,
                presence=presence or "absent",
                since=since,
            )
            for meeting, presence, since in rows
        ],
    )
