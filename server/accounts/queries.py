"""All reads of accounts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from sqlalchemy import ColumnElement, and_, bindparam, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from server.accounts.models import (
    AccessLink,
    Identity,
    Person,
    Post,
    RecoveryCode,
    RoleGrant,
    SecondFactor,
    SessionLink,
    SignInSession,
)
from server.accounts.schemas import FactorState, Me, PersonFull, PostOut, RoleOut
from server.accounts.tokens import token_hash
from server.core.actor import Actor, Grant, Role
from server.core.clock import VIETNAM
from server.core.config import Settings
from server.core.database import UtcDateTime
from server.core.errors import NotAllowed, NotFound
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import administers_all

TOUCH_AFTER = timedelta(minutes=5)
"""A session's `last_seen_at` is written no more often than this."""


@dataclass(frozen=True, slots=True)
class Recognised:
    actor: Actor
    stale: bool
    """Its session's `last_seen_at` is due to be written."""
    proven: bool = False
    """Signed in with the second factor."""
    enrolled: bool = False
    """Has one."""


async def recognise(session: AsyncSession, token: str | None, now: datetime) -> Recognised | None:
    """Who the cookie's value belongs to; None if it is unknown, expired, revoked, or its owner is no longer active."""
    return (await recognise_all(session, [token], now)).get(token) if token else None


_HOLDERS = (
    select(
        SignInSession.token_hash,
        SignInSession.id,
        SignInSession.scoped,
        SignInSession.within,
        SignInSession.last_seen_at,
        SignInSession.second_factor,
        SecondFactor.confirmed_at.label("enrolled_at"),
        SignInSession.person_id,
        Person.full_name,
        SignInSession.point_id,
        BridgePoint.name,
        RoleGrant.role,
        Unit.id.label("unit_id"),
        Unit.path,
    )
    .outerjoin(Person, Person.id == SignInSession.person_id)
    .outerjoin(BridgePoint, BridgePoint.id == SignInSession.point_id)
    .outerjoin(SecondFactor, SecondFactor.person_id == SignInSession.person_id)
    .outerjoin(RoleGrant, and_(RoleGrant.person_id == SignInSession.person_id, ~SignInSession.scoped))
    .outerjoin(Unit, Unit.id == RoleGrant.unit_id)
    .where(
        SignInSession.token_hash.in_(bindparam("hashes", expanding=True)),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > bindparam("now", type_=UtcDateTime()),
        Person.disabled_at.is_(None),
        BridgePoint.closed_at.is_(None),
    )
    .order_by(SignInSession.id, RoleGrant.id)
)
"""A row for each role, or one without. Made once: every request asks this, and to make it costs as much as to answer
it."""

_GRANTS = (
    select(RoleGrant.role, Unit.id, Unit.path)
    .join(Unit, Unit.id == RoleGrant.unit_id)
    .where(RoleGrant.person_id == bindparam("person"))
    .order_by(RoleGrant.id)
)


async def recognise_all(
    reading: AsyncSession | AsyncConnection, tokens: Collection[str], now: datetime
) -> dict[str, Recognised]:
    """The same for many at once, in at most two queries; who is nobody is left out."""
    by_hash = {token_hash(token): token for token in tokens}
    rows = (await reading.execute(_HOLDERS, {"hashes": list(by_hash), "now": now})).all()
    reached = await _meetings_of_links(reading, [row.id for row in rows if row.scoped], now)
    found = {}
    for _, group in groupby(rows, attrgetter("id")):
        row, *more = group
        if row.scoped and row.id not in reached:
            continue
        grants = tuple(Grant(Role(each.role), each.unit_id, each.path) for each in (row, *more) if each.role)
        actor = Actor(
            person_id=row.person_id,
            point_id=None if row.person_id else row.point_id,
            name=row.full_name if row.person_id else f"Điểm cầu {row.name}",
            session_id=row.id,
            grants=_within(grants, row.within),
            only_meetings=frozenset(reached[row.id]) if row.scoped else None,
            confirmed=frozenset(meeting_id for meeting_id, sure in reached.get(row.id, {}).items() if sure),
            within=row.within,
        )
        found[by_hash[row.token_hash]] = Recognised(
            actor,
            stale=now - row.last_seen_at >= TOUCH_AFTER,
            proven=row.second_factor,
            enrolled=row.enrolled_at is not None,
        )
    return found


