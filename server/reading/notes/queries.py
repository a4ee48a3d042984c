"""Reads of one's own notes. The owner is always the actor."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.papers.access.rights import library_rights
from server.papers.models import Paper
from server.reading.models import Annotation, AnnotationSequence
from server.reading.notes.schemas import NoteOut, NotesAnswer

ROWS = 1_000
POINTS = 100_000
"""Of ink in one answer: about 2 MiB."""


def own(actor: Actor) -> ColumnElement[bool]:
    """The actor's own, and with a session that is bound to meetings, of those meetings alone."""
    mine = Annotation.person_id == actor.person_id
    if actor.only_meetings is None:
        return mine
    reached = select(Paper.id).where(Paper.meeting_id.in_(actor.only_meetings))
    return and_(mine, Annotation.paper_id.in_(reached))


def scope(actor: Actor) -> str:
    """Names which of the person's notes this session reaches."""
    if actor.only_meetings is None:
        return "all"
    return " ".join(map(str, sorted(actor.only_meetings)))


async def since(
    session: AsyncSession, actor: Actor, now: datetime, seq: int, *, named: Collection[str] = ()
) -> NotesAnswer:
    """What came after `seq`, and the notes `named`. The words of highlighted pages only while they may be read."""
    newest = await session.scalar(select(AnnotationSequence.seq).where(AnnotationSequence.person_id == actor.person_id))
    newest = newest or 0
    if seq > newest:
        seq = 0  # the database was restored from a backup: begin again
    found = await session.scalars(
        select(Annotation).where(own(actor), Annotation.seq > seq).order_by(Annotation.seq).limit(ROWS + 1)
    )
    rows = list(found)
    fitting = _fitting(rows)
    more = len(fitting) < len(rows)
    missing = set(named) - {row.id for row in fitting}
    if missing:
        asked = select(Annotation).where(own(actor), Annotation.id.in_(missing))
        extra = list(await session.scalars(asked.order_by(Annotation.seq)))
    else:
        extra = []
    readable = await readable_papers(session, actor, now, {row.paper_id for row in [*fitting, *extra]})
    return NotesAnswer(
        seq=fitting[-1].seq if more else newest,
        more=more,
        scope=scope(actor),
        now=now,
        changes=[_out(row, row.paper_id in readable) for row in [*fitting, *extra]],
        kept=[],
        refused=[],
    )


def _fitting(rows: Sequence[Annotation]) -> Sequence[Annotation]:
    """As many as one answer carries, at least one."""
    points = 0
    for index, row in enumerate(rows[:ROWS]):
        points += len((row.body or {}).get("points", ()))
        if points > POINTS and index:
            return rows[:index]
    return rows[:ROWS]


def _out(row: Annotation, readable: bool) -> NoteOut:
    body = row.body
    if body is not None and row.kind == "highlight" and not readable:
        body = {**body, "text": ""}
    return NoteOut.model_validate(
        {
            "id": row.id,
            "revision": row.revision,
            "seq": row.seq,
            "paper_id": row.paper_id,
            "version_id": row.version_id,
            "page": row.page,
            "kind": row.kind,
            "body": body,
            # A device whose clock is ahead does not write in the future.
            "written_at": min(row.written_at, row.updated_at),
        }
    )


async def readable_papers(
    session: AsyncSession, actor: Actor, now: datetime, paper_ids: Collection[int]
) -> frozenset[int]:
    """Those of the papers that the actor may read now."""
    meetings = await session.scalars(select(Paper.meeting_id).where(Paper.id.in_(paper_ids)).distinct())
    readable: set[int] = set()
    for meeting_id in list(meetings):
        rights = await library_rights(session, meeting_id, actor, now)
        readable |= {paper_id for paper_id, right in rights.items() if right.read}
    return frozenset(readable)
