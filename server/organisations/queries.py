"""All reads of organisations."""

from collections.abc import Collection

from sqlalchemy import func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor, Role
from server.core.components import Components
from server.core.errors import NotAllowed, NotFound
from server.organisations.hooks import OrganisationHooks
from server.organisations.models import BridgePoint, Unit
from server.organisations.schemas import PointOut, PointUses, Tree, UnitOut, UnitUses

_SEES_CONTACTS = (Role.ADMIN, Role.ORGANISER, Role.OPERATOR, Role.TECHNICIAN)
_FOR_TECHNICIANS = ("contact_name", "contact_phone", "equipment", "main_line", "backup_line")


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


async def is_empty(session: AsyncSession) -> bool:
    """No unit is there yet: the system has not been set up."""
    return await session.scalar(select(Unit.id).limit(1)) is None


async def administers_all(session: AsyncSession, actor: Actor) -> bool:
    """Whether every root of the tree is the actor's to administer: then the system itself is, too."""
    if not any(grant.role is Role.ADMIN for grant in actor.grants):
        return False
    roots = (await session.scalars(select(Unit.path).where(Unit.parent_id.is_(None)))).all()
    return bool(roots) and all(actor.has(Role.ADMIN, path) for path in roots)


async def open_points(session: AsyncSession, point_ids: Collection[int]) -> dict[int, str]:
    """Those of the points that exist and are in use, with their unit's path."""
    rows = await session.execute(
        select(BridgePoint.id, Unit.path)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(BridgePoint.id.in_(point_ids), BridgePoint.closed_at.is_(None))
    )
    return dict(rows.all())


async def visible_tree(session: AsyncSession, actor: Actor, *, closed: bool = False) -> Tree:
    """The branches where the actor holds any role, with their points, and the bare units above them. Contacts,
    equipment and lines only for those who have to do with them; points out of use (`closed`) for who administers
    them."""
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
        .where(in_branch, true() if closed else BridgePoint.closed_at.is_(None))
        .order_by(BridgePoint.position, BridgePoint.id)
    )
    return Tree(
        units=[UnitOut.model_validate(found) for found in units],
        points=[
            _point_for(actor, found, path)
            for found, path in rows
            if found.closed_at is None or actor.has(Role.ADMIN, path)
        ],
    )


async def uses_of_unit(session: AsyncSession, actor: Actor, components: Components, unit_id: int) -> UnitUses:
    """What hangs on a unit, in numbers; for its administrators."""
    found = await unit(session, unit_id)
    if not actor.has(Role.ADMIN, found.path):
        raise NotAllowed()
    counted: dict[str, int] = {
        "units": await session.scalar(select(func.count()).where(Unit.parent_id == found.id)) or 0,
        "points": await session.scalar(
            select(func.count()).where(BridgePoint.unit_id == found.id, BridgePoint.closed_at.is_(None))
        )
        or 0,
    }
    for count in components[OrganisationHooks].unit_uses:
        counted |= await count(session, found)
    return UnitUses(**counted)


async def uses_of_point(session: AsyncSession, actor: Actor, components: Components, point_id: int) -> PointUses:
    """Likewise of a bridge point."""
    found = await point(session, point_id)
    if not actor.has(Role.ADMIN, (await unit(session, found.unit_id)).path):
        raise NotAllowed()
    counted: dict[str, int] = {}
    for count in components[OrganisationHooks].point_uses:
        counted |= await count(session, found)
    return PointUses(**counted)


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
    return out.model_copy(update=dict.fromkeys(_FOR_TECHNICIANS))
