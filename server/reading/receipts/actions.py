"""Writing receipts, many devices' at once. There is no event for them: the board asks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import SYSTEM, Actor
from server.core.database import in_parts
from server.core.services import Services
from server.core.transaction import Transaction
from server.core.upserts import insert_missing
from server.papers.models import Paper, PaperVersion
from server.reading.models import Receipt
from server.reading.people import require_person
from server.reading.receipts.merge import Seen, with_entries
from server.reading.receipts.schemas import ReceiptEntry

Key = tuple[int, int]
"""(person, version)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one device says; or, `served`, what this server handed out to it."""

    actor: Actor
    entries: Sequence[ReceiptEntry]
    served: bool = False


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    served: datetime | None
    seen: Seen


@dataclass(frozen=True, slots=True)
class _Version:
    pages: int
    ready_at: datetime
    """Nobody can have had it before."""
    paper_id: int
    meeting_id: int


async def write(services: Services, reports: Collection[Report]) -> None:
    """What was never handed out to somebody is dropped without a word, like what is not there; what was read without a
    line counts, even if the paper was recalled meanwhile."""
    async with services.database.read() as session:
        versions = await _versions(session, {entry.version_id for report in reports for entry in report.entries})
        said = _by_receipt(reports, versions)
        served = {
            (require_person(report.actor), entry.version_id)
            for report in reports
            if report.served
            for entry in report.entries
        }
        stored = await _stored(session, {person_id for person_id, _ in said}, {version_id for _, version_id in said})
    taken = {key: entries for key, entries in said.items() if key in served or (key in stored and stored[key].served)}
    if taken:
        async with services.transactions(SYSTEM) as tx:
            await _add(tx, taken, versions)


def _by_receipt(reports: Iterable[Report], versions: dict[int, _Version]) -> dict[Key, list[ReceiptEntry]]:
    said: dict[Key, list[ReceiptEntry]] = {}
    for report in reports:
        reached = report.actor.only_meetings
        for entry in report.entries:
            version = versions.get(entry.version_id)
            if version is not None and (reached is None or version.meeting_id in reached):
                said.setdefault((require_person(report.actor), entry.version_id), []).append(entry)
    return said


async def _versions(session: AsyncSession, version_ids: Collection[int]) -> dict[int, _Version]:
    found: dict[int, _Version] = {}
    for some in in_parts(version_ids):
        rows = await session.execute(
            select(PaperVersion.id, PaperVersion.page_count, PaperVersion.ready_at, Paper.id, Paper.meeting_id)
            .join(Paper, Paper.id == PaperVersion.paper_id)
            .where(PaperVersion.id.in_(some), PaperVersion.ready_at.is_not(None), Paper.deleted_at.is_(None))
        )
        found |= {
            version_id: _Version(pages, ready_at, paper_id, meeting_id)
            for version_id, pages, ready_at, paper_id, meeting_id in rows
            if ready_at is not None
        }
    return found


async def _add(tx: Transaction, taken: dict[Key, list[ReceiptEntry]], versions: dict[int, _Version]) -> None:
    people, version_ids = {person_id for person_id, _ in taken}, {version_id for _, version_id in taken}
    stored = await _stored(tx.session, people, version_ids, lock=True)
    missing = sorted(key for key in taken if key not in stored)
    if missing:
        rows = [{"person_id": person_id, "version_id": version_id} for person_id, version_id in missing]
        await insert_missing(tx.session, Receipt, rows)
        stored |= await _stored(tx.session, people, version_ids, lock=True)
    changed = []
    for key, entries in taken.items():
        row = stored[key]
        version = versions[key[1]]
        served_at = row.served or tx.now
        # Nobody had it before it was handed out, whatever a device's clock says.
        seen = with_entries(row.seen, entries, version.pages, max(version.ready_at, served_at), tx.now)
        if (seen, served_at) != (row.seen, row.served):
            changed.append({"id": row.id, "served_at": served_at, **_columns(seen)})
    if changed:
        await tx.session.execute(update(Receipt), sorted(changed, key=lambda row: row["id"]))


async def _stored(
    session: AsyncSession, person_ids: Collection[int], version_ids: Collection[int], *, lock: bool = False
) -> dict[Key, _Stored]:
    """Receipts of these people about these versions. Locked in one order, so that two writers never wait for each
    other in a circle."""
    statement = (
        select(
            Receipt.person_id,
            Receipt.version_id,
            Receipt.id,
            Receipt.served_at,
            Receipt.delivered_at,
            Receipt.opened_at,
            Receipt.last_at,
            Receipt.last_page,
            Receipt.pages_seen,
            Receipt.seconds,
        )
        .where(Receipt.person_id.in_(person_ids), Receipt.version_id.in_(version_ids))
        .order_by(Receipt.id)
    )
    rows = await session.execute(statement.with_for_update() if lock else statement)
    return {
        (person_id, version_id): _Stored(
            receipt_id, served, Seen(delivered, opened, last_at, last_page, int(pages or "0", 16), seconds)
        )
        for person_id, version_id, receipt_id, served, delivered, opened, last_at, last_page, pages, seconds in rows
    }


def _columns(seen: Seen) -> dict[str, Any]:
    return {
        "delivered_at": seen.delivered_at,
        "opened_at": seen.opened_at,
        "last_at": seen.last_at,
        "last_page": seen.last_page,
        "pages_seen": f"{seen.pages:x}",
        "seen_count": seen.count,
        "seconds": seen.seconds,
    }
