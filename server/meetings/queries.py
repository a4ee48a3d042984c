"""All reads of meetings."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from server.accounts.models import Person
from server.core.actor import Actor
from server.meetings.access import visible_meeting
from server.meetings.announcements.queries import news, unannounced
from server.meetings.days import beginnings
from server.meetings.list_figures import lists
from server.meetings.models import AgendaItem, Meeting, MemberPoint
from server.meetings.rights import MeetingRights
from server.meetings.schemas import AgendaOut, MeetingOut, MemberOut, Notice, RightsOut
from server.organisations.models import BridgePoint, Unit


def rights_out(rights: MeetingRights) -> RightsOut:
    return RightsOut(
        view=rights.view,
        attend=rights.attend,
        oversee=rights.oversee,
        organise=rights.organise,
        conduct=rights.conduct,
        operate=rights.operate,
        present=rights.present,
        points=sorted(rights.points),
        delegate_id=rights.delegate_id,
    )


async def meeting(session: AsyncSession, meeting_id: int, actor: Actor, notices: Sequence[Notice] = ()) -> MeetingOut:
    """The whole meeting as the actor may see it. NotFound for what it may not."""
    found, rights = await visible_meeting(session, meeting_id, actor)
    names, titles = await _leaders(session, {found.chair_id, found.secretary_id})
    values = {name: getattr(found, name) for name in MeetingOut.model_fields if hasattr(found, name)}
    return MeetingOut.model_validate(
        {
            **values,
            "unit_name": (await session.get_one(Unit, found.unit_id)).name,
            "main_point_name": (await session.get_one(BridgePoint, found.main_point_id)).name,
            "chair_name": names[found.chair_id],
            "chair_title": titles[found.chair_id],
            "secretary_name": names[found.secretary_id],
            "secretary_title": titles[found.secretary_id],
            "agenda": await _agenda(session, found),
            "points": await _points(session, meeting_id),
            "my": rights_out(rights),
            "lists": (await lists(session, meeting_id)).figures() if rights.oversee else None,
            "news": await news(session, meeting_id),
            "unannounced": await unannounced(session, found) if rights.organise else [],
            "notices": list(notices),
        }
    )


async def _agenda(session: AsyncSession, meeting: Meeting) -> list[AgendaOut]:
    found = await session.execute(
        select(AgendaItem, Person.full_name, Person.title)
        .outerjoin(Person, Person.id == AgendaItem.presenter_id)
        .where(AgendaItem.meeting_id == meeting.id)
        .order_by(AgendaItem.position)
    )
    rows = found.all()
    begin = beginnings(meeting.starts_at, meeting.days, [row[0] for row in rows])
    return [
        AgendaOut(
            id=item.id,
            kind=item.kind,
            day=item.day,
            title=item.title,
            minutes=item.minutes,
            begins_at=begins_at,
            presenter_id=item.presenter_id,
            presenter_name=presenter or "",
            presenter_title=title or "",
            presenter_text=item.presenter_text,
        )
        for (item, presenter, title), begins_at in zip(rows, begin, strict=True)
    ]


async def _points(session: AsyncSession, meeting_id: int) -> list[MemberOut]:
    rows = await session.execute(
        select(MemberPoint.point_id, MemberPoint.speaker, BridgePoint.name, BridgePoint.unit_id)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .where(MemberPoint.meeting_id == meeting_id)
        .order_by(MemberPoint.id)
    )
    return [
        MemberOut(point_id=point_id, speaker=speaker, name=name, unit_id=unit_id)
        for point_id, speaker, name, unit_id in rows
    ]


async def _leaders(
    session: AsyncSession, person_ids: set[int | None]
) -> tuple[dict[int | None, str], dict[int | None, str]]:
    """Their names and their positions, by id; of nobody both are empty."""
    names: dict[int | None, str] = {None: ""}
    titles: dict[int | None, str] = {None: ""}
    rows = await session.execute(
        select(Person.id, Person.full_name, Person.title).where(Person.id.in_(person_ids - {None}))
    )
    for person_id, name, title in rows:
        names[person_id], titles[person_id] = name, title
    return names, titles


async def column_by_id(
    session: AsyncSession, key: InstrumentedAttribute[int], column: InstrumentedAttribute[str], ids: set[int]
) -> dict[int, str]:
    rows = await session.execute(select(key, column).where(key.in_(ids)))
    return dict(rows.all())
