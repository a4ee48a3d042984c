"""How people have answered. The newest line of each delegate's log counts; who has a substitute on the list is
represented, however that came about."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.errors import NotFound
from server.core.fields import folded
from server.invitations.replies.models import Reply
from server.invitations.replies.schemas import (
    MyReply,
    RepliesBoard,
    RepliesPoint,
    RepliesQuery,
    RepliesUnit,
    ReplyFigures,
    ReplyRow,
    ReplyState,
    Substitute,
)
from server.invitations.rights import ListRights, list_rights
from server.meetings.access import visible_meeting
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of

TAKEN_IN = ("invited", "open", "running")
"""States of a meeting in which it takes replies."""
ONLINE = "Trực tuyến"

_last = aliased(Reply)
_stands = aliased(Delegate)
_stand_in = aliased(Person)


def state_of() -> ColumnElement[str]:
    """The `ReplyState` of a row of `answered`. An agreed substitute who was taken off the list again leaves the
    question open."""
    return case(
        (_stands.id.is_not(None), "substitute"),
        (_last.id.is_(None), "none"),
        (_last.kind == "agreed", "none"),
        else_=_last.kind,
    )


def answered(*columns: Any, meeting_id: int, delegate_id: int | None = None) -> Select[Any]:
    """These columns of each delegate of the meeting (or of the one) who is expected in person or represented; the
    newest reply and the substitute are joined."""
    of_each = (
        select(func.max(Reply.id).label("id"), Reply.delegate_id)
        .where(Reply.meeting_id == meeting_id)
        .group_by(Reply.delegate_id)
    )
    # Said to both: a database does not carry it into what is grouped, and would walk through twelve thousand replies.
    of_one = Delegate.id == delegate_id if delegate_id is not None else true()
    newest = (of_each if delegate_id is None else of_each.where(Reply.delegate_id == delegate_id)).subquery()
    return (
        select(*columns)
        .select_from(Delegate)
        .join(Person, Person.id == Delegate.person_id)
        .outerjoin(newest, newest.c.delegate_id == Delegate.id)
        .outerjoin(_last, _last.id == newest.c.id)
        .outerjoin(_stands, and_(_stands.substitutes_id == Delegate.id, _stands.removed_at.is_(None)))
        .outerjoin(_stand_in, _stand_in.id == _stands.person_id)
        .where(of_one, Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None))
        .where(Delegate.substitutes_id.is_(None))
    )


async def silent_ids(session: AsyncSession, meeting_id: int) -> set[int]:
    """Delegates who have not answered, or whose substitute was declined."""
    rows = await session.scalars(
        answered(Delegate.id, meeting_id=meeting_id).where(or_(state_of() == "none", state_of() == "declined"))
    )
    return set(rows)


async def state_of_one(session: AsyncSession, delegate: Delegate) -> ReplyState:
    found = await session.scalar(answered(state_of(), meeting_id=delegate.meeting_id, delegate_id=delegate.id))
    return cast("ReplyState", found or "none")


async def last_reply(session: AsyncSession, delegate: Delegate) -> Reply | None:
    statement = select(Reply).where(Reply.meeting_id == delegate.meeting_id, Reply.delegate_id == delegate.id)
    return (await session.scalars(statement.order_by(Reply.id.desc()).limit(1))).first()


async def my_reply(session: AsyncSession, meeting_id: int, actor: Actor) -> MyReply:
    """NotFound for who is not on the list."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    delegate = await session.get(Delegate, rights.delegate_id) if rights.delegate_id is not None else None
    if delegate is None:
        raise NotFound()
    if delegate.substitutes_id is not None:
        own = await stands_for(session, delegate)
        return own.model_copy(update={"may_reply": meeting.state in TAKEN_IN})
    row = (await session.execute(answered(*_said(), meeting_id=meeting_id, delegate_id=delegate.id))).one()
    return MyReply(
        state=row.state,
        may_reply=meeting.state in TAKEN_IN and row.state != "substitute",
        reason=row.reason or "",
        substitute=_substitute(row),
        stands_for="",
        at=row.at,
    )


async def stands_for(session: AsyncSession, substitute: Delegate) -> MyReply:
    """Of who comes in another's stead: that they do."""
    represented = await session.get_one(Delegate, substitute.substitutes_id)
    person = await session.get_one(Person, represented.person_id)
    return MyReply(state="accepted", may_reply=False, reason="", substitute=None, stands_for=person.full_name, at=None)


