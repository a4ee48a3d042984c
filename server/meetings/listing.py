"""The list of meetings somebody may see, filtered, put in order and cut into pages by the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, false, func, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, defer

from server.core.actor import Actor, Role
from server.core.fields import folded
from server.meetings.list_figures import lists_of
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.meetings.queries import column_by_id, rights_out
from server.meetings.rights import rights_in
from server.meetings.schemas import MeetingSummary
from server.meetings.validation import LONGEST
from server.organisations.models import BridgePoint, Unit

When = Literal["all", "coming", "ended"]

_SHOWN_FIRST = {"running": 0, "open": 1, "invited": 2, "postponed": 2, "cancelled": 2, "draft": 3}
_PLANNED = ("draft", "invited")
_MANY_POINTS = 500


async def meetings(
    session: AsyncSession,
    actor: Actor,
    *,
    now: datetime,
    when: When = "all",
    q: str = "",
    starting: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[MeetingSummary]:
    """A page of the meetings the actor may see: what runs first, then what comes next (`coming`), then what has
    `ended`, the newest first; one that was called off is among those to come until its hour is over. `q`: every word
    of it is in the title, diacritics or not. With `starting` or `until` (exclusive) those that are on between the two,
    in the order of their beginning."""
    seen = await _seen(session, actor)
    for word in folded(q).split():
        seen = and_(seen, Meeting.search_title.contains(word, autoescape=True))
    shown: list[Meeting] = []
    if starting is not None or until is not None:
        shown += await session.scalars(_between(seen, starting, until).limit(limit).offset(offset))
    elif when != "ended":
        shown += await session.scalars(_coming(seen, now).limit(limit).offset(offset))
        if when == "all" and len(shown) < limit:
            before = await session.scalar(select(func.count()).select_from(Meeting).where(not_(_over(now)), seen))
            shown += await session.scalars(
                _ended(seen, now).limit(limit - len(shown)).offset(max(offset - (before or 0), 0))
            )
    else:
        shown += await session.scalars(_ended(seen, now).limit(limit).offset(offset))
    return await _summaries(session, shown, actor)


def _over(now: datetime) -> ColumnElement[bool]:
    return or_(Meeting.state == "ended", and_(Meeting.state == "cancelled", Meeting.ends_at < now))


async def known_since(session: AsyncSession, actor: Actor, since: datetime, limit: int) -> list[Meeting]:
    """Those the actor may see that are no drafts and end after `since`, the earliest first; of more than `limit` the
    latest."""
    seen = await _seen(session, actor)
    found = await session.scalars(
        select(Meeting)
        .where(Meeting.state != "draft", Meeting.ends_at > since, seen)
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
        .limit(limit)
    )
    return list(found)[::-1]


def _coming(seen: ColumnElement[bool], now: datetime) -> Select[Any]:
    first = case(_SHOWN_FIRST, value=Meeting.state, else_=len(_SHOWN_FIRST))
    return (
        select(Meeting)
        .options(defer(Meeting.description))
        .where(Meeting.state.in_(_SHOWN_FIRST), not_(_over(now)), seen)
        .order_by(first, Meeting.starts_at, Meeting.id)
    )


def _between(seen: ColumnElement[bool], starting: datetime | None, until: datetime | None) -> Select[Any]:
    found = select(Meeting).options(defer(Meeting.description)).where(seen)
    if starting is not None:
        # A meeting that is on then began at most so long ago; it leads the search to a few rows of the index.
        found = found.where(Meeting.ends_at > starting, Meeting.starts_at > starting - LONGEST)
    if until is not None:
        found = found.where(Meeting.starts_at < until)
    return found.order_by(Meeting.starts_at, Meeting.id)


def _ended(seen: ColumnElement[bool], now: datetime) -> Select[Any]:
    return (
        select(Meeting)
        .options(defer(Meeting.description))
        .where(_over(now), seen)
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
    )


async def _seen(session: AsyncSession, actor: Actor) -> ColumnElement[bool]:
    """`MeetingRights.view` as a condition on `Meeting`; a test holds the two together."""
    if actor.system:
        return true()
    person = actor.person_id
    makes: list[ColumnElement[bool]] = [Meeting.unit_id.in_(_units_below(actor, Role.ORGANISER))]
    if person is not None:
        makes.append(and_(or_(Meeting.chair_id == person, Meeting.secretary_id == person), _within(actor)))
    reaches: list[ColumnElement[bool]] = [Meeting.unit_id.in_(_units_below(actor, Role.OPERATOR))]
    if person is not None:
        on_list = select(Delegate.meeting_id).where(Delegate.person_id == person, Delegate.removed_at.is_(None))
        presents = select(AgendaItem.meeting_id).where(AgendaItem.presenter_id == person)
        reaches += [Meeting.id.in_(on_list), and_(Meeting.id.in_(presents), _within(actor))]
    points = await _own_points(session, actor)
    if points is not None:
        # Asked meeting by meeting: the search of a page ends with the page, whoever is a member of all of them.
        reaches.append(
            select(MemberPoint.id)
            .where(MemberPoint.meeting_id == Meeting.id, MemberPoint.point_id.in_(points))
            .exists()
        )
    seen = or_(*makes, and_(Meeting.state != "draft", or_(*reaches)))
    return seen if actor.only_meetings is None else and_(Meeting.id.in_(sorted(actor.only_meetings)), seen)


def _within(actor: Actor) -> ColumnElement[bool]:
    """Of a unit in whose meetings the actor's way in lets them lead and present (`Actor.within`)."""
    if actor.within is None:
        return true()
    return Meeting.unit_id.in_(select(Unit.id).where(Unit.path.startswith(actor.within)))


