"""Signed-in browsers: opening and ending their sessions."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, select, update

from server.accounts.hooks import came_by_link, hall_opened
from server.accounts.models import AccessLink, Person, SessionLink, SignInSession
from server.accounts.queries import owned_by
from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.bus import PEOPLE_RECHECK
from server.core.config import Settings
from server.core.errors import NotFound
from server.core.transaction import Transaction
from server.edge.session_cookie import HOST_TOKEN, has_tls

LONGEST_OF_PERSON = timedelta(days=180)
"""However much it is used: a forgotten browser is not in for ever."""


async def open_session(
    tx: Transaction,
    settings: Settings,
    *,
    person_id: int | None,
    point_id: int | None,
    user_agent: str,
    address: str = "",
    link: AccessLink | None = None,
    second_factor: bool = False,
    provider_token: str | None = None,
) -> str:
    """Signs a person's browser or a hall's device in. Returns the cookie's value, which is kept nowhere else. With a
    `link` bound to a meeting the session reaches that meeting alone; with another one, what that link carries."""
    bound = link is not None and link.meeting_id is not None
    token = (HOST_TOKEN if has_tls(settings) else "") + new_token()
    session = SignInSession(
        token_hash=token_hash(token),
        person_id=person_id,
        point_id=point_id if person_id is None else None,
        created_at=tx.now,
        last_seen_at=tx.now,
        expires_at=tx.now + _lifetime(settings, of_device=person_id is None),
        user_agent=user_agent[:300],
        address=address[:45],
        scoped=bound,
        second_factor=second_factor,
        within=link.within if link is not None else None,
        provider_token=provider_token,
    )
    tx.session.add(session)
    await tx.session.flush()
    if person_id is not None:
        await tx.session.execute(update(Person).where(Person.id == person_id).values(signed_in_at=tx.now))
    if link is not None and bound:
        await widen(tx, session.id, link)
    if session.point_id is not None:
        await hall_opened(tx, session)
    await record(
        tx,
        "session.opened",
        "session",
        session.id,
        person_id=person_id,
        point_id=point_id,
        link_id=link.id if link is not None else None,
        address=address[:45],
        provider=provider_token is not None or None,
    )
    return token


async def widen(tx: Transaction, session_id: int | None, link: AccessLink) -> None:
    """Lets a scoped session reach the link's meeting too."""
    if await tx.session.get(SessionLink, (session_id, link.id)) is None:
        tx.session.add(SessionLink(session_id=session_id, link_id=link.id))
        await tx.session.flush()
        await came_by_link(tx, link)


async def touch(tx: Transaction, settings: Settings) -> None:
    """Notes that the actor's session is in use; its expiry moves on, so an unused one ends, and a person's in half a
    year at the latest."""
    of_device = tx.actor.person_id is None
    expires_at = tx.now + _lifetime(settings, of_device=of_device)
    if not of_device:
        session = await tx.session.get_one(SignInSession, tx.actor.session_id)
        expires_at = min(expires_at, session.created_at + LONGEST_OF_PERSON)
    await tx.session.execute(
        update(SignInSession)
        .where(SignInSession.id == tx.actor.session_id)
        .values(last_seen_at=tx.now, expires_at=expires_at)
    )


async def revoke(tx: Transaction, session_id: int) -> None:
    """Ends one of the actor's own sessions. NotFound for anybody else's."""
    await _revoke(tx, session_id, owned_by(tx.actor))


async def revoke_of(tx: Transaction, session_id: int, person_id: int) -> None:
    """Ends one session of this person. Whether the actor may is decided before."""
    await _revoke(tx, session_id, and_(SignInSession.person_id == person_id))


async def end_others(tx: Transaction) -> None:
    """Ends all sessions of the actor's but the one that asks."""
    others = await tx.session.scalars(
        select(SignInSession).where(
            owned_by(tx.actor), SignInSession.id != tx.actor.session_id, SignInSession.revoked_at.is_(None)
        )
    )
    for session in others:
        session.revoked_at = tx.now
        _recheck_owner(tx, session)
        await record(tx, "session.revoked", "session", session.id)


async def _revoke(tx: Transaction, session_id: int, owner: ColumnElement[bool]) -> None:
    session = await tx.session.scalar(
        select(SignInSession).where(SignInSession.id == session_id, owner, SignInSession.revoked_at.is_(None))
    )
    if session is None:
        raise NotFound()
    session.revoked_at = tx.now
    _recheck_owner(tx, session)
    await record(tx, "session.revoked", "session", session.id)


async def end(tx: Transaction, session_id: int | None) -> str | None:
    """Signs a browser out. Returns the provider's token, if it signed in there."""
    session = await tx.session.get(SignInSession, session_id) if session_id else None
    if session is not None and session.revoked_at is None:
        session.revoked_at = tx.now
        token, session.provider_token = session.provider_token, None
        _recheck_owner(tx, session)
        await record(tx, "session.ended", "session", session.id)
        return token
    return None


def recheck(tx: Transaction, person_ids: Collection[int], point_ids: Collection[int] = ()) -> None:
    """After the commit, looks at the sockets of these people and halls' devices: who may not be there any more is put
    out within a second."""
    message = {"person_ids": sorted(person_ids), "point_ids": sorted(point_ids)}
    tx.after_commit(lambda: tx.bus.publish(PEOPLE_RECHECK, message))


def _recheck_owner(tx: Transaction, session: SignInSession) -> None:
    if session.person_id is not None:
        recheck(tx, [session.person_id])
    elif session.point_id is not None:
        recheck(tx, [], [session.point_id])


async def end_sessions_of(tx: Transaction, *, person_id: int | None, point_id: int | None) -> None:
    """A new link takes the place of all before it: a hall's devices come in again with it, and a person's browsers that
    came by such a link. Browsers that signed in with the password stay."""
    if person_id is not None:
        owner = and_(SignInSession.person_id == person_id, SignInSession.within.is_not(None))
    else:
        owner = and_(SignInSession.point_id == point_id)
    open_ones = await tx.session.scalars(select(SignInSession).where(owner, SignInSession.revoked_at.is_(None)))
    for session in open_ones:
        session.revoked_at = tx.now
        _recheck_owner(tx, session)
        await record(tx, "session.revoked", "session", session.id)


async def revoke_all_of(tx: Transaction, person_id: int, *, keep: int | None = None) -> None:
    """Ends every session of a person, except the one to `keep`."""
    open_ones = await tx.session.scalars(
        select(SignInSession).where(SignInSession.person_id == person_id, SignInSession.revoked_at.is_(None))
    )
    for session in open_ones:
        if session.id != keep:
            session.revoked_at = tx.now
            await record(tx, "session.revoked", "session", session.id)
    recheck(tx, [person_id])


def _lifetime(settings: Settings, *, of_device: bool) -> timedelta:
    return timedelta(days=settings.hall_session_days if of_device else settings.session_days)
