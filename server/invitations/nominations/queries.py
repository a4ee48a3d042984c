"""Reads: a point's list for who makes it, and the organiser's board of all."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person, RoleGrant
from server.core.actor import Actor, Role
from server.core.errors import NotAllowed
from server.core.fields import folded
from server.invitations.links import occasion_of
from server.invitations.nominations.hands import Hand, Held, held
from server.invitations.nominations.locks import closes_at, is_locked
from server.invitations.nominations.models import Nomination, NominationCall
from server.invitations.nominations.schemas import (
    BoardQuery,
    CallOut,
    Choosable,
    Named,
    NominationBoard,
    NominationBranch,
    NominationFigures,
    NominationOut,
    NominationRow,
    NominationState,
)
from server.invitations.rights import list_rights
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of

ASKED_IN = ("invited", "open", "running")
"""States of a meeting whose points can be asked."""
FOUND_MOST = 20


async def nomination(session: AsyncSession, hand: Hand, actor: Actor, now: datetime) -> NominationOut:
    return await nomination_of(session, hand, await held(session, hand, actor), now)


async def nomination_of(session: AsyncSession, hand: Hand, found: Held, now: datetime) -> NominationOut:
    meeting, call, row = found.meeting, found.call, found.row
    point = await session.get_one(BridgePoint, hand.point_id)
    listed = await session.execute(
        select(Delegate.id, Person.full_name, Person.title)
        .join(Person, Person.id == Delegate.person_id)
        .where(Delegate.meeting_id == meeting.id, Delegate.point_id == point.id, Delegate.removed_at.is_(None))
        .order_by(Delegate.position, Delegate.id)
    )
    return NominationOut(
        meeting_id=meeting.id,
        point_id=point.id,
        kind=cast("Any", meeting.kind),
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        unit_name=(await session.get_one(Unit, meeting.unit_id)).name,
        point_name=point.name,
        point_unit_name=(await session.get_one(Unit, point.unit_id)).name,
        seats=point.seats,
        note=call.note,
        contact=call.contact,
        closes_at=closes_at(call, row),
        locked=is_locked(call, row, now) or meeting.state not in ASKED_IN,
        people=[Named(delegate_id=id_, full_name=name, title=title) for id_, name, title in listed],
        submitted_at=row.submitted_at if row else None,
        submitted_by=row.submitted_by if row else "",
        by_link=hand.key is not None,
    )


def own_people(meeting_id: int, unit_path: str) -> ColumnElement[bool]:
    """Whom a point may name: people of its unit and of those below, but not of a unit that sits in a hall of its own at
    this meeting, which names its people itself."""
    other = aliased(Unit)
    hall = aliased(BridgePoint)
    elsewhere = (
        select(MemberPoint.id)
        .join(hall, hall.id == MemberPoint.point_id)
        .join(other, other.id == hall.unit_id)
        .where(
            MemberPoint.meeting_id == meeting_id,
            other.path != unit_path,
            other.path.startswith(unit_path),
            Unit.path.startswith(other.path),
        )
        .exists()
    )
    within = select(Unit.id).where(Unit.path.startswith(unit_path), ~elsewhere)
    return and_(Person.unit_id.in_(within), Person.disabled_at.is_(None))


async def choosable(session: AsyncSession, hand: Hand, actor: Actor, q: str) -> list[Choosable]:
    """Names and positions alone: addresses are told to nobody."""
    await held(session, hand, actor)
    point = await session.get_one(BridgePoint, hand.point_id)
    path = (await session.get_one(Unit, point.unit_id)).path
    statement = (
        select(Person.id, Person.full_name, Person.title, Unit.name)
        .join(Unit, Unit.id == Person.unit_id)
        .where(own_people(hand.meeting_id, path))
    )
    for word in folded(q).split():
        statement = statement.where(
            or_(Person.search_name.contains(word, autoescape=True), Person.search_title.contains(word, autoescape=True))
        )
    rows = await session.execute(
        statement.order_by(Person.unit_id != point.unit_id, Person.search_name, Person.id).limit(FOUND_MOST)
    )
    return [Choosable(person_id=id_, full_name=name, title=title, unit_name=unit) for id_, name, title, unit in rows]


async def board(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, asked: BoardQuery, *, mail_ready: bool
) -> NominationBoard:
    """For who keeps all lists of the meeting."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    call = await session.get(NominationCall, meeting_id)
    total, branches = await _figures(session, meeting)
    points, points_total = await _rows(session, meeting_id, call, now, asked)
    return NominationBoard(
        as_of=now,
        call=_call_out(call, now) if call else None,
        may_ask=meeting.state in ASKED_IN,
        contact=await _contact(session, meeting, actor),
        mail_ready=mail_ready,
        total=total,
        branches=branches,
        points=points,
        points_total=points_total,
    )


def _call_out(call: NominationCall, now: datetime) -> CallOut:
    return CallOut(
        deadline=call.deadline,
        remind_hours=call.remind_hours,
        done=call.done,
        contact=call.contact,
        note=call.note,
        asked_at=call.asked_at,
        locked=is_locked(call, None, now),
    )


async def _contact(session: AsyncSession, meeting: Meeting, actor: Actor) -> str:
    person = await session.get(Person, actor.person_id) if actor.person_id is not None else None
    if person is not None and person.phone:
        return f"{person.full_name}, {person.phone}"
    return (await occasion_of(session, meeting)).contact or (person.full_name if person else "")


