"""All reads of meetings."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from server.accounts.models import Person
from server.core.actor import Actor
from server.meetings.access import visible_meeting
from server.meetings.models import AgendaItem, Meeting, MemberPoint
from server.meetings.rights import MeetingRights, rights_in
from server.meetings.schemas import AgendaOut, MeetingOut, MeetingSummary, MemberOut, Notice, RightsOut
from server.organisations.models import BridgePoint, Unit

_SHOWN_FIRST = {"running": 0, "open": 1, "invited": 2, "draft": 3, "ended": 4}


def rights_out(rights: MeetingRights) -> RightsOut:
    return RightsOut(
        view=rights.view,
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
    names = await _names(session, {found.chair_id, found.secretary_id})
    values = {name: getattr(found, name) for name in MeetingOut.model_fields if hasattr(found, name)}
    return MeetingOut.model_validate(
        {
            **values,
            "unit_name": (await session.get_one(Unit, found.unit_id)).name,
            "main_point_name": (await session.get_one(BridgePoint, found.main_point_id)).name,
            "chair_name": names[found.chair_id],
            "secretary_name": names[found.secretary_id],
            "agenda": await _agenda(session, meeting_id),
            "points": await _points(session, meeting_id),
            "my": rights_out(rights),
            "notices": list(notices),
        }
    )


async def meetings(session: AsyncSession, actor: Actor, limit: int = 500) -> list[MeetingSummary]:
    """All meetings the actor may see: what runs first, then what comes next, then what has ended, the newest first."""
    found = list(await session.scalars(select(Meeting).order_by(Meeting.starts_at.desc(), Meeting.id.desc())))
    rights = await rights_in(session, found, actor)
    seen = [each for each in found if rights[each.id].view]
    upcoming = sorted(
        (each for each in seen if each.state != "ended"), key=lambda each: (_SHOWN_FIRST[each.state], each.starts_at)
    )
    shown = [*upcoming, *(each for each in seen if each.state == "ended")][:limit]
    ids = [each.id for each in shown]
    units = await _column_by_id(session, Unit.id, Unit.name, {each.unit_id for each in shown})
    halls = await _column_by_id(session, BridgePoint.id, BridgePoint.name, {each.main_point_id for each in shown})
    point_counts = await _counts(session, MemberPoint.meeting_id, ids)
    item_counts = await _counts(session, AgendaItem.meeting_id, ids)
    return [
        MeetingSummary.model_validate(
            {
                **{name: getattr(each, name) for name in MeetingSummary.model_fields if hasattr(each, name)},
                "unit_name": units[each.unit_id],
                "main_point_name": halls[each.main_point_id],
                "point_count": point_counts.get(each.id, 0),
                "agenda_count": item_counts.get(each.id, 0),
                "my": rights_out(rights[each.id]),
            }
        )
        for each in shown
    ]


async def _agenda(session: AsyncSession, meeting_id: int) -> list[AgendaOut]:
    rows = await session.execute(
        select(AgendaItem, Person.full_name)
        .outerjoin(Person, Person.id == AgendaItem.presenter_id)
        .where(AgendaItem.meeting_id == meeting_id)
        .order_by(AgendaItem.position)
    )
    return [
        AgendaOut(
            id=item.id,
            title=item.title,
            minutes=item.minutes,
            presenter_id=item.presenter_id,
            presenter_name=presenter or "",
            presenter_text=item.presenter_text,
        )
        for item, presenter in rows
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


async def _names(session: AsyncSession, person_ids: set[int | None]) -> dict[int | None, str]:
    wanted = {person_id for person_id in person_ids if person_id is not None}
    known: dict[int | None, str] = {None: ""}
    for person_id, name in (await _column_by_id(session, Person.id, Person.full_name, wanted)).items():
        known[person_id] = name
    return known


async def _column_by_id(
    session: AsyncSession, key: InstrumentedAttribute[int], column: InstrumentedAttribute[str], ids: set[int]
) -> dict[int, str]:
    rows = await session.execute(select(key, column).where(key.in_(ids)))
    return dict(rows.all())


async def _counts(session: AsyncSession, column: InstrumentedAttribute[int], ids: list[int]) -> dict[int, int]:
    rows = await session.execute(select(column, func.count()).where(column.in_(ids)).group_by(column))
    return dict(rows.all())
