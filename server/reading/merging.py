"""Notes and receipts of two records that are one person (`accounts.hooks`)."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.core.transaction import Transaction
from server.reading.models import Annotation, AnnotationSequence, Receipt


async def person_uses(session: AsyncSession, person_id: int) -> dict[str, int]:
    """Papers read, notes made."""
    return {
        "receipts": await session.scalar(
            select(func.count()).select_from(Receipt).where(Receipt.person_id == person_id)
        )
        or 0,
        "notes": await session.scalar(
            select(func.count()).select_from(Annotation).where(Annotation.person_id == person_id)
        )
        or 0,
    }


async def person_merging(tx: Transaction, gone: int, kept: int) -> None:
    """What either has read is read. Notes of the one come after those of the other, as new ones to their devices."""
    theirs = aliased(Receipt)
    rows = await tx.session.execute(
        select(Receipt, theirs)
        .join(theirs, theirs.version_id == Receipt.version_id)
        .where(Receipt.person_id == kept, theirs.person_id == gone)
    )
    for ours, other in rows.all():
        _add(ours, other)
    of_kept = await tx.session.get(AnnotationSequence, kept)
    of_gone = await tx.session.get(AnnotationSequence, gone)
    if of_kept is not None and of_gone is not None:
        await tx.session.execute(
            update(Annotation)
            .where(Annotation.person_id == gone)
            .values(seq=Annotation.seq + of_kept.seq)
            .execution_options(synchronize_session=False)
        )
        of_kept.seq += of_gone.seq
    await tx.session.flush()


def _add(ours: Receipt, other: Receipt) -> None:
    for first in ("served_at", "delivered_at", "opened_at"):
        known = [at for at in (getattr(ours, first), getattr(other, first)) if at is not None]
        setattr(ours, first, min(known, default=None))
    if other.last_at is not None and (ours.last_at is None or other.last_at > ours.last_at):
        ours.last_at, ours.last_page = other.last_at, other.last_page
    seen = int(ours.pages_seen or "0", 16) | int(other.pages_seen or "0", 16)
    ours.pages_seen = f"{seen:x}" if seen else ""
    ours.seen_count = seen.bit_count()
    ours.seconds += other.seconds
