"""Writing receipts. There is no event for them: twelve thousand devices report within a minute, and the board asks."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.services import Services
from server.core.transaction import Transaction
from server.documents.models import Paper, PaperVersion
from server.documents.rights import library_rights
from server.reading.models import Receipt
from server.reading.people import require_person
from server.reading.receipts.merge import Seen, with_entries
from server.reading.receipts.schemas import ReceiptEntry


@dataclass(frozen=True, slots=True)
class _Version:
    pages: int
    since: datetime
    """Nobody can have had it before."""


async def report(services: Services, actor: Actor, entries: Collection[ReceiptEntry]) -> None:
    """What is not for the actor is dropped without a word, like what is not there. Rights are asked before the
    transaction opens, so that writers wait for each other as shortly as can be."""
    person_id = require_person(actor)
    async with services.database.read() as session:
        versions = await _reached(session, actor, person_id, {entry.version_id for entry in entries}, services.clock())
    told: dict[int, list[ReceiptEntry]] = {}
    for entry in entries:
        if entry.version_id in versions:
            told.setdefault(entry.version_id, []).append(entry)
    if told:
        async with services.transactions(actor) as tx:
            await _write(tx, person_id, told, versions)


async def _reached(
    session: AsyncSession, actor: Actor, person_id: int, version_ids: Iterable[int], now: datetime
) -> dict[int, _Version]:
    """Those versions that the actor reads, or has read: what was read without a line counts, even of a
    paper that was recalled meanwhile."""
    rows = await session.execute(
        select(PaperVersion.id, PaperVersion.page_count, PaperVersion.ready_at, Paper.id, Paper.meeting_id, Receipt.id)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .outerjoin(Receipt, (Receipt.version_id == PaperVersion.id) & (Receipt.person_id == person_id))
        .where(PaperVersion.id.in_(version_ids), PaperVersion.state == "ready", Paper.deleted_at.is_(None))
    )
    found: dict[int, _Version] = {}
    rights: dict[int, frozenset[int]] = {}
    for version_id, page_count, ready_at, paper_id, meeting_id, receipt_id in rows.all():
        if actor.only_meetings is not None and meeting_id not in actor.only_meetings:
            continue
        if receipt_id is None:
            if meeting_id not in rights:
                library = await library_rights(session, meeting_id, actor, now)
                rights[meeting_id] = frozenset(
                    each for each, right in library.items() if right.listed and right.locked_until is None
                )
            if paper_id not in rights[meeting_id]:
                continue
        found[version_id] = _Version(page_count, ready_at or now)
    return found


async def _write(
    tx: Transaction, person_id: int, told: dict[int, list[ReceiptEntry]], versions: dict[int, _Version]
) -> None:
    receipts = await _locked(tx.session, person_id, told)
    missing = sorted(set(told) - set(receipts))
    if missing:
        dialect = postgresql if tx.session.get_bind().dialect.name == "postgresql" else sqlite
        empty = {"person_id": person_id, "last_page": 0, "pages_seen": "", "seen_count": 0, "seconds": 0}
        fresh = dialect.insert(Receipt).values([{**empty, "version_id": version_id} for version_id in missing])
        await tx.session.execute(fresh.on_conflict_do_nothing())
        receipts |= await _locked(tx.session, person_id, missing)
    for version_id, receipt in receipts.items():
        before = Seen(
            receipt.delivered_at,
            receipt.opened_at,
            receipt.last_at,
            receipt.last_page,
            int(receipt.pages_seen or "0", 16),
            receipt.seconds,
        )
        version = versions[version_id]
        seen = with_entries(before, told[version_id], version.pages, version.since, tx.now)
        if seen == before:
            continue
        receipt.delivered_at, receipt.opened_at, receipt.last_at = seen.delivered_at, seen.opened_at, seen.last_at
        receipt.last_page, receipt.seconds = seen.last_page, seen.seconds
        receipt.pages_seen, receipt.seen_count = f"{seen.pages:x}", seen.count


async def _locked(session: AsyncSession, person_id: int, version_ids: Collection[int]) -> dict[int, Receipt]:
    found = await session.scalars(
        select(Receipt)
        .where(Receipt.person_id == person_id, Receipt.version_id.in_(version_ids))
        .order_by(Receipt.version_id)
        .with_for_update()
    )
    return {receipt.version_id: receipt for receipt in found}
