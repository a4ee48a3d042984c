"""All reads of accounts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import AccessLink, Person, RoleGrant, SessionLink, SignInSession
from server.accounts.schemas import Me, PersonFull, PersonOut, RoleOut
from server.accounts.tokens import token_hash
from server.core.actor import Actor, Grant, Role
from server.core.errors import NotAllowed, NotFound
from server.core.fields import folded
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
    actor = await _owner(session, row.person_id, row.point_id, row.id)
    if actor is None:
        return None
    if row.scoped:
        reached = await _meetings_of_links(session, row.id, now)
        if not reached:
            return None
        actor = replace(actor, grants=(), only_meetings=reached)
    return Recognised(actor, stale=now - row.last_seen_at >= TOUCH_AFTER)


async def _meetings_of_links(session: AsyncSession, session_id: int, now: datetime) -> frozenset[int]:
    """The meetings that a scoped session reaches: those of its links that are neither revoked nor expired."""
    found = await session.scalars(
        select(AccessLink.meeting_id)
        .join(SessionLink, SessionLink.link_id == AccessLink.id)
        .where(SessionLink.session_id == session_id, AccessLink.revoked_at.is_(None), AccessLink.expires_at > now)
    )
    return frozenset(meeting_id for meeting_id in found if meeting_id is not None)


async def _owner(
    session: AsyncSession, person_id: int | None, point_id: int | None, session_id: int | None = None
) -> Actor | None:
    """The active person, or the hall's device of a point in use."""
    if person_id is not None:
        person = await session.get(Person, person_id)
        if person is None or person.disabled_at is not None:
            return None
        grants = await grants_of(session, person.id)
        return Actor(person_id=person.id, name=person.full_name, session_id=session_id, grants=grants)
    point = await session.get(BridgePoint, point_id)
    if point is None or point.closed_at is not None:
        return None
    return Actor(point_id=point.id, name=f"Điểm cầu {point.name}", session_id=session_id)


class LinkEnded(NotFound):
    code = "link-ended"
    vi = "Đường dẫn này đã hết hạn hoặc đã được thay. Xin ban tổ chức gửi đường dẫn mới."
    en = "This link has expired or was replaced. Ask the organiser for a new one."


async def owner_of_link(session: AsyncSession, token: str, now: datetime) -> tuple[AccessLink, Actor]:
    """An access link and whom it signs in. LinkEnded if it is unknown, expired or revoked, or its owner inactive."""
    link = await session.scalar(
        select(AccessLink).where(
            AccessLink.token_hash == token_hash(token), AccessLink.revoked_at.is_(None), AccessLink.expires_at > now
        )
    )
    owner = await _owner(session, link.person_id, link.point_id) if link else None
    if link is None or owner is None:
        raise LinkEnded()
    return link, owner


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
    """The condition that a session is the actor's own. One that came by a personal link knows of itself alone: whoever
    got hold of the link must not sign its owner out elsewhere."""
    if actor.only_meetings is not None:
        return SignInSession.id == actor.session_id
    if actor.person_id is not None:
        return SignInSession.person_id == actor.person_id
    return SignInSession.point_id == actor.point_id


async def active_person_by_login(session: AsyncSession, login: str) -> Person | None:
    found: Person | None = await session.scalar(
        select(Person).where(Person.login == login, Person.disabled_at.is_(None))
    )
    return found


async def person(session: AsyncSession, person_id: int) -> Person:
    found = await session.get(Person, person_id)
    if found is None:
        raise NotFound()
    return found


async def me(session: AsyncSession, actor: Actor) -> Me:
    """The actor as the web application shows it."""
    if actor.person_id is not None:
        owner = await person(session, actor.person_id)
        title, unit_id = owner.title, owner.unit_id
    else:
        title = ""
        unit_id = (await session.get_one(BridgePoint, actor.point_id)).unit_id
    unit = await session.get_one(Unit, unit_id)
    return Me(
        person_id=actor.person_id,
        point_id=actor.point_id,
        name=actor.name,
        title=title,
        unit_id=unit.id,
        unit_name=unit.name,
        roles=await _roles(session, actor.person_id) if actor.only_meetings is None else [],
        only_meetings=None if actor.only_meetings is None else sorted(actor.only_meetings),
        can_plan=any(grant.role is Role.ORGANISER for grant in actor.grants),
    )


async def find_people(session: AsyncSession, actor: Actor, q: str, unit_id: int | None, limit: int) -> list[PersonOut]:
    """Active people whose name has every word of `q`, diacritics or not; of the unit's branch, if given. For organisers
    and administrators: a meeting's chair may sit anywhere in the tree."""
    if not any(grant.role in (Role.ORGANISER, Role.ADMIN) for grant in actor.grants):
        raise NotAllowed()
    statement = (
        select(Person, Unit.name)
        .join(Unit, Unit.id == Person.unit_id)
        .where(Person.disabled_at.is_(None))
        .order_by(Person.search_name, Person.id)
        .limit(limit)
    )
    for word in folded(q).split():
        statement = statement.where(Person.search_name.contains(word, autoescape=True))
    if unit_id is not None:
        branch = await session.get(Unit, unit_id)
        if branch is None:
            raise NotFound()
        statement = statement.where(Unit.path.startswith(branch.path))
    return [
        PersonOut(id=found.id, full_name=found.full_name, title=found.title, unit_id=found.unit_id, unit_name=unit_name)
        for found, unit_name in await session.execute(statement)
    ]


async def person_full(session: AsyncSession, actor: Actor, person_id: int) -> PersonFull:
    """With contacts, login and roles; for administrators of the person's unit."""
    found = await person(session, person_id)
    unit = await session.get_one(Unit, found.unit_id)
    if not (actor.system or actor.has(Role.ADMIN, unit.path)):
        raise NotAllowed()
    return PersonFull(
        id=found.id,
        full_name=found.full_name,
        title=found.title,
        unit_id=unit.id,
        unit_name=unit.name,
        email=found.email,
        phone=found.phone,
        login=found.login,
        has_password=found.password_hash is not None,
        disabled=found.disabled_at is not None,
        roles=await _roles(session, found.id),
    )


async def _roles(session: AsyncSession, person_id: int | None) -> list[RoleOut]:
    rows = await session.execute(
        select(RoleGrant.role, Unit.id, Unit.name)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.id)
    )
    return [RoleOut(role=Role(role), unit_id=unit_id, unit_name=name) for role, unit_id, name in rows]
