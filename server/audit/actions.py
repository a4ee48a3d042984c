"""Writing the audit log."""

import hashlib
import json
from datetime import UTC
from typing import Any

from sqlalchemy import select, text

from server.audit.models import AuditEntry
from server.core.transaction import Transaction

FIRST = "0" * 64
"""What the first entry takes for the hash of the one before it."""
_LOCK = 0x6E686970  # "nhip": PostgreSQL's advisory lock of the chain's end


async def record(tx: Transaction, action: str, subject_type: str, subject_id: object, **facts: Any) -> None:
    """Notes who did what to which thing. `facts` become JSON (times and ids as text). Committed with `tx`, or
    not at all.

    The entries of a transaction are chained just before its commit, so that the chain's lock is the last one taken
    and held for a moment only.
    """
    entry = AuditEntry(
        at=tx.now,
        actor_person_id=tx.actor.person_id,
        actor_point_id=tx.actor.point_id,
        actor_name=tx.actor.name[:200],
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        facts=json.loads(json.dumps(facts, default=str)),
    )
    pending: list[AuditEntry] | None = tx.session.info.get("audit")
    if pending is None:
        pending = tx.session.info["audit"] = []
        tx.before_commit(lambda: _chain(tx))
    pending.append(entry)


async def _chain(tx: Transaction) -> None:
    if tx.session.get_bind().dialect.name == "postgresql":
        await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = await tx.session.scalar(select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)) or FIRST
    for entry in tx.session.info.pop("audit"):
        entry.hash = last = chained_hash(last, entry)
        tx.session.add(entry)
        # One insert at a time: ids must grow in the order of the chain.
        await tx.session.flush()


def chained_hash(previous: str, entry: AuditEntry) -> str:
    """SHA-256 (hex) over the previous entry's hash and everything this entry says."""
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
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
