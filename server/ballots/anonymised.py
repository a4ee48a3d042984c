"""That a seat voted stays, it is the meeting's record; the name of who counted does not."""

from sqlalchemy import update

from server.ballots.models import Tally
from server.core.transaction import Transaction


async def person_anonymised(tx: Transaction, person_id: int, name: str) -> None:
    for rows in (
        update(Tally).where(Tally.by_id == person_id).values(by_name=name),
        update(Tally).where(Tally.confirmed_by_id == person_id).values(confirmed_by=name),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))
