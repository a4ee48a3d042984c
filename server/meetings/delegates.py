"""Reads of the list of delegates."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import AccessLink, Person, RoleGrant, SessionLink, SignInSession
from server.meetings.models import Delegate, Meeting


async def signed_in_delegates(
    session: AsyncSession, meeting_id: int, session_ids: Collection[int], now: datetime
) -> list[int]:
    """Which of these sessions belong, now, to active people on the meeting's list who reach it as nothing else: without
    roles, or by a personal link for this meeting that is still good. Each query is led by its ids alone: in one, SQLite
    would walk the whole list for a handful."""
    if await session.scalar(select(Meeting.state).where(Meeting.id == meeting_id)) in (None, "draft"):
        return []
    signed_in = (
        await session.execute(
            select(SignInSession.id, SignInSession.person_id, SignInSession.scoped)
            .join(Person, Person.id == SignInSession.person_id)
            .where(SignInSession.id.in_(session_ids), SignInSession.revoked_at.is_(None))
            .where(SignInSession.expires_at > now, Person.disabled_at.is_(None))
        )
    ).all()
    people = {person_id for _, person_id, _ in signed_in}
    listed = set(
        await session.scalars(
            select(Delegate.person_id).where(
                Delegate.meeting_id == meeting_id, Delegate.person_id.in_(people), Delegate.removed_at.is_(None)
            )
        )
    )
    plain = {person_id for _, person_id, scoped in signed_in if not scoped}
    plain -= set(await session.scalars(select(RoleGrant.person_id).where(RoleGrant.person_id.in_(plain))))
    bound = await _bound(session, meeting_id, [session_id for session_id, _, scoped in signed_in if scoped], now)
    return [
        session_id
        for session_id, person_id, scoped in signed_in
        if person_id in listed and (session_id in bound if scoped else person_id in plain)
    ]


async def _bound(session: AsyncSession, meeting_id: int, session_ids: Collection[int], now: datetime) -> set[int]:
    """Those that came by links for this meeting which are still good."""
    if not session_ids:
        return set()
    found = await session.scalars(
        select(SessionLink.session_id)
        .join(AccessLink, AccessLink.id == SessionLink.link_id)
        .where(SessionLink.session_id.in_(session_ids), AccessLink.meeting_id == meeting_id)
        .where(AccessLink.revoked_at.is_(None), AccessLink.expires_at > now)
    )
    return set(found)