def _counts(meeting_id: int) -> Any:
    return (
        select(Delegate.point_id, func.count().label("people"))
        .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None), Delegate.substitutes_id.is_(None))
        .group_by(Delegate.point_id)
        .subquery()
    )


def _members(meeting_id: int, *columns: Any) -> tuple[Select[Any], ColumnElement[int], ColumnElement[str]]:
    """A row for each member point; the number of its people; its `NominationState`."""
    counts = _counts(meeting_id)
    people = func.coalesce(counts.c.people, 0)
    state = case((Nomination.submitted_at.is_not(None), "submitted"), (people > 0, "begun"), else_="none")
    statement = (
        select(*columns, people.label("people"), state.label("state"))
        .select_from(MemberPoint)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .outerjoin(
            Nomination, and_(Nomination.meeting_id == MemberPoint.meeting_id, Nomination.point_id == BridgePoint.id)
        )
        .outerjoin(counts, counts.c.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id)
    )
    return statement, people, state


async def _figures(session: AsyncSession, meeting: Meeting) -> tuple[NominationFigures, list[NominationBranch]]:
    statement, _, _ = _members(meeting.id, Unit.path)
    holder = await session.get_one(Unit, meeting.unit_id)
    total = NominationFigures()
    sums: defaultdict[int, NominationFigures] = defaultdict(NominationFigures)
    for path, people, state in await session.execute(statement):
        for figures in (total, sums[_branch(path, holder)]):
            figures.points += 1
            figures.people += people
            figures.submitted += state == "submitted"
            figures.begun += state == "begun"
    units = await session.scalars(select(Unit).where(Unit.id.in_(sums)).order_by(Unit.path, Unit.position))
    ordered = sorted(units, key=lambda unit: (len(unit.path), unit.position, unit.id))
    return total, [NominationBranch(unit_id=u.id, name=u.name, **sums[u.id].model_dump()) for u in ordered]


def _branch(path: str, holder: Unit) -> int:
    ids = ids_of(path)
    if holder.id not in ids:
        return ids[0]
    return ids[min(ids.index(holder.id) + 1, len(ids) - 1)]


async def _rows(
    session: AsyncSession, meeting_id: int, call: NominationCall | None, now: datetime, asked: BoardQuery
) -> tuple[list[NominationRow], int]:
    chosen, _, state = _members(
        meeting_id, BridgePoint, Nomination, Unit.name.label("unit_name"), Unit.path.label("path")
    )
    if asked.state == "missing":
        chosen = chosen.where(state != "submitted")
    elif asked.state is not None:
        chosen = chosen.where(state == asked.state)
    if asked.unit_id is not None:
        branch = aliased(Unit)
        chosen = chosen.join(branch, Unit.path.startswith(branch.path)).where(branch.id == asked.unit_id)
    for word in folded(asked.q).split():
        chosen = chosen.where(BridgePoint.search_name.contains(word, autoescape=True))
    total = await session.scalar(select(func.count()).select_from(chosen.subquery()))
    order = case({"none": 0, "begun": 1}, value=state, else_=2)
    rows = (await session.execute(chosen.order_by(order, MemberPoint.id).limit(asked.limit).offset(asked.offset))).all()
    keepers = await who_keeps(session, [row.path for row in rows])
    return [_row(row, call, now, [name for _, name, _ in keepers[row.path]]) for row in rows], total or 0


def _row(row: Any, call: NominationCall | None, now: datetime, keepers: Sequence[str]) -> NominationRow:
    point: BridgePoint = row.BridgePoint
    said: Nomination | None = row.Nomination
    return NominationRow(
        point_id=point.id,
        name=point.name,
        unit_name=row.unit_name,
        seats=point.seats,
        people=row.people,
        state=cast("NominationState", row.state),
        locked=call is not None and is_locked(call, said, now),
        open_until=said.open_until if said else None,
        submitted_at=said.submitted_at if said else None,
        submitted_by=said.submitted_by if said else "",
        contact_name=said.contact_name if said else "",
        contact_email=said.contact_email if said else None,
        contact_phone=said.contact_phone if said else None,
        secretaries=list(keepers),
        opened_at=said.opened_at if said else None,
    )


async def who_keeps(
    session: AsyncSession, unit_paths: Sequence[str], role: Role = Role.HALL_SECRETARY
) -> dict[str, list[tuple[int, str, str | None]]]:
    """Who looks after the points of each of these units: person, name, e-mail. Of several the nearest: not the
    district's where the commune has its own. Secretaries keep the lists."""
    above = {unit_id for path in unit_paths for unit_id in ids_of(path)}
    rows = await session.execute(
        select(RoleGrant.unit_id, Person.id, Person.full_name, Person.email)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == role, RoleGrant.unit_id.in_(above), Person.disabled_at.is_(None))
        .order_by(Person.id)
    )
    by_unit: defaultdict[int, list[tuple[int, str, str | None]]] = defaultdict(list)
    for unit_id, person_id, name, email in rows:
        by_unit[unit_id].append((person_id, name, email))
    return {
        path: next((by_unit[each] for each in reversed(ids_of(path)) if each in by_unit), []) for path in unit_paths
    }