def _units_below(actor: Actor, role: Role) -> Select[Any]:
    branches = [Unit.path.startswith(grant.unit_path) for grant in actor.grants if grant.role is role]
    return select(Unit.id).where(or_(false(), *branches))


async def _own_points(session: AsyncSession, actor: Actor) -> Sequence[int] | Select[Any] | None:
    """The points in whose branch the actor holds any role, and the device's own; None if there are none."""
    own = [Unit.path.startswith(grant.unit_path) for grant in actor.grants]
    if actor.point_id is not None:
        own.append(BridgePoint.id == actor.point_id)
    if not own:
        return None
    points = select(BridgePoint.id).join(Unit, Unit.id == BridgePoint.unit_id).where(or_(*own))
    found = list(await session.scalars(points.limit(_MANY_POINTS + 1)))
    return found if len(found) <= _MANY_POINTS else points


async def _summaries(session: AsyncSession, shown: Sequence[Meeting], actor: Actor) -> list[MeetingSummary]:
    rights = await rights_in(session, shown, actor)
    ids = [each.id for each in shown]
    units = await column_by_id(session, Unit.id, Unit.name, {each.unit_id for each in shown})
    halls = await column_by_id(session, BridgePoint.id, BridgePoint.name, {each.main_point_id for each in shown})
    point_counts = await _counts(session, MemberPoint.meeting_id, ids)
    planned = await lists_of(
        session, [each.id for each in shown if each.state in _PLANNED and rights[each.id].organise]
    )
    item_counts = await _counts(session, AgendaItem.meeting_id, ids)
    fields = [name for name in MeetingSummary.model_fields if hasattr(Meeting, name)]
    return [
        MeetingSummary.model_validate(
            {
                **{name: getattr(each, name) for name in fields},
                "unit_name": units[each.unit_id],
                "main_point_name": halls[each.main_point_id],
                "point_count": point_counts.get(each.id, 0),
                "agenda_count": item_counts.get(each.id, 0),
                "my": rights_out(rights[each.id]),
                "lists": planned[each.id].figures() if each.id in planned else None,
            }
        )
        for each in shown
        if rights[each.id].view
    ]


async def _counts(session: AsyncSession, column: InstrumentedAttribute[int], ids: list[int]) -> dict[int, int]:
    rows = await session.execute(select(column, func.count()).where(column.in_(ids)).group_by(column))
    return dict(rows.all())
