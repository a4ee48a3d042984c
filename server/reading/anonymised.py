"""Notes are their writer's own; that a paper was read stays, it is the meeting's record."""

from sqlalchemy import delete

from server.core.transaction import Transaction
from server.reading.models import Annotation


async def person_anonymised(tx: Transaction, person_id: int, _name: str) -> None:
    await tx.session.execute(
        delete(Annotation).where(Annotation.person_id == person_id).execution_options(synchronize_session=False)
    )
