"""Reads of people's attendance for pages."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance import tree as trees
from server.attendance.models import Headcount, SignOff
from server.attendance.people import roster, totals
from server.attendance.people.check_in import Taken, names
from server.attendance.people.errors import NotOnList
from server.attendance.people.hall import may_sign, may_take
from server.attendance.people.schemas import (
    CheckInOut,
    ChecksOut,
    CountOut,
    HeadcountOut,
    MyAttendance,
    PointPeople,
    SignOffOut,
    TurnoutOut,
    TurnoutPoint,
    TurnoutUnit,
)
from server.attendance.people.status import Count
from server.attendance.people.totals import Turnout
from server.attendance.tree import Tree
from server.core.actor import Actor
from server.core.errors import NotAllowed, NotFound
from server.meetings.access import overseen_meeting, visible_meeting
from server.meetings.list_figures import lists
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit

UNPLACED_NAME = "Dự trực tuyến"


async def of_meeting(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> TurnoutOut:
    """For whoever organises, conducts or operates; NotAllowed for others."""
    meeting, _ = await overseen_meeting(session, meeting_id, actor)
    return await rolled_up(session, meeting, now)


async def rolled_up(session: AsyncSession, meeting: Meeting, now: datetime) -> TurnoutOut:
    counted = await totals.load(session, meeting)
    besides = [point_id for point_id in counted.points if point_id is not None]
    tree = await trees.over(session, meeting.id, besides=besides, units=counted.units)
    heads, signed = await headcounts(session, meeting.id), await signatures(session, meeting.id)
    points = [
        TurnoutPoint(
            point_id=hall.id,
            name=hall.name,
            unit_id=hall.unit_id,
            unit_name=tree.names[hall.unit_id],
            headcount=heads.get(hall.id),
            signed_off=signed.get(hall.id),
            **counted.points.get(hall.id, Count()).figures(),
        )
        for hall in tree.halls
    ]
    if None in counted.points:
        points.append(
            TurnoutPoint(
                point_id=None,
                name=UNPLACED_NAME,
                unit_id=None,
                unit_name="",
                headcount=None,
                signed_off=None,
                **counted.points[None].figures(),
            )
        )
    people = by_unit(tree, counted)
    units = [
        TurnoutUnit(
            unit_id=unit.id,
            parent_id=tree.parent(unit),
            name=unit.name,
            depth=tree.depth(unit),
            **people[unit.id].figures(),
        )
        for unit in tree.units
    ]
    figures = (await lists(session, meeting.id)).figures()
    return TurnoutOut(as_of=now, totals=count_out(counted.total()), lists=figures, units=units, points=points)


def by_unit(tree: Tree, counted: Turnout) -> dict[int, Count]:
    """Each unit with its whole branch; delegates without a hall count in their own unit."""
    totals = {unit.id: Count() for unit in tree.units}
    direct: list[tuple[int, Count]] = [
        (hall.unit_id, counted.points[hall.id]) for hall in tree.halls if hall.id in counted.points
    ]
    for unit_id, count in [*direct, *counted.units.items()]:
        for above in tree.branch(unit_id):
            totals[above].include(count)
    return totals


async def of_hall(session: AsyncSession, meeting_id: int, point_id: int, actor: Actor, now: datetime) -> PointPeople:
    """The hall's list as it stands. For who takes it; NotAllowed for others."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not may_take(rights, point_id):
        raise NotAllowed()
    point = await session.get(BridgePoint, point_id)
    member = select(MemberPoint.id).where(MemberPoint.meeting_id == meeting_id, MemberPoint.point_id == point_id)
    here, visitors = await roster.of_hall(session, meeting, point_id)
    is_member = await session.scalar(member) is not None
    if point is None or not (is_member or here or visitors):
        raise NotFound()
    counted = await totals.load(session, meeting)
    halls = await names(session, roster.points_of([*here, *visitors]))
    return PointPeople(
        point_id=point_id,
        name=point.name,
        unit_name=(await session.get_one(Unit, point.unit_id)).name,
        as_of=now,
        count=count_out(counted.points.get(point_id, Count())),
        headcount=(await headcounts(session, meeting_id)).get(point_id),
        signed_off=(await signatures(session, meeting_id)).get(point_id),
        may_take=is_member and meeting.state != "draft",
        may_sign=is_member and meeting.state != "draft" and may_sign(rights, point_id),
        people=[roster.out(each, halls) for each in here],
        visitors=[roster.out(each, halls, visitor=True) for each in visitors],
    )


async def own(session: AsyncSession, meeting_id: int, actor: Actor) -> MyAttendance:
    """The actor's own, who is on the list; NotOnList for others."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if rights.delegate_id is None:
        raise NotOnList()
    person = (await roster.named(session, meeting, [rights.delegate_id]))[rights.delegate_id]
    halls = await names(session, roster.points_of([person]))
    return own_out(person, halls)


def own_out(person: roster.Listed, halls: dict[int, str]) -> MyAttendance:
    said = person.shown
    where = said.point_id if said.attending else person.point_id
    return MyAttendance(
        state=said.state, point_name=halls.get(where) if where is not None else None, at=said.at, how=said.how
    )


def checks_out(taken: Taken) -> ChecksOut:
    return ChecksOut(people=[roster.out(each, taken.halls) for each in taken.people], count=count_out(taken.count))


def check_in_out(taken: Taken) -> CheckInOut:
    """Of somebody who is in a hall now."""
    said = taken.people[0].status
    assert said.point_id is not None  # noqa: S101
    assert said.at is not None  # noqa: S101
    return CheckInOut(
        point_id=said.point_id, point_name=taken.halls[said.point_id], at=said.at, already=not taken.changed
    )


async def headcounts(session: AsyncSession, meeting_id: int) -> dict[int, HeadcountOut]:
    found = await session.scalars(select(Headcount).where(Headcount.id.in_(totals.newest_headcounts(meeting_id))))
    return {
        each.point_id: HeadcountOut(count=each.count, note=each.note, at=each.at, by_name=each.by_name)
        for each in found
    }


async def signatures(session: AsyncSession, meeting_id: int) -> dict[int, SignOffOut]:
    """Those that stand."""
    newest = select(func.max(SignOff.id)).where(SignOff.meeting_id == meeting_id).group_by(SignOff.point_id)
    found = await session.scalars(select(SignOff).where(SignOff.id.in_(newest), SignOff.withdrawn.is_(False)))
    return {
        each.point_id: SignOffOut(at=each.at, by_name=each.by_name, present=each.present, note=each.note)
        for each in found
    }


def count_out(count: Count) -> CountOut:
    return CountOut(**count.figures())
