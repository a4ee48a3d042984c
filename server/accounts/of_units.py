"""What accounts have to do with the life of units and bridge points (`organisations.hooks`)."""

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.actions.sessions import recheck
from server.accounts.models import Person, RoleGrant, SignInSession
from server.core.clock import utc_now
from server.core.transaction import Transaction
from server.organisations.models import BridgePoint, Unit


async def unit_uses(session: AsyncSession, unit: Unit) -> dict[str, int]:
    people = select(func.count()).where(Person.unit_id == unit.id, Person.disabled_at.is_(None))
    roles = select(func.count()).where(RoleGrant.unit_id == unit.id)
    return {"people": await session.scalar(people) or 0, "roles": await session.scalar(roles) or 0}


async def point_uses(session: AsyncSession, point: BridgePoint) -> dict[str, int]:
    devices = select(func.count()).where(
        SignInSession.point_id == point.id, SignInSession.revoked_at.is_(None), SignInSession.expires_at > utc_now()
    )
    return {"devices": await session.scalar(devices) or 0}


async def people_handed_over(tx: Transaction, unit: Unit, successor: Unit) -> int:
    """People keep their accounts, sessions and links; their roles over the unit become roles over its successor."""
    holders = set(await tx.session.scalars(select(RoleGrant.person_id).where(RoleGrant.unit_id == unit.id)))
    same = aliased(RoleGrant)
    has_it = exists().where(
        same.unit_id == successor.id, same.person_id == RoleGrant.person_id, same.role == RoleGrant.role
    )
    options = {"synchronize_session": False}
    await tx.session.execute(delete(RoleGrant).where(RoleGrant.unit_id == unit.id, has_it).execution_options(**options))
    await tx.session.execute(
        update(RoleGrant).where(RoleGrant.unit_id == unit.id).values(unit_id=successor.id).execution_options(**options)
    )
    moved = await tx.session.scalars(
        update(Person)
        .where(Person.unit_id == unit.id)
        .values(unit_id=successor.id, revision=Person.revision + 1)
        .returning(Person.id)
        .execution_options(**options)
    )
    recheck(tx, sorted(holders))
    return len(moved.all())
