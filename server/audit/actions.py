"""Writing the audit log."""

import hmac
import json
from datetime import UTC
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.models import AuditEntry
from server.core.actor import Actor
from server.core.bus import MEETING_CHANGED
from server.core.transaction import Transaction

FIRST = "0" * 64
"""What the first entry takes for the hash of the one before it."""
UNCHAINED = ""
"""What an entry takes for it while it is not on the chain yet (`chaining`)."""


async def record(
    tx: Transaction, action: str, subject_type: str, subject_id: object, *, actor: Actor | None = None, **facts: Any
) -> None:
    """Notes who did what to which thing. `facts` become JSON (times and ids as text). Committed with `tx`, or
    not at all. `actor`: not the transaction's own, where one carries what many did.

    Who prepares the meeting it was done to (the subject, or `meeting_id` or `meeting` in the facts) is told of it.

    The entries of a transaction are written together, just before its commit: on SQLite onto the chain, on PostgreSQL
    for `chaining` to put them there.
    """
    await note(tx, action, subject_type, subject_id, actor=actor, **facts)
    meeting_id = _meeting_of(subject_type, subject_id, facts)
    if meeting_id is None:
        return
    changes: dict[int, set[str]] | None = tx.session.info.get("changes")
    if changes is None:
        changes = tx.session.info["changes"] = {}
        tx.after_commit(lambda: _tell(tx))
    changes.setdefault(meeting_id, set()).add(action)


async def note(
    tx: Transaction, action: str, subject_type: str, subject_id: object, *, actor: Actor | None = None, **facts: Any
) -> None:
    """`record` for what changes nothing: who came in, who took a copy. Every action has its sentence in `words`."""
    who = actor or tx.actor
    entry = AuditEntry(
        at=tx.now,
        actor_person_id=who.person_id,
        actor_point_id=who.point_id,
        actor_name=who.name[:200],
        session_id=who.session_id,
        address=who.address[:45],
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        facts=json.loads(json.dumps(facts, default=str)),
        meeting_id=_meeting_of(subject_type, subject_id, facts),
    )
    pending: list[AuditEntry] | None = tx.session.info.get("audit")
    if pending is None:
        pending = tx.session.info["audit"] = []
        tx.before_commit(lambda: _chain(tx))
    pending.append(entry)


def _meeting_of(subject_type: str, subject_id: object, facts: dict[str, Any]) -> int | None:
    meeting_id = subject_id if subject_type == "meeting" else facts.get("meeting_id", facts.get("meeting"))
    return meeting_id if isinstance(meeting_id, int) else None


def _tell(tx: Transaction) -> None:
    for meeting_id, kinds in tx.session.info.pop("changes", {}).items():
        tx.bus.publish(MEETING_CHANGED, {"meeting_id": meeting_id, "kinds": sorted(kinds)})


async def _chain(tx: Transaction) -> None:
    at_once = tx.session.get_bind().dialect.name == "sqlite"
    last, place = await end_of_chain(tx.session) if at_once else (UNCHAINED, 0)
    rows = []
    for entry in tx.session.info.pop("audit"):
        entry.keyed = True
        entry.hash = chained_hash(last, entry, tx.audit_key)
        if at_once:
            last, place = entry.hash, place + 1
            entry.position = place
        rows.append({column: getattr(entry, column) for column in _COLUMNS})
    # One after the other, in one call: ids grow in the order of the chain.
    connection = await tx.session.connection()
    await connection.execute(insert(AuditEntry), rows)


async def end_of_chain(session: AsyncSession) -> tuple[str, int]:
    """The last entry's hash and position."""
    rows = await session.execute(
        select(AuditEntry.hash, AuditEntry.position)
        .where(AuditEntry.position.is_not(None))
        .order_by(AuditEntry.position.desc())
        .limit(1)
    )
    return next(((last, place) for last, place in rows if place is not None), (FIRST, 0))


_COLUMNS = [column.key for column in AuditEntry.__mapper__.column_attrs if column.key != "id"]


def chained_hash(previous: str, entry: AuditEntry, key: bytes) -> str:
    """HMAC-SHA256 (hex) over the previous entry's hash and everything this entry says."""
    content = [
        previous,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor_person_id,
        entry.actor_point_id,
        entry.actor_name,
        entry.action,
        entry.subject_type,
        entry.subject_id,
        entry.facts,
    ]
    if entry.keyed:
        content += [entry.session_id, entry.address]
    said = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    return hmac.new(key, said, sha256).hexdigest() if entry.keyed else sha256(said).hexdigest()
