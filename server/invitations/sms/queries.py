"""How far the text messages with personal links have come: the newest of each delegate counts."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.invitations.queries import why_not_texted
from server.invitations.rights import list_rights
from server.invitations.sms.schemas import TextsOut, UndeliveredText
from server.meetings.models import Delegate
from server.notifications.models import TextMessage
from server.organisations.models import BridgePoint

NAMED = 50


async def texts_of(session: AsyncSession, meeting_id: int, actor: Actor) -> TextsOut:
    """Of those on the list now. NotAllowed for who may not send."""
    _, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    newest = (
        select(func.max(TextMessage.id).label("id"))
        .where(TextMessage.meeting_id == meeting_id)
        .group_by(TextMessage.person_id)
        .subquery()
    )
    listed = (
        (Delegate.person_id == TextMessage.person_id)
        & (Delegate.meeting_id == meeting_id)
        & Delegate.removed_at.is_(None)
    )
    counted = await session.execute(
        select(TextMessage.state, func.count())
        .join(newest, newest.c.id == TextMessage.id)
        .join(Delegate, listed)
        .group_by(TextMessage.state)
    )
    counts: dict[str, int] = dict(counted.all())
    rows = list(
        await session.execute(
            select(TextMessage, Delegate.id, BridgePoint.name)
            .join(newest, newest.c.id == TextMessage.id)
            .join(Delegate, listed)
            .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
            .where(TextMessage.state == "failed")
            .order_by(Delegate.point_id, Delegate.position, Delegate.id)
        )
    )
    return TextsOut(
        sent=counts.get("sent", 0),
        filed=counts.get("filed", 0),
        queued=counts.get("queued", 0),
        failed=[delegate_id for _, delegate_id, _ in rows],
        reasons=[
            UndeliveredText(
                delegate_id=delegate_id,
                full_name=message.to_name,
                point_name=point_name or "",
                number=message.to_number,
                why=why_not_texted(message),
            )
            for message, delegate_id, point_name in rows[:NAMED]
        ],
    )
