"""What becomes of one change of a note that a device brings, maybe days late, maybe twice. Pure, so that it can be
proved by trying everything (tests/server/reading/test_notes_merge.py).

A change names the revision it was made from. If that is the newest, it is simply the next. If not, another device was
faster, and nothing typed may be lost:

- the same content: there is nothing to do;
- an edit beats a delete, whichever comes first;
- two edits: the one that comes later is kept as a second note.

Unless the device itself wrote every revision that it did not know of: then its answer was lost on the way, and its
newer edit replaces its older one. Which is newer, when one request overtook another, is told by the device's own count
of requests. Clocks decide nothing between devices; where a device does not count, its own clock has to do.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

MARK = 16
"""Hexadecimal digits of one mark."""
MARKS = 128
"""Marks kept of a note. A replay that is older still is kept as a second note: superfluous, but nothing is lost."""


@dataclass(frozen=True, slots=True)
class Content:
    paper_id: int
    version_id: int
    page: int
    kind: str
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Change:
    id: str
    base: int
    content: Content
    written_at: datetime
    device: str
    """Never empty: the request's own name, if the device gives none."""
    named: bool
    """The device has a name that lasts."""
    turn: int
    """The device's number of this request; 0: it does not count."""

    @property
    def mark(self) -> str:
        """Equal for equal changes, however often they are sent."""
        content = self.content
        said = [
            self.base,
            self.written_at.astimezone(UTC).isoformat(),
            content.paper_id,
            content.version_id,
            content.page,
            content.kind,
            content.body,
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:MARK]


@dataclass(frozen=True, slots=True)
class State:
    revision: int
    content: Content
    written_at: datetime
    device: str
    turn: int
    own_since: int
    trail: str

    def knows(self, mark: str) -> bool:
        return mark in {self.trail[at : at + MARK] for at in range(0, len(self.trail), MARK)}

    def remembering(self, mark: str) -> "State":
        return replace(self, trail=(self.trail + mark)[-MARK * MARKS :])


class Notes(Protocol):
    """One person's, wherever they are kept."""

    async def state(self, note: str) -> State | None: ...

    def write(self, note: str, state: State) -> None:
        """`state` may be of the revision that is there: then nobody needs to be told."""
        ...


async def bring(notes: Notes, change: Change) -> str:
    """Takes a change in. Returns the note that it now stands in: its own, or the second one that it was kept as."""
    while True:
        stored = await notes.state(change.id)
        if stored is not None and stored.knows(change.mark):
            return await _where(notes, change)
        state, second = merge(stored, change)
        notes.write(change.id, state)
        if second is None:
            return change.id
        change = second


async def _where(notes: Notes, change: Change) -> str:
    """A change that came before is in its note or in one that it was kept as: its device may not know yet."""
    while True:
        second = aside(change)
        stored = await notes.state(second.id)
        if stored is None or not stored.knows(second.mark):
            return change.id
        change = second


def merge(stored: State | None, change: Change) -> tuple[State, Change | None]:
    """The note's new state (of the same revision: nobody needs to be told), and the change of a second note that this
    one has to be taken as instead."""
    if stored is None:
        return _next(None, change), None
    mark = change.mark
    deletes = change.content.body is None
    beats = stored.content.body is None and not deletes
    if stored.content == change.content:
        return stored.remembering(mark), None
    if beats or change.base >= stored.revision or _of_the_same_writer(stored, change):
        return _next(stored, change), None
    return stored.remembering(mark), None if deletes else aside(change)


def aside(change: Change) -> Change:
    """The same, as what a second note begins with. What one device wrote from one revision has one second note."""
    branch = change.device if change.named else change.mark
    second = uuid5(UUID(change.id), f"{change.base} {branch}")
    return replace(change, id=str(second), base=0)


def _of_the_same_writer(stored: State, change: Change) -> bool:
    """All that was written since the change's base is of its own device. Only the device that made a note sends changes
    of it from base 0: it knows no other before it hears an answer."""
    same = change.device == stored.device or change.base == 0
    return same and change.base >= stored.own_since and _is_later(stored, change)


def _is_later(stored: State, change: Change) -> bool:
    """Of two revisions of one device. Within one request, the one that comes later."""
    if change.turn and stored.turn and change.device == stored.device:
        return change.turn >= stored.turn
    return change.written_at >= stored.written_at


def _next(stored: State | None, change: Change) -> State:
    # A base above the stored revision: the database was restored from a backup, and the device knows more.
    known = stored.revision if stored else 0
    same = stored is not None and (stored.device == change.device or _of_the_same_writer(stored, change))
    return State(
        revision=max(known, change.base) + 1,
        content=change.content,
        written_at=change.written_at,
        device=change.device,
        turn=change.turn,
        own_since=stored.own_since if stored is not None and same else change.base,
        trail=stored.trail if stored else "",
    ).remembering(change.mark)
