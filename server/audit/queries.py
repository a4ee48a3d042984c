"""Reading the audit log."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, column, or_, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import FIRST, UNCHAINED, chained_hash
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


async def last_change(
    session: AsyncSession, action: str, subject_type: str, subject_id: object, **facts: int
) -> dict[str, str]:
    """Who last did `action` to one thing, and when (ISO 8601, UTC), for the details of `EditedMeanwhile`; both empty if
    nobody did. `facts`: what the entry says of a thing inside the subject."""
    statement = select(AuditEntry.actor_name, AuditEntry.at).where(
        AuditEntry.subject_type == subject_type,
        AuditEntry.subject_id == str(subject_id),
        AuditEntry.action == action,
        *(AuditEntry.facts[name].as_integer() == value for name, value in facts.items()),
    )
    found = (await session.execute(statement.order_by(AuditEntry.id.desc()).limit(1))).one_or_none()
    if found is None:
        return {"changed_by": "", "changed_at": ""}
    return {"changed_by": found.actor_name, "changed_at": found.at.astimezone(UTC).isoformat()}


_units = table("units", column("id"), column("parent_id"), column("path"))
_people = table("people", column("id"), column("unit_id"))
_points = table("bridge_points", column("id"), column("unit_id"))
"""Of features above this one, by name."""


async def is_only_root(session: AsyncSession, paths: Collection[str]) -> bool:
    """Whether these units are all the roots there are: then nobody else's acts stand in the log."""
    roots = await session.scalars(select(_units.c.path).where(_units.c.parent_id.is_(None)))
    return set(roots) <= set(paths)


def _done_by(paths: Collection[str]) -> ColumnElement[bool]:
    """By people and halls of these units' branches."""
    units = select(_units.c.id).where(or_(*(_units.c.path.startswith(path) for path in paths)))
    return or_(
        AuditEntry.actor_person_id.in_(select(_people.c.id).where(_people.c.unit_id.in_(units))),
        AuditEntry.actor_point_id.in_(select(_points.c.id).where(_points.c.unit_id.in_(units))),
    )


async def page(session: AsyncSession, asked: AuditQuery, branches: Collection[str] | None = None) -> AuditPage:
    """`branches`: only what people and halls of these units did, by their paths; None: everything."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(asked.limit + 1)
    if branches is not None:
        wanted = wanted.where(_done_by(branches))
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
    for field, value in (
        (AuditEntry.subject_type, asked.subject_type),
        (AuditEntry.subject_id, asked.subject_id),
        (AuditEntry.actor_person_id, asked.person_id),
        (AuditEntry.actor_point_id, asked.point_id),
        (AuditEntry.session_id, asked.session_id),
        (AuditEntry.address, asked.address),
    ):
        if value is not None:
            wanted = wanted.where(field == value)
    found = (await session.scalars(wanted)).all()
    entries = [AuditOut.model_validate(entry, from_attributes=True) for entry in found[: asked.limit]]
    return AuditPage(entries=entries, more=len(found) > asked.limit)


async def of_meeting(session: AsyncSession, meeting_id: int, since: datetime, limit: int) -> list[AuditEntry]:
    """Everything done to a meeting and what belongs to it, oldest first, `limit` entries at most; `since`: when it was
    made."""
    belongs = or_(*(AuditEntry.facts[name].as_integer() == meeting_id for name in ("meeting_id", "meeting")))
    subject = and_(AuditEntry.subject_type == "meeting", AuditEntry.subject_id == str(meeting_id))
    found = await session.scalars(
        select(AuditEntry).where(AuditEntry.at >= since, or_(subject, belongs)).order_by(AuditEntry.id).limit(limit)
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the log is not as it was written."""

    entry: int
    missing: bool
    """It stood in the log once, by what is kept outside the database, and does not any more."""


async def first_broken(session: AsyncSession, key: bytes, heads: Sequence[Head] = ()) -> Broken | None:
    """The first entry whose hash does not follow from the one before it, that is without a key after one with it, that
    is not what was written to be chained, or that one of `heads` names and is not there; None if the log is whole."""
    last, keyed = FIRST, False
    kept = {head.id: head.hash for head in heads}
    chain = select(AuditEntry).order_by(AuditEntry.position.is_(None), AuditEntry.position, AuditEntry.id)
    async for entry in await session.stream_scalars(chain):
        keyed = keyed or entry.keyed
        before = last if entry.position is not None else UNCHAINED
        follows = hmac.compare_digest(entry.hash, chained_hash(before, entry, key))
        if not follows or keyed != entry.keyed or kept.pop(entry.id, entry.hash) != entry.hash:
            return Broken(entry.id, missing=False)
        last = entry.hash
    return Broken(min(kept), missing=True) if kept else None
