"""Text messages to any number of people, written in the transaction that causes them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert

from server.core.database import in_parts
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.notifications.models import TextMessage
from server.notifications.sms.lengths import length_of

SMS_JOB = "sms.send"
OF_A_JOB = 50
"""Messages, one after the other."""


@dataclass(frozen=True, slots=True)
class Text:
    """One message as its cause words it. `secret`: holds a personal link, so its text is wiped once it is out."""

    kind: str
    to_number: str
    to_name: str
    text: str
    meeting_id: int | None = None
    person_id: int | None = None
    secret: bool = False


async def send_texts(tx: Transaction, texts: Sequence[Text]) -> list[int]:
    """Their ids (`text_messages.id`)."""
    queued: list[int] = []
    for some in in_parts(texts, OF_A_JOB):
        ids = await tx.session.scalars(
            insert(TextMessage).returning(TextMessage.id),
            [
                {
                    **asdict(text),
                    "to_name": text.to_name[:200],
                    "parts": length_of(text.text).parts,
                    "created_at": tx.now,
                }
                for text in some
            ],
        )
        message_ids = sorted(ids)
        await enqueue(tx, SMS_JOB, {"message_ids": message_ids}, subject=f"sms-{message_ids[0]}")
        queued += message_ids
    return queued
