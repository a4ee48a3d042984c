"""Reading the audit log."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import FIRST, UNCHAINED, chained_hash
from server.audit.anchors import Head
from server.audit.models import AuditEntry
from server.audit.names import PEOPLE, POINTS, UNITS
from server.audit.schemas import AuditFilter, AuditQuery
from server.audit.words import WORDS
from server.core.errors import NotFound


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


async def is_only_root(session: AsyncSession, paths: Collection[str]) -> bool:
    """Whether these units are all the roots there are: then nobody else's acts stand in the log."""
    roots = await session.scalars(select(UNITS.c.path).where(UNITS.c.parent_id.is_(None)))
    return set(roots) <= set(paths)


def _done_by(paths: Collection[str]) -> ColumnElement[bool]:
    """By people and halls of these units' branches."""
    units = select(UNITS.c.id).where(or_(*(UNITS.c.path.startswith(path) for path in paths)))
    return or_(
        AuditEntry.actor_person_id.in_(select(PEOPLE.c.id).where(PEOPLE.c.unit_id.in_(units))),
        AuditEntry.actor_point_id.in_(select(POINTS.c.id).where(POINTS.c.unit_id.in_(units))),
    )


def matching(asked: AuditFilter, branches: Collection[str] | None) -> Select[AuditEntry]:
    """The entries asked for, newest first. `branches`: only what people and halls of these units did, by their paths;
    None: everything."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc())
    if branches is not None:
        wanted = wanted.where(_done_by(branches))
    if asked.since is not None:
        wanted = wanted.where(AuditEntry.at >= asked.since)
    if asked.until is not None:
        wanted = wanted.where(AuditEntry.at < asked.until)
    if asked.action is not None:
        whole = not asked.action.endswith(".")
        wanted = wanted.where(
            AuditEntry.action == asked.action if whole else AuditEntry.action.startswith(asked.action, autoescape=True)
        )
    if asked.group is not None:
        wanted = wanted.where(AuditEntry.action.in_(WORDS[asked.group]))
    for field, value in (
        (AuditEntry.subject_type, asked.subject_type),
        (AuditEntry.subject_id, asked.subject_id),
        (AuditEntry.actor_person_id, asked.person_id),
        (AuditEntry.actor_point_id, asked.point_id),
        (AuditEntry.session_id, asked.session_id),
        (AuditEntry.address, asked.address),
        (AuditEntry.meeting_id, asked.meeting_id),
    ):
        if value is not None:
            wanted = wanted.where(field == value)
    return wanted


async def page(
    session: AsyncSession, asked: AuditQuery, branches: Collection[str] | None
) -> tuple[list[AuditEntry], bool]:
    """The entries of one page, and whether there are older ones."""
    wanted = matching(asked, branches).limit(asked.limit + 1)
    if asked.before is not None:
        wanted = wanted.where(AuditEntry.id < asked.before)
    found = (await session.scalars(wanted)).all()
    return list(found[: asked.limit]), len(found) > asked.limit


async def path_of(session: AsyncSession, unit_id: int) -> str:
    path: str | None = await session.scalar(select(UNITS.c.path).where(UNITS.c.id == unit_id))
    if path is None:
        raise NotFound()
    return path


async def of_meeting(session: AsyncSession, meeting_id: int, limit: int) -> list[AuditEntry]:
    """Everything done to a meeting and what belongs to it, oldest first, `limit` entries at most."""
    found = await session.scalars(
        select(AuditEntry).where(AuditEntry.meeting_id == meeting_id).order_by(AuditEntry.id).limit(limit)
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the log is not as it was written."""

    entry: int
    missing: bool
    """It stood in the log once, by what is kept outside the database, and does not any more."""


class ChainReader:
    """Follows the log's chain entry by entry, those of the chain in its order, then those that are not on it yet."""

    def __init__(self, key: bytes, heads: Sequence[Head] = ()) -> None:
        """`heads`: what is kept outside the database."""
        self._key = key
        self._last, self._keyed = FIRST, False
        self._kept = {head.id: head.hash for head in heads}
        self.read = 0

    def take(self, entry: AuditEntry) -> Broken | None:
        """Broken if its hash does not follow from the one before it, it is without a key after one with it, it is not
        what was written to be chained, or one of the heads says otherwise."""
        self.read += 1
        self._keyed = self._keyed or entry.keyed
        before = self._last if entry.position is not None else UNCHAINED
        follows = hmac.compare_digest(entry.hash, chained_hash(before, entry, self._key))
        if not follows or self._keyed != entry.keyed or self._kept.pop(entry.id, entry.hash) != entry.hash:
            return Broken(entry.id, missing=False)
        self._last = entry.hash
        return None

    def end(self) -> Broken | None:
        """Broken if one of the heads was not met."""
        return Broken(min(self._kept), missing=True) if self._kept else None


async def first_broken(session: AsyncSession, key: bytes, heads: Sequence[Head] = ()) -> Broken | None:
    """The first fault that a `ChainReader` finds; None if the log is whole."""
    reader = ChainReader(key, heads)
    chain = select(AuditEntry).order_by(AuditEntry.position.is_(None), AuditEntry.position, AuditEntry.id)
    async for entry in await session.stream_scalars(chain):
        if (found := reader.take(entry)) is not None:
            return found
    return reader.end()
