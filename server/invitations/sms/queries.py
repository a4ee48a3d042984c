"""How far the text messages with personal links have come: the newest of each delegate counts."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.invitations.queries import why_not_texted
from server.invitations.reach import came_through
from server.invitations.rights import list_rights
from server.invitations.sms.schemas import TextsOut, UndeliveredText
from server.notifications.models import TextMessage

NAMED = 50


async def texts_of(session: AsyncSession, meeting_id: int, actor: Actor) -> TextsOut:
    """Of those on the list now. NotAllowed for who may not send."""
    _, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    counts, rows = await came_through(session, TextMessage, meeting_id, ("failed",), kind=None)
    return TextsOut(
        sent=counts.get("sent", 0),
        filed=counts.get("filed", 0),
        queued=counts.get("queued", 0),
        failed=[delegate_id for _, delegate_id, _ in rows],
        reasons=[
            UndeliveredText(
                delegate_id=delegate_id,
                full_name=message.to_name,
                point_name=point_name,
                number=message.to_number,
                why=why_not_texted(message),
            )
            for message, delegate_id, point_name in rows[:NAMED]
        ],
    )
