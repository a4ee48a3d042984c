"""Saving and forgetting templates and groups of points."""

from sqlalchemy import delete, insert, select

from server.audit.actions import record
from server.core.actor import Role
from server.core.errors import Invalid, NotFound
from server.core.transaction import Transaction
from server.meetings.planning.models import (
    GroupThere,
    MeetingTemplate,
    PointGroup,
    PointGroupMember,
    TemplateThere,
)
from server.meetings.planning.schemas import GroupWrite, TemplateWrite
from server.meetings.validation import require_organiser
from server.organisations import queries as organisations
from server.organisations.models import Unit


async def save_template(tx: Transaction, write: TemplateWrite) -> int:
    """TemplateThere if the unit has one of this name and it is not to be replaced."""
    await require_organiser(tx, write.unit_id)
    same = select(MeetingTemplate).where(MeetingTemplate.unit_id == write.unit_id, MeetingTemplate.name == write.name)
    found = (await tx.session.scalars(same.with_for_update())).first()
    if found is not None and not write.replace:
        raise TemplateThere()
    if found is None:
        found = MeetingTemplate(unit_id=write.unit_id, name=write.name)
        tx.session.add(found)
    found.plan = write.plan.model_dump(mode="json")
    found.saved_at = tx.now
    await tx.session.flush()
    await record(tx, "template.saved", "template", found.id, name=write.name, unit_id=write.unit_id)
    return found.id


async def delete_template(tx: Transaction, template_id: int) -> None:
    found = await tx.session.get(MeetingTemplate, template_id)
    if found is None or not await _organises(tx, found.unit_id):
        raise NotFound()
    await record(tx, "template.deleted", "template", template_id, name=found.name)
    await tx.session.delete(found)


async def save_group(tx: Transaction, write: GroupWrite) -> int:
    """GroupThere if the unit has one of this name and it is not to be replaced."""
    await require_organiser(tx, write.unit_id)
    point_ids = list(dict.fromkeys(write.point_ids))
    known = await organisations.open_points(tx.session, point_ids)
    if not all(
        point_id in known and (tx.actor.system or tx.actor.has(Role.ORGANISER, known[point_id]))
        for point_id in point_ids
    ):
        raise Invalid.fields(
            {
                "point_ids": (
                    "Có điểm cầu không còn được sử dụng, hoặc nằm ngoài đơn vị đồng chí được tổ chức họp. Chọn lại.",
                    "Some points are not in use, or lie outside the units you organise for. Choose again.",
                )
            }
        )
    same = select(PointGroup).where(PointGroup.unit_id == write.unit_id, PointGroup.name == write.name)
    found = (await tx.session.scalars(same.with_for_update())).first()
    if found is not None and not write.replace:
        raise GroupThere()
    if found is None:
        found = PointGroup(unit_id=write.unit_id, name=write.name)
        tx.session.add(found)
    found.saved_at = tx.now
    await tx.session.flush()
    await tx.session.execute(delete(PointGroupMember).where(PointGroupMember.group_id == found.id))
    await tx.session.execute(
        insert(PointGroupMember), [{"group_id": found.id, "point_id": point_id} for point_id in point_ids]
    )
    await record(tx, "group.saved", "group", found.id, name=write.name, unit_id=write.unit_id, points=len(point_ids))
    return found.id


async def delete_group(tx: Transaction, group_id: int) -> None:
    found = await tx.session.get(PointGroup, group_id)
    if found is None or not await _organises(tx, found.unit_id):
        raise NotFound()
    await record(tx, "group.deleted", "group", group_id, name=found.name)
    await tx.session.delete(found)


async def _organises(tx: Transaction, unit_id: int) -> bool:
    unit = await tx.session.get_one(Unit, unit_id)
    return tx.actor.system or tx.actor.has(Role.ORGANISER, unit.path)
