"""Reading the audit log."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import FIRST, chained_hash
from server.audit.models import AuditEntry


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


async def first_broken(session: AsyncSession) -> int | None:
    """The id of the first entry whose hash does not follow from the one before it, or None if the chain is whole."""
    last = FIRST
    async for entry in await session.stream_scalars(select(AuditEntry).order_by(AuditEntry.id)):
        if entry.hash != chained_hash(last, entry):
            return entry.id
        last = entry.hash
    return None
