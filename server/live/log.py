"""The meeting's event log: written in the transaction that makes the change, told to the bus after its commit."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.core.upserts import count_up
from server.live.models import MeetingEvent, MeetingSequence
from server.live.protocol import Change, Event, Wire

EVENTS = "live.events"
"""Bus topic. Message: {"meeting_id", "seq", "event": the event as JSON}."""


def put(collection: str, key: object, entity: Wire) -> Change:
    """The change that sets an entity, whole."""
    return Change(collection=collection, key=str(key), value=entity.model_dump(mode="json"))


def gone(collection: str, key: object) -> Change:
    """The change that takes an entity away."""
    return Change(collection=collection, key=str(key), value=None)


async def append(tx: Transaction, meeting_id: int, kind: str, changes: Sequence[Change]) -> int:
    """Writes one event and returns its number; sockets get it after the commit.

    Flush what the changes speak of before, never after: the event and the rows must agree."""
    await tx.session.flush()
    # Locks the meeting's row until the commit: numbers are committed in order, with none left out.
    [seq] = await count_up(tx.session, MeetingSequence, {"meeting_id": meeting_id}, seq=1)
    row = MeetingEvent(
        meeting_id=meeting_id,
        seq=seq,
        at=tx.now,
        kind=kind,
        actor_name=tx.actor.name if not tx.actor.system else "",
        changes=[change.model_dump(mode="json") for change in changes],
    )
    tx.session.add(row)
    await tx.session.flush()
    event = as_json(row)
    tx.after_commit(lambda: tx.bus.publish(EVENTS, {"meeting_id": meeting_id, "seq": seq, "event": event}))
    return seq


def as_json(row: MeetingEvent) -> dict[str, Any]:
    """The event as it stands on the wire, with every change, whoever may see it."""
    event = Event(seq=row.seq, at=row.at, kind=row.kind, actor=row.actor_name, changes=[])
    return {**event.model_dump(mode="json"), "changes": row.changes}


async def last_number(session: AsyncSession, meeting_id: int) -> int:
    """The number of the newest committed event; 0 before the first."""
    statement = select(MeetingSequence.seq).where(MeetingSequence.meeting_id == meeting_id)
    return (await session.execute(statement)).scalar_one_or_none() or 0


PART = 500
"""Events of one read: a room that missed a day's must not hold them all at once."""


async def after(session: AsyncSession, meeting_id: int, seq: int, limit: int = PART) -> list[dict[str, Any]]:
    """The next events after number `seq`, oldest first, as JSON; at most `limit`. Empty, or with a first number that is
    not the next one: the log does not reach back so far."""
    statement = (
        select(MeetingEvent)
        .where(MeetingEvent.meeting_id == meeting_id, MeetingEvent.seq > seq)
        .order_by(MeetingEvent.seq)
        .limit(limit)
    )
    return [as_json(row) for row in (await session.execute(statement)).scalars()]


async def last_numbers(session: AsyncSession, meeting_ids: Collection[int]) -> dict[int, int]:
    """The numbers of the newest committed events of these meetings, in one query."""
    statement = select(MeetingSequence.meeting_id, MeetingSequence.seq).where(
        MeetingSequence.meeting_id.in_(meeting_ids)
    )
    return dict((await session.execute(statement)).all())