def _within(grants: tuple[Grant, ...], path: str | None) -> tuple[Grant, ...]:
    """A link carries no role that its maker could not give, though it was given by somebody else since."""
    return grants if path is None else tuple(grant for grant in grants if grant.unit_path.startswith(path))


async def _meetings_of_links(
    reading: AsyncSession | AsyncConnection, session_ids: Collection[int], now: datetime
) -> dict[int, dict[int, bool]]:
    """The meetings that scoped sessions reach, and whether the device is confirmed there: those of their links that are
    neither revoked nor expired."""
    if not session_ids:
        return {}
    rows = await reading.execute(
        select(SessionLink.session_id, AccessLink.meeting_id, SessionLink.confirmed_at)
        .join(AccessLink, SessionLink.link_id == AccessLink.id)
        .where(
            SessionLink.session_id.in_(session_ids),
            AccessLink.revoked_at.is_(None),
            AccessLink.expires_at > now,
        )
    )
    reached: dict[int, dict[int, bool]] = {}
    for session_id, meeting_id, confirmed_at in rows:
        if meeting_id is not None:
            meetings = reached.setdefault(session_id, {})
            meetings[meeting_id] = meetings.get(meeting_id, False) or confirmed_at is not None
    return reached


async def _owner(session: AsyncSession, person_id: int | None, point_id: int | None) -> Actor | None:
    """The active person, or the hall's device of a point in use."""
    if person_id is not None:
        person = await session.get(Person, person_id)
        if person is None or person.disabled_at is not None:
            return None
        grants = await grants_of(session, person.id)
        return Actor(person_id=person.id, name=person.full_name, grants=grants)
    point = await session.get(BridgePoint, point_id)
    if point is None or point.closed_at is not None:
        return None
    return Actor(point_id=point.id, name=f"Điểm cầu {point.name}")


class LinkEnded(NotFound):
    code = "link-ended"
    vi = "Liên kết này đã hết hạn hoặc đã được thay. Xin ban tổ chức gửi liên kết mới."
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
    rows = await session.execute(_GRANTS, {"person": person_id})
    return tuple(Grant(Role(role), unit_id, path) for role, unit_id, path in rows)


async def own_sessions(session: AsyncSession, actor: Actor, now: datetime) -> list[SignInSession]:
    """The actor's open sessions, the most recently used first."""
    return await _open_sessions(session, owned_by(actor), now)


async def sessions_of(session: AsyncSession, now: datetime, person_id: int) -> list[SignInSession]:
    """A person's open sessions, the most recently used first. Whether the actor may know is decided before."""
    return await _open_sessions(session, and_(SignInSession.person_id == person_id), now)


