"""What somebody wrote who asked to be let in."""

from sqlalchemy import delete, select

from server.core.transaction import Transaction
from server.invitations.models import AccessRequest
from server.meetings.models import Delegate


async def person_anonymised(tx: Transaction, person_id: int, _name: str) -> None:
    theirs = select(Delegate.id).where(Delegate.person_id == person_id)
    await tx.session.execute(
        delete(AccessRequest).where(AccessRequest.delegate_id.in_(theirs)).execution_options(synchronize_session=False)
    )
