"""A substitute falls away: declines, or is taken off the list. What was theirs goes back to whom they stood for."""

from sqlalchemy import select

from server.accounts.actions.sessions import recheck
from server.core.transaction import Transaction
from server.invitations.hooks import ReplyHooks
from server.invitations.replies.models import Reply
from server.meetings.actions import hand_over_part
from server.meetings.models import Delegate, Meeting


async def fallen_away(tx: Transaction, substitute: Delegate) -> None:
    """Seat, papers meant by name and the word; whoever was on leave for it is expected again, and is asked anew. After
    `substitute` was taken off the list. The caller holds the meeting's lock."""
    original = await tx.session.get(Delegate, substitute.substitutes_id) if substitute.substitutes_id else None
    if original is None or original.removed_at is not None:
        return
    await tx.session.flush()
    meeting = await tx.session.get_one(Meeting, substitute.meeting_id)
    await hand_over_part(tx, meeting, substitute, original)
    for follow in tx.components[ReplyHooks].replaced:
        await follow(tx, meeting, substitute.person_id, original.person_id)
    said = await tx.session.scalar(
        select(Reply.kind)
        .where(Reply.meeting_id == meeting.id, Reply.delegate_id == original.id)
        .order_by(Reply.id.desc())
        .limit(1)
    )
    if said == "agreed":
        for absent in tx.components[ReplyHooks].absent:
            await absent(tx, meeting.id, original.id, None)
    recheck(tx, [original.person_id])
