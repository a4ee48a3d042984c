"""What somebody wrote who asked to be let in, and what they answered to invitations."""

from sqlalchemy import delete, or_, select, update

from server.core.transaction import Transaction
from server.invitations.models import AccessRequest
from server.invitations.replies.models import Reply
from server.meetings.models import Delegate


async def person_anonymised(tx: Transaction, person_id: int, name: str) -> None:
    theirs = select(Delegate.id).where(Delegate.person_id == person_id)
    await tx.session.execute(
        delete(AccessRequest).where(AccessRequest.delegate_id.in_(theirs)).execution_options(synchronize_session=False)
    )
    stood_for = select(Delegate.substitutes_id).where(Delegate.person_id == person_id)
    await tx.session.execute(
        update(Reply)
        .where(or_(Reply.delegate_id.in_(theirs), Reply.delegate_id.in_(stood_for)))
        .values(reason="", full_name="", title="", email=None, phone=None)
        .execution_options(synchronize_session=False)
    )
    await tx.session.execute(
        update(Reply)
        .where(Reply.by_id == person_id)
        .values(by_name=name[:200])
        .execution_options(synchronize_session=False)
    )
