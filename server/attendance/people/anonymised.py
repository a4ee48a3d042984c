"""Who came and who noted it stays; the names beside it do not, nor why somebody was given leave."""

from sqlalchemy import select, update

from server.attendance.models import PersonCheck, SignOff
from server.core.transaction import Transaction
from server.meetings.models import Delegate


async def person_anonymised(tx: Transaction, person_id: int, name: str) -> None:
    theirs = select(Delegate.id).where(Delegate.person_id == person_id)
    for rows in (
        update(PersonCheck).where(PersonCheck.by_id == person_id).values(by_name=name),
        update(SignOff).where(SignOff.by_id == person_id).values(by_name=name),
        update(PersonCheck).where(PersonCheck.delegate_id.in_(theirs), PersonCheck.reason != "").values(reason="…"),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))
