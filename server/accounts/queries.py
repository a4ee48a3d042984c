"""All reads of accounts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person, RoleGrant, SignInSession
from server.accounts.tokens import token_hash
from server.core.actor import Actor, Grant, Role
from server.organisations.models import BridgePoint, Unit

TOUCH_AFTER = timedelta(minutes=5)
"""A session's `last_seen_at` is written no more often than this."""


@dataclass(frozen=True, slots=True)
class Recognised:
    actor: Actor
    stale: bool
    """Its session's `last_seen_at` is due to be written."""


async def recognise(session: AsyncSession, token: str | None, now: datetime) -> Recognised | None:
    """Who the cookie's value belongs to; None if it is unknown, expired, revoked, or its owner is no longer active."""
    if not token:
        return None
    row = await session.scalar(
        select(SignInSession).where(
            SignInSession.token_hash == token_hash(token),
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
        )
    )
    if row is None:
        return None
    actor = await (_person(session, row) if row.person_id is not None else _device(session, row))
    if actor is None:
        return None
    return Recognised(actor, stale=now - row.last_seen_at >= TOUCH_AFTER)


async def _person(session: AsyncSession, row: SignInSession) -> Actor | None:
    person = await session.get(Person, row.person_id)
    if person is None or person.disabled_at is not None:
        return None
    grants = await grants_of(session, person.id)
    return Actor(person_id=person.id, name=person.full_name, session_id=row.id, grants=grants)


async def _device(session: AsyncSession, row: SignInSession) -> Actor | None:
    point = await session.get(BridgePoint, row.point_id)
    if point is None or point.closed_at is not None:
        return None
    return Actor(point_id=point.id, name=f"Điểm cầu {point.name}", session_id=row.id)


async def grants_of(session: AsyncSession, person_id: int) -> tuple[Grant, ...]:
    """A person's roles with their units' paths, oldest first."""
    rows = await session.execute(
        select(RoleGrant.role, Unit.id, Unit.path)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.id)
    )
    return tuple(Grant(Role(role), unit_id, path) for role, unit_id, path in rows)


async def own_sessions(session: AsyncSession, actor: Actor, now: datetime) -> list[SignInSession]:
    """The actor's open sessions, the most recently used first."""
    found = await session.scalars(
        select(SignInSession)
        .where(owned_by(actor), SignInSession.revoked_at.is_(None), SignInSession.expires_at > now)
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    )
    return list(found)


def owned_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that a session is the actor's own."""
    if actor.person_id is not None:
        return SignInSession.person_id == actor.person_id
    return SignInSession.point_id == actor.point_id
