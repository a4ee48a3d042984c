"""How far the personal links sent by e-mail have come: the newest letter of each delegate counts."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.invitations.queries import why
from server.invitations.reach import came_through, reach_counts
from server.invitations.rights import list_rights
from server.invitations.schemas import LettersOut, UndeliveredLetter
from server.notifications.models import Mail

NAMED = 50
"""Undelivered letters that are spelled out."""


async def letters_of(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> LettersOut:
    """Of those on the list now. NotAllowed for who may not send."""
    _, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    counts, rows = await came_through(session, Mail, meeting_id, ("failed", "bounced"))
    return LettersOut(
        reach=await reach_counts(session, meeting_id, now),
        sent=counts.get("sent", 0) + counts.get("delivered", 0),
        queued=counts.get("queued", 0),
        failed=[delegate_id for _, delegate_id, _ in rows],
        reasons=[
            UndeliveredLetter(
                delegate_id=delegate_id,
                full_name=mail.to_name,
                point_name=point_name,
                email=mail.to_address,
                why=why(mail),
            )
            for mail, delegate_id, point_name in rows[:NAMED]
        ],
    )
