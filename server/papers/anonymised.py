"""The name beside what somebody brought in."""

from sqlalchemy import update

from server.core.transaction import Transaction
from server.papers.models import PaperVersion


async def person_anonymised(tx: Transaction, person_id: int, name: str) -> None:
    await tx.session.execute(
        update(PaperVersion)
        .where(PaperVersion.created_by == person_id)
        .values(created_by_name=name)
        .execution_options(synchronize_session=False)
    )
