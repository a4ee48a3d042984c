"""Reads of the list of delegates."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import AccessLink, Person, RoleGrant, SessionLink, SignInSession
from server.meetings.models import Delegate, Meeting


async def signed_in_delegates(
    session: AsyncSession, meeting_id: int, session_ids: Collection[int], now: datetime
) -> list[int]:
    """Which of these sessions belong, now, to active people on the meeting's list who reach it as nothing else: without
    roles, or by a personal link for this meeting that is still good."""
    bound = (
        exists()
        .where(SessionLink.session_id == SignInSession.id, AccessLink.id == SessionLink.link_id)
        .where(AccessLink.meeting_id == meeting_id, AccessLink.revoked_at.is_(None), AccessLink.expires_at > now)
    )
    plain = ~exists().where(RoleGrant.person_id == Person.id)
    found = await session.scalars(
        select(SignInSession.id)
        .join(Person, Person.id == SignInSession.person_id)
        .join(Delegate, Delegate.person_id == Person.id)
        .join(Meeting, Meeting.id == Delegate.meeting_id)
        .where(SignInSession.id.in_(session_ids), SignInSession.revoked_at.is_(None), SignInSession.expires_at > now)
        .where(Person.disabled_at.is_(None), Delegate.removed_at.is_(None))
        .where(Meeting.id == meeting_id, Meeting.state != "draft")
        .where(or_(SignInSession.scoped.is_(False) & plain, SignInSession.scoped.is_(True) & bound))
    )
    return list(found)
