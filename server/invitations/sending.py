"""How far the personal links sent by e-mail have come: the newest letter of each delegate counts."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.invitations.links import LINK_MAIL
from server.invitations.queries import why
from server.invitations.rights import list_rights
from server.invitations.schemas import LettersOut, UndeliveredLetter
from server.meetings.models import Delegate
from server.notifications.models import Mail
from server.organisations.models import BridgePoint

NAMED = 50
"""Undelivered letters that are spelled out."""


async def letters_of(session: AsyncSession, meeting_id: int, actor: Actor) -> LettersOut:
    """Of those on the list now. NotAllowed for who may not send."""
    _, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    newest = (
        select(func.max(Mail.id).label("id"))
        .where(Mail.meeting_id == meeting_id, Mail.kind == LINK_MAIL)
        .group_by(Mail.person_id)
        .subquery()
    )
    listed = (
        (Delegate.person_id == Mail.person_id) & (Delegate.meeting_id == meeting_id) & Delegate.removed_at.is_(None)
    )
    counted = await session.execute(
        select(Mail.state, func.count())
        .join(newest, newest.c.id == Mail.id)
        .join(Delegate, listed)
        .group_by(Mail.state)
    )
    counts: dict[str, int] = dict(counted.all())
    failed = await session.execute(
        select(Mail, Delegate.id, BridgePoint.name)
        .join(newest, newest.c.id == Mail.id)
        .join(Delegate, listed)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .where(Mail.state.in_(("failed", "bounced")))
        .order_by(Delegate.point_id, Delegate.position, Delegate.id)
    )
    rows = list(failed)
    return LettersOut(
        sent=counts.get("sent", 0),
        queued=counts.get("queued", 0),
        failed=[delegate_id for _, delegate_id, _ in rows],
        reasons=[
            UndeliveredLetter(
                delegate_id=delegate_id,
                full_name=mail.to_name,
                point_name=point_name or "",
                email=mail.to_address,
                why=why(mail),
            )
            for mail, delegate_id, point_name in rows[:NAMED]
        ],
    )
