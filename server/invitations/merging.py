"""Lists of delegates after two records have become one (`accounts.hooks`)."""

from sqlalchemy import select

from server.core.transaction import Transaction
from server.invitations.hooks import list_changed
from server.meetings.models import Delegate, Meeting


async def person_merged(tx: Transaction, kept: int) -> None:
    """The lists that the person stands on, of meetings to come, are renewed where they are being looked at."""
    rows = await tx.session.execute(
        select(Delegate.meeting_id, Delegate.point_id)
        .join(Meeting, Meeting.id == Delegate.meeting_id)
        .where(Delegate.person_id == kept, Meeting.state != "ended")
        .order_by(Delegate.meeting_id)
    )
    for meeting_id, point_id in rows.all():
        await list_changed(tx, meeting_id, frozenset({point_id}))
