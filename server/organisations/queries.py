"""All reads of organisations."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor, Role
from server.core.errors import NotFound
from server.organisations.models import BridgePoint, Unit
from server.organisations.schemas import PointOut, Tree, UnitOut

_SEES_CONTACTS = (Role.ADMIN, Role.ORGANISER, Role.OPERATOR, Role.TECHNICIAN)


def ids_of(path: str) -> list[int]:
    """The units on a path, the root first: "/1/5/" -> [1, 5]."""
    return [int(unit_id) for unit_id in path.strip("/").split("/")]


async def unit(session: AsyncSession, unit_id: int) -> Unit:
    found = await session.get(Unit, unit_id)
    if found is None:
        raise NotFound()
    return found


async def point(session: AsyncSession, point_id: int) -> BridgePoint:
    found = await session.get(BridgePoint, point_id)
    if found is None:
        raise NotFound()
    return found


async def open_points(session: AsyncSession, point_ids: Collection[int]) -> dict[int, str]:
    """Those of the points that exist and are in use, with their unit's path."""
    rows = await session.execute(
        select(BridgePoint.id, Unit.path)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(BridgePoint.id.in_(point_ids), BridgePoint.closed_at.is_(None))
    )
    return dict(rows.all())


async def visible_tree(session: AsyncSession, actor: Actor) -> Tree:
    """The branches where the actor holds any role, with their points, and the bare units above them. Names and phones
    of contacts only for those who need to call them."""
    branches = await _branches(session, actor)
    if not branches:
        return Tree(units=[], points=[])
    above = {unit_id for path in branches for unit_id in ids_of(path)}
    in_branch = or_(*(Unit.path.startswith(path) for path in branches))
    units = await session.scalars(
        select(Unit).where(or_(in_branch, Unit.id.in_(above))).order_by(Unit.position, Unit.id)
    )
    rows = await session.execute(
        select(BridgePoint, Unit.path)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(in_branch, BridgePoint.closed_at.is_(None))
        .order_by(BridgePoint.position, BridgePoint.id)
    )
    return Tree(
        units=[UnitOut.model_validate(found) for found in units],
        points=[_point_for(actor, found, path) for found, path in rows],
    )


async def _branches(session: AsyncSession, actor: Actor) -> set[str]:
    paths = {grant.unit_path for grant in actor.grants}
    if actor.point_id is not None:
        own = select(Unit.path).join(BridgePoint, BridgePoint.unit_id == Unit.id)
        paths.update(await session.scalars(own.where(BridgePoint.id == actor.point_id)))
    return paths


def _point_for(actor: Actor, found: BridgePoint, path: str) -> PointOut:
    out = PointOut.model_validate(found)
    if actor.point_id == found.id or any(actor.has(role, path) for role in _SEES_CONTACTS):
        return out
    return out.model_copy(update={"contact_name": None, "contact_phone": None})
