"""Telling people: notices in the app, and e-mail. Written in the transaction that causes them."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update

from server.core.bus import PEOPLE_TOLD
from server.core.database import in_parts
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.notifications.models import Mail, Notice
from server.notifications.queries import own, unread_of

MAIL_JOB = "mail.send"
MAILS_OF_A_JOB = 100
"""Sent over one connection, one after the other."""

_ROWS = 100
"""Of one statement: five hundred are laid out for the database in 15 ms, for which everybody else would wait."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as its cause words it. `secret`: holds a personal link, so its text is wiped once it is out."""

    kind: str
    to_address: str
    to_name: str
    subject: str
    text: str
    meeting_id: int | None = None
    person_id: int | None = None
    secret: bool = False
    attached: dict[str, Any] | None = None
    """As `Mail.attached`."""


async def send_mails(tx: Transaction, letters: Sequence[Letter]) -> list[int]:
    """Queues e-mails to any number of people. Returns their ids (`mails.id`)."""
    queued: list[int] = []
    for some in in_parts(letters, MAILS_OF_A_JOB):
        ids = await tx.session.scalars(
            insert(Mail).returning(Mail.id),
            [
                {
                    **asdict(letter),
                    "subject": letter.subject[:300],
                    "to_name": letter.to_name[:200],
                    "created_at": tx.now,
                }
                for letter in some
            ],
        )
        mail_ids = sorted(ids)
        await enqueue(tx, MAIL_JOB, {"mail_ids": mail_ids}, subject=f"mail-{mail_ids[0]}")
        queued += mail_ids
    return queued


async def send_again(tx: Transaction, most: int = 1000) -> int:
    """Queues e-mails that failed once more, the newest first, `most` at a time; those that held a secret are not kept
    and so not sent. Returns how many."""
    failed = select(Mail.id).where(Mail.state == "failed", Mail.secret.is_(False)).order_by(Mail.id.desc()).limit(most)
    ids = sorted((await tx.session.scalars(failed)).all())
    for some in in_parts(ids, MAILS_OF_A_JOB):
        await tx.session.execute(
            update(Mail)
            .where(Mail.id.in_(some))
            .values(state="queued", attempts=0, error="")
            .execution_options(synchronize_session=False)
        )
        await enqueue(tx, MAIL_JOB, {"mail_ids": some}, subject=f"mail-{some[0]}")
    return len(ids)


async def notify(
    tx: Transaction,
    person_ids: Collection[int],
    kind: str,
    *,
    data: dict[str, Any],
    path: str,
    meeting_id: int | None = None,
    replace: bool = False,
) -> None:
    """A notice for each of these people; their open pages hear of it after the commit. `replace`: instead of an unread
    one of the same kind that leads to the same place, so that a hundred requests make one line."""
    people = sorted(set(person_ids))
    for some in in_parts(people, _ROWS):
        if replace:
            await tx.session.execute(
                delete(Notice)
                .where(
                    Notice.person_id.in_(some),
                    Notice.kind == kind,
                    Notice.path == path,
                    Notice.meeting_id == meeting_id,
                    Notice.read_at.is_(None),
                )
                .execution_options(synchronize_session=False)
            )
        await tx.session.execute(
            insert(Notice),
            [
                {
                    "person_id": person_id,
                    "meeting_id": meeting_id,
                    "kind": kind,
                    "data": data,
                    "path": path,
                    "created_at": tx.now,
                }
                for person_id in some
            ],
        )
    await _tell(tx, people)


async def mark_read(tx: Transaction, ids: Sequence[int] | None) -> None:
    """These of the actor's own notices; None: all."""
    if tx.actor.person_id is None:
        return
    which = [own(tx.actor), Notice.read_at.is_(None)]
    if ids is not None:
        which.append(Notice.id.in_(ids))
    await tx.session.execute(
        update(Notice).where(*which).values(read_at=tx.now).execution_options(synchronize_session=False)
    )
    await _tell(tx, [tx.actor.person_id])


async def _tell(tx: Transaction, people: Collection[int]) -> None:
    if not people:
        return
    unread = await unread_of(tx.session, people)
    told = [[person_id, {"unread": count}] for person_id, count in unread.items()]
    tx.after_commit(lambda: tx.bus.publish(PEOPLE_TOLD, {"kind": "notice", "told": told}))
