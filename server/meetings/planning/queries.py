"""Templates and groups of points, as those who plan for their unit see them."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.queries import may_choose
from server.core.actor import Actor, Role
from server.core.errors import NotFound
from server.meetings.planning.models import MeetingTemplate, PointGroup, PointGroupMember
from server.meetings.planning.schemas import GroupOut, TemplateOut, TemplatePlan, TemplateSummary
from server.organisations import queries as organisations
from server.organisations.models import BridgePoint, Unit

MOST = 200
"""Of one actor's list; a unit has a handful."""


def own_units(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Unit` that the actor plans meetings for it."""
    if actor.system:
        return true()
    return or_(false(), *(Unit.path.startswith(grant.unit_path) for grant in actor.grants if _plans(grant.role)))


def _plans(role: Role) -> bool:
    return role is Role.ORGANISER


async def templates(session: AsyncSession, actor: Actor) -> list[TemplateSummary]:
    rows = await session.execute(
        select(MeetingTemplate.id, MeetingTemplate.unit_id, Unit.name, MeetingTemplate.name, MeetingTemplate.saved_at)
        .join(Unit, Unit.id == MeetingTemplate.unit_id)
        .where(own_units(actor))
        .order_by(Unit.path, MeetingTemplate.name)
        .limit(MOST)
    )
    return [
        TemplateSummary(id=id_, unit_id=unit_id, unit_name=unit, name=name, saved_at=saved_at)
        for id_, unit_id, unit, name, saved_at in rows
    ]


async def template(session: AsyncSession, template_id: int, actor: Actor) -> TemplateOut:
    row = (
        await session.execute(
            select(MeetingTemplate, Unit.name)
            .join(Unit, Unit.id == MeetingTemplate.unit_id)
            .where(MeetingTemplate.id == template_id, own_units(actor))
        )
    ).one_or_none()
    if row is None:
        raise NotFound()
    found, unit_name = row
    plan = TemplatePlan.model_validate(found.plan)
    people = await _people(session, actor, set(_people_of(plan)))
    return TemplateOut(
        id=found.id,
        unit_id=found.unit_id,
        unit_name=unit_name,
        name=found.name,
        saved_at=found.saved_at,
        plan=await _usable(session, actor, plan, people),
        people=people,
    )


def _people_of(plan: TemplatePlan) -> Iterator[int]:
    for person_id in (plan.chair_id, plan.secretary_id, *(item.presenter_id for item in plan.agenda)):
        if person_id is not None:
            yield person_id


async def _people(session: AsyncSession, actor: Actor, ids: set[int]) -> dict[int, str]:
    rows = await session.execute(
        select(Person.id, Person.full_name).where(Person.id.in_(ids), Person.disabled_at.is_(None), may_choose(actor))
    )
    return dict(rows.all())


async def _usable(session: AsyncSession, actor: Actor, plan: TemplatePlan, people: dict[int, str]) -> TemplatePlan:
    wanted = {member.point_id for member in plan.points} | {plan.main_point_id or 0}
    paths = await organisations.open_points(session, wanted)
    usable = {point_id for point_id, path in paths.items() if actor.system or actor.has(Role.ORGANISER, path)}
    return plan.model_copy(
        update={
            "main_point_id": plan.main_point_id if plan.main_point_id in usable else None,
            "chair_id": plan.chair_id if plan.chair_id in people else None,
            "secretary_id": plan.secretary_id if plan.secretary_id in people else None,
            "agenda": [
                item.model_copy(
                    update={"id": None, "presenter_id": item.presenter_id if item.presenter_id in people else None}
                )
                for item in plan.agenda
            ],
            "points": [member for member in plan.points if member.point_id in usable],
        }
    )


async def groups(session: AsyncSession, actor: Actor) -> list[GroupOut]:
    rows = await session.execute(
        select(PointGroup.id, PointGroup.unit_id, Unit.name, PointGroup.name)
        .join(Unit, Unit.id == PointGroup.unit_id)
        .where(own_units(actor))
        .order_by(Unit.path, PointGroup.name)
        .limit(MOST)
    )
    found = {row[0]: row for row in rows}
    members: dict[int, list[int]] = {group_id: [] for group_id in found}
    pairs = await session.execute(
        select(PointGroupMember.group_id, PointGroupMember.point_id)
        .join(BridgePoint, BridgePoint.id == PointGroupMember.point_id)
        .where(PointGroupMember.group_id.in_(found), BridgePoint.closed_at.is_(None))
        .order_by(PointGroupMember.id)
    )
    for group_id, point_id in pairs:
        members[group_id].append(point_id)
    return [
        GroupOut(id=group_id, unit_id=unit_id, unit_name=unit, name=name, point_ids=members[group_id])
        for group_id, unit_id, unit, name in found.values()
    ]
