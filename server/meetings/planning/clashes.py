"""What else is on at the hour of a meeting that is being planned: in its halls, and with who leads and presents it."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.queries import may_choose
from server.core.actor import Actor, Role
from server.core.errors import NotAllowed
from server.meetings.models import AgendaItem, Meeting, MemberPoint
from server.meetings.planning.schemas import Clash, ClashesAsked
from server.meetings.rights import rights_in
from server.meetings.validation import LONGEST
from server.organisations import queries as organisations
from server.organisations.models import BridgePoint

MOST = 20
"""Meetings at the same hour that are spelled out, the nearest first."""
_NAMED = 5
_HELD = ("draft", "invited", "open", "running")


async def clashes(session: AsyncSession, actor: Actor, asked: ClashesAsked) -> list[Clash]:
    """Halls outside the units that the actor plans for, and people that are not theirs to choose, are passed over.
    Meetings that the actor may not see have neither title nor id; drafts among them are passed over too."""
    if not any(grant.role is Role.ORGANISER for grant in actor.grants):
        raise NotAllowed()
    paths = await organisations.open_points(session, set(asked.point_ids))
    halls = {point_id for point_id, path in paths.items() if actor.has(Role.ORGANISER, path)}
    people = set(
        await session.scalars(select(Person.id).where(Person.id.in_(set(asked.person_ids)), may_choose(actor)))
    )
    # A meeting that is on now began at most so long ago; it leads the search to a few rows of the index.
    found = list(
        await session.scalars(
            select(Meeting)
            .where(
                Meeting.starts_at < asked.ends_at,
                Meeting.starts_at > asked.starts_at - LONGEST - timedelta(days=1),
                Meeting.ends_at > asked.starts_at,
                Meeting.state.in_(_HELD),
                Meeting.id != (asked.meeting_id or 0),
            )
            .order_by(Meeting.starts_at, Meeting.id)
            .limit(500)
        )
    )
    booked = await _booked(session, found, halls)
    busy = await _busy(session, found, people)
    rights = await rights_in(session, [each for each in found if each.id in booked or each.id in busy], actor)
    answers = []
    for meeting in found:
        if meeting.id not in rights:
            continue
        seen = rights[meeting.id].view
        if meeting.state == "draft" and not seen:
            continue
        points = booked.get(meeting.id, [])
        answers.append(
            Clash(
                meeting_id=meeting.id if seen else None,
                title=meeting.title if seen else "",
                starts_at=meeting.starts_at,
                ends_at=meeting.ends_at,
                points=points[:_NAMED],
                point_count=len(points),
                people=busy.get(meeting.id, []),
            )
        )
    return answers[:MOST]


async def _booked(session: AsyncSession, meetings: Sequence[Meeting], halls: Collection[int]) -> dict[int, list[str]]:
    rows = await session.execute(
        select(MemberPoint.meeting_id, BridgePoint.name)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .where(MemberPoint.meeting_id.in_([each.id for each in meetings]), MemberPoint.point_id.in_(halls))
        .order_by(BridgePoint.name)
    )
    found: dict[int, list[str]] = {}
    for meeting_id, name in rows:
        found.setdefault(meeting_id, []).append(name)
    return found


async def _busy(session: AsyncSession, meetings: Sequence[Meeting], people: Collection[int]) -> dict[int, list[str]]:
    """Who of these leads or presents there."""
    leading = {
        (meeting.id, person_id)
        for meeting in meetings
        for person_id in (meeting.chair_id, meeting.secretary_id)
        if person_id is not None and person_id in people
    }
    presenting = await session.execute(
        select(AgendaItem.meeting_id, AgendaItem.presenter_id).where(
            AgendaItem.meeting_id.in_([each.id for each in meetings]), AgendaItem.presenter_id.in_(people)
        )
    )
    pairs = leading | {(meeting_id, person_id) for meeting_id, person_id in presenting if person_id is not None}
    names = dict((await session.execute(select(Person.id, Person.full_name).where(Person.id.in_(people)))).all())
    found: dict[int, list[str]] = {}
    for meeting_id, person_id in sorted(pairs):
        found.setdefault(meeting_id, []).append(names[person_id])
    return found
