"""The meeting's part of the live state: collections `meeting`, `agenda`, `units`."""

from datetime import datetime, timedelta
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.errors import NotFound
from server.live.log import gone, put
from server.live.protocol import Change, Wire
from server.meetings.announcements.queries import News, news
from server.meetings.days import beginnings
from server.meetings.models import AgendaItem, AgendaStint, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit

MeetingStateName = Literal["draft", "invited", "postponed", "cancelled", "open", "running", "ended"]
AgendaKind = Literal["item", "break"]


class MeetingEntity(Wire):
    """Collection `meeting`, key ""."""

    id: int
    kind: str
    title: str
    state: MeetingStateName
    unit_name: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    main_point_id: int
    chair_name: str
    secretary_name: str
    current_item_id: int | None
    news: News | None
    """Of the newest that everybody was told after the invitation."""


class AgendaItemEntity(Wire):
    """Collection `agenda`, key = id. Time spent now = `spent_seconds` + (now - `since`, if set)."""

    id: int
    position: int
    kind: AgendaKind
    day: int
    """Place of its day among the meeting's, from 0."""
    begins_at: datetime
    """By the plan."""
    title: str
    minutes: int
    presenter: str
    state: Literal["waiting", "current", "done"]
    spent_seconds: int
    since: datetime | None


class UnitEntity(Wire):
    """Collection `units`, key = id: every unit of the member points and all above them."""

    id: int
    parent_id: int | None
    name: str
    short_name: str
    level: str
    position: int


Entities = dict[str, dict[str, Wire]]
"""Collection -> key -> entity."""


async def entities(session: AsyncSession, meeting_id: int) -> Entities:
    """The meeting's part of a snapshot. NotFound if there is no such meeting."""
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound()
    agenda = await _agenda(session, meeting)
    current = next((item.id for item in agenda if item.state == "current"), None)
    return {
        "meeting": {"": await _meeting(session, meeting, current)},
        "agenda": {str(item.id): item for item in agenda},
        "units": {str(unit.id): unit for unit in await _units(session, meeting_id)},
    }


def changes_between(before: Entities, after: Entities) -> list[Change]:
    """What an event must carry so that clients that had `before` have `after`."""
    changes = []
    for collection, entities_after in after.items():
        entities_before = before.get(collection, {})
        for key, entity in entities_after.items():
            if entities_before.get(key) != entity:
                changes.append(put(collection, key, entity))
        changes += [gone(collection, key) for key in entities_before if key not in entities_after]
    return changes


async def _meeting(session: AsyncSession, meeting: Meeting, current_item_id: int | None) -> MeetingEntity:
    unit = await session.get_one(Unit, meeting.unit_id)
    names: dict[int | None, str] = {None: ""}
    wanted = {meeting.chair_id, meeting.secretary_id} - {None}
    for person_id, name in await session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted))):
        names[person_id] = name
    return MeetingEntity.model_validate(
        {
            **{name: getattr(meeting, name) for name in MeetingEntity.model_fields if hasattr(meeting, name)},
            "unit_name": unit.name,
            "chair_name": names[meeting.chair_id],
            "secretary_name": names[meeting.secretary_id],
            "current_item_id": current_item_id,
            "news": await news(session, meeting.id),
        }
    )


async def _agenda(session: AsyncSession, meeting: Meeting) -> list[AgendaItemEntity]:
    found = await session.execute(
        select(AgendaItem, Person.full_name)
        .outerjoin(Person, Person.id == AgendaItem.presenter_id)
        .where(AgendaItem.meeting_id == meeting.id)
        .order_by(AgendaItem.position)
    )
    items = found.all()
    begin = beginnings(meeting.starts_at, meeting.days, [item for item, _ in items])
    stints: dict[int, list[AgendaStint]] = {}
    for stint in await session.scalars(
        select(AgendaStint).join(AgendaItem).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaStint.began_at)
    ):
        stints.setdefault(stint.item_id, []).append(stint)
    return [
        _item(item, presenter, begins_at, stints.get(item.id, []))
        for (item, presenter), begins_at in zip(items, begin, strict=True)
    ]


def _item(item: AgendaItem, presenter: str | None, begins_at: datetime, stints: list[AgendaStint]) -> AgendaItemEntity:
    spent = sum(((stint.ended_at - stint.began_at) for stint in stints if stint.ended_at), timedelta())
    since = next((stint.began_at for stint in stints if stint.ended_at is None), None)
    return AgendaItemEntity(
        id=item.id,
        position=item.position,
        kind=cast(AgendaKind, item.kind),
        day=item.day,
        begins_at=begins_at,
        title=item.title,
        minutes=item.minutes,
        presenter=presenter or item.presenter_text,
        state="current" if since else "done" if stints else "waiting",
        spent_seconds=int(spent.total_seconds()),
        since=since,
    )


async def _units(session: AsyncSession, meeting_id: int) -> list[UnitEntity]:
    paths = await session.scalars(
        select(Unit.path)
        .join(BridgePoint, BridgePoint.unit_id == Unit.id)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id)
        .distinct()
    )
    wanted = {int(unit_id) for path in paths for unit_id in path.strip("/").split("/")}
    units = await session.scalars(select(Unit).where(Unit.id.in_(wanted)).order_by(Unit.position, Unit.id))
    return [UnitEntity.model_validate(unit) for unit in units]