async def board(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, asked: RepliesQuery
) -> RepliesBoard:
    """For who keeps the lists; for a hall's secretary of the own hall."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    _, allowed = await visible_meeting(session, meeting_id, actor)
    counts: defaultdict[int | None, ReplyFigures] = defaultdict(ReplyFigures)
    rows = await session.execute(
        _within(
            answered(Delegate.point_id, state_of().label("state"), func.count(), meeting_id=meeting_id), rights
        ).group_by(Delegate.point_id, literal_column("state"))
    )
    for point_id, state, number in rows:
        _add(counts[point_id], state, number)
    units, points = await _places(session, meeting, rights, counts)
    total = ReplyFigures()
    for figures in counts.values():
        _include(total, figures)
    people, people_total = await _people(session, meeting_id, rights, asked)
    return RepliesBoard(
        as_of=now,
        total=total,
        units=units,
        points=points,
        may_decide=allowed.conduct and rights.everything,
        people=people,
        people_total=people_total,
    )


def _said() -> tuple[Any, ...]:
    return (
        state_of().label("state"),
        _last.reason,
        _last.full_name.label("proposed_name"),
        _last.title.label("proposed_title"),
        _stand_in.full_name.label("stand_in_name"),
        _stand_in.title.label("stand_in_title"),
        _last.at,
        _last.how,
        _last.by_name,
    )


def _substitute(row: Any) -> Substitute | None:
    if row.stand_in_name:
        return Substitute(full_name=row.stand_in_name, title=row.stand_in_title)
    if row.state in ("proposed", "declined") and row.proposed_name:
        return Substitute(full_name=row.proposed_name, title=row.proposed_title)
    return None


def _within(statement: Select[Any], rights: ListRights) -> Select[Any]:
    return statement if rights.everything else statement.where(Delegate.point_id.in_(rights.points))


async def _people(
    session: AsyncSession, meeting_id: int, rights: ListRights, asked: RepliesQuery
) -> tuple[list[ReplyRow], int]:
    if asked.limit == 0:
        return [], 0
    chosen = _within(
        answered(
            Delegate.id,
            Person.full_name.label("name"),
            Person.title.label("position"),
            Person.phone,
            Delegate.point_id,
            BridgePoint.name.label("point_name"),
            *_said(),
            meeting_id=meeting_id,
        ).outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id),
        rights,
    )
    if asked.point_id is not None:
        chosen = chosen.where(Delegate.point_id == asked.point_id if asked.point_id else Delegate.point_id.is_(None))
    if asked.state is not None:
        wanted = ("none", "declined") if asked.state == "none" else (asked.state,)
        chosen = chosen.where(state_of().in_(wanted))
    for word in folded(asked.q).split():
        chosen = chosen.where(Person.search_name.contains(word, autoescape=True))
    total = await session.scalar(select(func.count()).select_from(chosen.subquery()))
    order = case({"proposed": 0, "declined": 1, "none": 2, "absent": 3, "substitute": 4}, value=state_of(), else_=5)
    rows = await session.execute(
        chosen.order_by(order, Delegate.point_id, Delegate.position, Delegate.id)
        .limit(asked.limit)
        .offset(asked.offset)
    )
    found = [
        ReplyRow(
            delegate_id=row.id,
            full_name=row.name,
            title=row.position,
            point_id=row.point_id,
            point_name=row.point_name or "",
            phone=row.phone,
            state=row.state,
            reason=row.reason or "",
            substitute=_substitute(row),
            at=row.at,
            how=row.how or "",
            by_name=row.by_name or "",
        )
        for row in rows
    ]
    return found, total or 0


def _add(figures: ReplyFigures, state: str, number: int) -> None:
    figures.invited += number
    name = "none" if state == "declined" else state
    setattr(figures, name, getattr(figures, name) + number)


def _include(sum_: ReplyFigures, other: ReplyFigures) -> None:
    for name in ReplyFigures.model_fields:
        setattr(sum_, name, getattr(sum_, name) + getattr(other, name))


async def _places(
    session: AsyncSession, meeting: Meeting, rights: ListRights, counts: Mapping[int | None, ReplyFigures]
) -> tuple[list[RepliesUnit], list[RepliesPoint]]:
    member = select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting.id)
    here = BridgePoint.id.in_([each for each in counts if each is not None])
    shown = or_(here, BridgePoint.id.in_(member)) if rights.everything else BridgePoint.id.in_(rights.points)
    places = (
        await session.execute(
            select(BridgePoint.id, BridgePoint.name, Unit.id, Unit.path)
            .join(Unit, Unit.id == BridgePoint.unit_id)
            .where(shown)
            .order_by(BridgePoint.position, BridgePoint.id)
        )
    ).all()
    points = [
        RepliesPoint(point_id=point_id, name=name, unit_id=unit_id, **_figures(counts.get(point_id)))
        for point_id, name, unit_id, _ in places
    ]
    if None in counts:
        points.append(RepliesPoint(point_id=None, name=ONLINE, unit_id=None, **_figures(counts[None])))
    sums: defaultdict[int, ReplyFigures] = defaultdict(ReplyFigures)
    for point_id, _, _, path in places:
        for unit_id in ids_of(path):
            _include(sums[unit_id], counts.get(point_id) or ReplyFigures())
    units = {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(sums)))}
    ordered = sorted(units.values(), key=lambda unit: [(units[each].position, each) for each in ids_of(unit.path)])
    return [
        RepliesUnit(
            unit_id=unit.id,
            parent_id=unit.parent_id,
            name=unit.name,
            depth=len(ids_of(unit.path)) - 1,
            **_figures(sums[unit.id]),
        )
        for unit in ordered
    ], points


def _figures(figures: ReplyFigures | None) -> dict[str, int]:
    return (figures or ReplyFigures()).model_dump()
