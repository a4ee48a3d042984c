"""That somebody asked and spoke stays, it is the meeting's record; the name and what about do not."""

from sqlalchemy import update

from server.core.transaction import Transaction
from server.speaking.models import SpeakingRequest, SpeakingTurn


async def person_anonymised(tx: Transaction, person_id: int, name: str) -> None:
    for rows in (
        update(SpeakingRequest).where(SpeakingRequest.person_id == person_id).values(name=name, topic=""),
        update(SpeakingTurn).where(SpeakingTurn.person_id == person_id).values(name=name),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))