async def _open_sessions(session: AsyncSession, owner: ColumnElement[bool], now: datetime) -> list[SignInSession]:
    found = await session.scalars(
        select(SignInSession)
        .where(owner, SignInSession.revoked_at.is_(None), SignInSession.expires_at > now)
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


async def has_factor(session: AsyncSession, person_id: int) -> bool:
    """A second factor that is in use."""
    found = await session.get(SecondFactor, person_id)
    return found is not None and found.confirmed_at is not None


async def has_identity(session: AsyncSession, person_id: int) -> bool:
    return await session.scalar(select(Identity.id).where(Identity.person_id == person_id).limit(1)) is not None


async def factor_state(session: AsyncSession, actor: Actor, *, required: bool) -> FactorState:
    """The actor's own. `required`: for administrators."""
    if actor.person_id is None or actor.only_meetings is not None:
        raise NotAllowed()
    grants = await grants_of(session, actor.person_id)
    left = await session.scalar(
        select(func.count()).where(RecoveryCode.person_id == actor.person_id, RecoveryCode.used_at.is_(None))
    )
    opened = await session.get(SignInSession, actor.session_id) if actor.session_id else None
    return FactorState(
        enrolled=await has_factor(session, actor.person_id),
        required=required and any(grant.role is Role.ADMIN for grant in grants),
        recovery_left=left or 0,
        by_provider=opened is not None and opened.provider_token is not None,
    )


async def person(session: AsyncSession, person_id: int) -> Person:
    found = await session.get(Person, person_id)
    if found is None:
        raise NotFound()
    return found


async def me(session: AsyncSession, actor: Actor, settings: Settings) -> Me:
    """The actor as the web application shows it."""
    if actor.person_id is not None:
        owner = await person(session, actor.person_id)
        title, unit_id, login = owner.title, owner.unit_id, owner.login
    else:
        title, login = "", None
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
        administers="system" if actor.administered_roots else "branch" if actor.administered else None,
        keeps_system=bool(actor.administered_roots) and await administers_all(session, actor),
        needs_factor=actor.needs_factor,
        time_zone=VIETNAM.name,
        login=login if actor.only_meetings is None else None,
        # Of who keeps others' data. A hall's screen stands open, and a delegate's page shows one's own papers.
        idle_lock_minutes=(settings.idle_lock_minutes or None)
        if actor.grants and actor.only_meetings is None
        else None,
    )


LOOK_UP = (Role.ORGANISER, Role.ADMIN)


def may_find_people(actor: Actor) -> bool:
    """Organisers and administrators: those of their units."""
    return actor.system or any(grant.role in LOOK_UP for grant in actor.grants)


def may_choose(actor: Actor, *unit_paths: str) -> ColumnElement[bool]:
    """The condition that a person is the actor's to look up and to name: of a unit whose organiser or administrator the
    actor is, or of the branch of one of these units."""
    if actor.system:
        return true()
    paths = [*unit_paths, *(grant.unit_path for grant in actor.grants if grant.role in LOOK_UP)]
    within = select(Unit.id).where(or_(false(), *(Unit.path.startswith(path) for path in paths)))
    return Person.unit_id.in_(within)


async def person_full(session: AsyncSession, actor: Actor, person_id: int) -> PersonFull:
    """With contacts, login and roles; for administrators of the person's unit."""
    found = await person(session, person_id)
    unit = await session.get_one(Unit, found.unit_id)
    if not (actor.system or actor.has(Role.ADMIN, unit.path)):
        raise NotAllowed()
    return PersonFull(
        id=found.id,
        revision=found.revision,
        full_name=found.full_name,
        title=found.title,
        unit_id=unit.id,
        unit_name=unit.name,
        email=found.email,
        phone=found.phone,
        login=found.login,
        sex=found.sex,
        born_on=found.born_on,
        has_password=found.password_hash is not None,
        second_factor=await has_factor(session, found.id),
        identity=await has_identity(session, found.id),
        dormant=found.dormant_at is not None,
        disabled=found.disabled_at is not None,
        anonymised=found.anonymised_at is not None,
        signed_in_at=found.signed_in_at,
        roles=await _roles(session, found.id),
        posts=await posts_of(session, found),
    )


async def posts_of(session: AsyncSession, person: Person) -> list[PostOut]:
    """The main one first. Somebody who never got any has the one of `Person.title`, without a day."""
    rows = await session.execute(
        select(Post, Unit.name)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Post.person_id == person.id)
        .order_by(Post.position, Post.id)
    )
    posts = [
        PostOut(
            unit_id=post.unit_id,
            unit_name=name,
            title=post.title,
            valid_from=post.valid_from,
            valid_until=post.valid_until,
        )
        for post, name in rows
    ]
    if not posts and person.title:
        unit = await session.get_one(Unit, person.unit_id)
        return [PostOut(unit_id=unit.id, unit_name=unit.name, title=person.title, valid_from=None, valid_until=None)]
    return posts


async def _roles(session: AsyncSession, person_id: int | None) -> list[RoleOut]:
    rows = await session.execute(
        select(RoleGrant.role, Unit.id, Unit.name)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.id)
    )
    return [RoleOut(role=Role(role), unit_id=unit_id, unit_name=name) for role, unit_id, name in rows]
