"""What accounts have to do with the life of units and bridge points (`organisations.hooks`)."""

from collections.abc import Mapping

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.sessions import recheck
from server.accounts.models import Person, Post, RoleGrant, SignInSession
from server.core.clock import utc_now
from server.core.database import in_parts
from server.core.transaction import Transaction
from server.organisations.models import BridgePoint, Unit


async def unit_uses(session: AsyncSession, unit: Unit) -> dict[str, int]:
    people = select(func.count()).where(Person.unit_id == unit.id, Person.disabled_at.is_(None))
    roles = select(func.count()).where(RoleGrant.unit_id == unit.id)
    posts = select(func.count()).where(Post.unit_id == unit.id, Post.valid_until.is_(None))
    return {
        "people": await session.scalar(people) or 0,
        "roles": await session.scalar(roles) or 0,
        "posts": await session.scalar(posts) or 0,
    }


async def point_uses(session: AsyncSession, point: BridgePoint) -> dict[str, int]:
    devices = select(func.count()).where(
        SignInSession.point_id == point.id, SignInSession.revoked_at.is_(None), SignInSession.expires_at > utc_now()
    )
    return {"devices": await session.scalar(devices) or 0}


async def people_handed_over(tx: Transaction, successors: Mapping[int, int]) -> int:
    """Unit -> successor. People keep their accounts, sessions and links; their roles over a unit become roles over its
    successor, and the posts that they hold there are posts of the successor."""
    old = list(successors)
    both = {*successors.values(), *old}
    held = await tx.session.execute(
        select(RoleGrant.id, RoleGrant.person_id, RoleGrant.role, RoleGrant.unit_id)
        .where(RoleGrant.unit_id.in_(both))
        .order_by(RoleGrant.id)
    )
    grants = held.all()
    there = {(row.person_id, row.role, row.unit_id) for row in grants if row.unit_id not in successors}
    gone: list[int] = []
    moved: list[dict[str, int]] = []
    holders: set[int] = set()
    for row in grants:
        if row.unit_id not in successors:
            continue
        holders.add(row.person_id)
        key = (row.person_id, row.role, successors[row.unit_id])
        if key in there:
            gone.append(row.id)
        else:
            there.add(key)
            moved.append({"id": row.id, "unit_id": successors[row.unit_id]})
    options = {"synchronize_session": False}
    for some in in_parts(gone):
        await tx.session.execute(delete(RoleGrant).where(RoleGrant.id.in_(some)).execution_options(**options))
    for few in in_parts(moved):
        await tx.session.execute(update(RoleGrant), few)
    counted = await tx.session.scalar(select(func.count()).where(Person.unit_id.in_(old)))
    await tx.session.execute(
        update(Person)
        .where(Person.unit_id.in_(old))
        .values(unit_id=case(dict(successors), value=Person.unit_id), revision=Person.revision + 1)
        .execution_options(**options)
    )
    await tx.session.execute(
        update(Post)
        .where(Post.unit_id.in_(old), Post.valid_until.is_(None))
        .values(unit_id=case(dict(successors), value=Post.unit_id))
        .execution_options(**options)
    )
    recheck(tx, sorted(holders))
    return counted or 0


async def unit_ended(tx: Transaction, unit: Unit) -> None:
    """Posts in it that nobody took over end with it."""
    await tx.session.execute(
        update(Post)
        .where(Post.unit_id == unit.id, Post.valid_until.is_(None))
        .values(valid_until=unit.valid_until)
        .execution_options(synchronize_session="fetch")
    )
