"""Reading the audit log."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import FIRST, chained_hash
from server.audit.anchors import Head
from server.audit.models import AuditEntry
from server.audit.schemas import AuditOut, AuditPage, AuditQuery


async def entries_about(session: AsyncSession, subject_type: str, subject_id: object) -> list[AuditEntry]:
    """Everything done to one thing, oldest first."""
    found = await session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id == str(subject_id))
        .order_by(AuditEntry.id)
    )
    return list(found)


async def last_actor(session: AsyncSession, action: str, subject_type: str, subject_id: object) -> str:
    """The name of who last did `action` to one thing; empty if nobody did."""
    name = await session.scalar(
        select(AuditEntry.actor_name)
        .where(
            AuditEntry.subject_type == subject_type,
            AuditEntry.subject_id == str(subject_id),
            AuditEntry.action == action,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return name or ""


async def page(session: AsyncSession, asked: AuditQuery) -> AuditPage:
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(asked.limit + 1)
    if asked.before is not None:
        wanted = wanted.where(AuditEntry.id < asked.before)
    if asked.since is not None:
        wanted = wanted.where(AuditEntry.at >= asked.since)
    if asked.until is not None:
        wanted = wanted.where(AuditEntry.at < asked.until)
    if asked.action is not None:
        whole = not asked.action.endswith(".")
        wanted = wanted.where(
            AuditEntry.action == asked.action if whole else AuditEntry.action.startswith(asked.action, autoescape=True)
        )
    for column, value in (
        (AuditEntry.subject_type, asked.subject_type),
        (AuditEntry.subject_id, asked.subject_id),
        (AuditEntry.actor_person_id, asked.person_id),
        (AuditEntry.actor_point_id, asked.point_id),
        (AuditEntry.session_id, asked.session_id),
        (AuditEntry.address, asked.address),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    found = (await session.scalars(wanted)).all()
    entries = [AuditOut.model_validate(entry, from_attributes=True) for entry in found[: asked.limit]]
    return AuditPage(entries=entries, more=len(found) > asked.limit)


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the log is not as it was written."""

    entry: int
    missing: bool
    """It stood in the log once, by what is kept outside the database, and does not any more."""


async def first_broken(session: AsyncSession, key: bytes, heads: Sequence[Head] = ()) -> Broken | None:
    """The first entry whose hash does not follow from the one before it, that is without a key after one with it, or
    that one of `heads` names and is not there; None if the log is whole."""
    last, keyed = FIRST, False
    kept = {head.id: head.hash for head in heads}
    async for entry in await session.stream_scalars(select(AuditEntry).order_by(AuditEntry.id)):
        gone = [each for each in kept if each < entry.id]
        if gone:
            return Broken(min(gone), missing=True)
        keyed = keyed or entry.keyed
        follows = hmac.compare_digest(entry.hash, chained_hash(last, entry, key))
        if not follows or keyed != entry.keyed or kept.pop(entry.id, entry.hash) != entry.hash:
            return Broken(entry.id, missing=False)
        last = entry.hash
    return Broken(min(kept), missing=True) if kept else None
