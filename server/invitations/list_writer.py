"""Putting people on a meeting's list, one or twelve thousand at once: whom a line means, who is new, who is there
already."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import SEARCHED, Person
from server.audit.actions import record
from server.core.database import in_parts
from server.core.fields import folded
from server.core.transaction import Transaction
from server.invitations.hooks import list_changed
from server.invitations.people import Known, People, Typed
from server.invitations.rights import lead_beyond
from server.meetings.models import Delegate

DelegateRole = Literal["delegate", "guest"]
Source = Literal["typed", "people", "import", "request", "substitute", "named"]
NAMED = 20
"""Names that one audit entry spells out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. `who`: a known person's id, or as typed."""

    who: int | Typed
    point_id: int | None
    role: DelegateRole = "delegate"
    substitutes_id: int | None = None


@dataclass(slots=True)
class Line:
    """What putting an entry on the list means. Lines that mean the same person share `person`."""

    entry: Entry
    person: Known
    """Its id is 0 until a new person is written."""
    listed: bool
    """On the list already, or twice in these lines: nothing to do."""
    row_id: int | None
    """The person's row in this meeting, if there is one: taken off the list before, or `listed`."""
    doubles: int | None = None
    """The place among these lines of the first that means the same person."""


async def plan(
    session: AsyncSession, meeting_id: int, entries: Sequence[Entry], *, strangers: bool = False
) -> list[Line]:
    """A line for each entry. Writes nothing. `strangers`: nobody typed is taken for somebody known."""
    typed = [entry.who for entry in entries if isinstance(entry.who, Typed)]
    people = People() if strangers else await People.load(session, typed)
    chosen = {
        entry.who: Known(entry.who, "", "", None, None, account=True) for entry in entries if isinstance(entry.who, int)
    }
    persons: list[Known] = []
    for entry in entries:
        if isinstance(entry.who, int):
            persons.append(chosen[entry.who])
        else:
            persons.append(people.find(entry.who) or people.add(0, entry.who))
    rows = await _rows(session, meeting_id, {person.id for person in persons})
    lines: list[Line] = []
    seen: dict[int, int] = {}
    for place, (entry, person) in enumerate(zip(entries, persons, strict=True)):
        row_id, removed = rows.get(person.id, (None, False))
        doubles = seen.get(id(person))
        there = row_id is not None and not removed
        lines.append(Line(entry, person, doubles is not None or there, row_id, doubles))
        seen.setdefault(id(person), place)
    return lines


async def carry_out(tx: Transaction, meeting_id: int, lines: Sequence[Line], source: Source) -> list[int]:
    """Writes the lines that are not listed yet. Returns the delegates' ids, in order."""
    wanted = [line for line in lines if not line.listed]
    if not wanted:
        return []
    await _write_people(tx, wanted)
    await _write_rows(tx, meeting_id, wanted, source)
    ids = [line.row_id for line in wanted if line.row_id is not None]
    points = frozenset(line.entry.point_id for line in wanted)
    await record(
        tx,
        "delegates.added",
        "meeting",
        meeting_id,
        count=len(wanted),
        source=source,
        points=sorted(point_id or 0 for point_id in points),
        delegates=ids[:NAMED],
    )
    await list_changed(tx, meeting_id, points)
    return ids


async def _rows(session: AsyncSession, meeting_id: int, person_ids: set[int]) -> dict[int, tuple[int | None, bool]]:
    """Person -> (the row's id, whether it was taken off the list)."""
    found: dict[int, tuple[int | None, bool]] = {}
    for some in in_parts(sorted(person_ids - {0})):
        rows = await session.execute(
            select(Delegate.person_id, Delegate.id, Delegate.removed_at).where(
                Delegate.meeting_id == meeting_id, Delegate.person_id.in_(some)
            )
        )
        found.update({person_id: (row_id, removed_at is not None) for person_id, row_id, removed_at in rows})
    return found


async def _write_people(tx: Transaction, lines: Sequence[Line]) -> None:
    new = [(line.person, line.entry.who) for line in lines if line.person.id == 0 and isinstance(line.entry.who, Typed)]
    for some in in_parts(new):
        # Not in the order of the parameters, which SQLite gives only one row at a time: rows that say the same are
        # interchangeable.
        rows = await tx.session.execute(
            insert(Person).returning(
                Person.id, Person.unit_id, Person.full_name, Person.title, Person.email, Person.phone
            ),
            [
                {
                    "unit_id": typed.unit_id,
                    "full_name": typed.full_name,
                    "search_name": typed.search_name,
                    "title": typed.title,
                    "email": typed.email,
                    "phone": typed.phone,
                }
                for _, typed in some
            ],
        )
        written: defaultdict[Typed, list[int]] = defaultdict(list)
        for person_id, unit_id, full_name, title, email, phone in rows:
            written[Typed(unit_id, full_name, title, email, phone)].append(person_id)
        for person, typed in some:
            person.id = written[typed].pop()
    # Links go to the address: whose opens more than this list can give keeps what stands there.
    kept = await lead_beyond(tx.session, {line.person.id for line in lines}, tx.actor)
    filled: defaultdict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    for line in lines:
        more = _more(line) if line.person.id not in kept else {}
        if more:
            filled[tuple(more)].append({"id": line.person.id, **more})
    for rows_of_kind in filled.values():
        await tx.session.execute(update(Person), rows_of_kind)


def _more(line: Line) -> dict[str, object]:
    """What the list says beyond what was known, of people whom lists may describe."""
    typed, known = line.entry.who, line.person
    if known.account or not isinstance(typed, Typed):
        return {}
    more: dict[str, object] = {
        name: value
        for name, value in (("title", typed.title), ("email", typed.email), ("phone", typed.phone))
        if value and not getattr(known, name)
    }
    return more | ({"search_title": folded(typed.title)[:SEARCHED]} if "title" in more else {})


async def _write_rows(tx: Transaction, meeting_id: int, lines: Sequence[Line], source: Source) -> None:
    places = await _next_places(tx.session, meeting_id)
    fresh: list[tuple[Line, dict[str, object]]] = []
    again: list[dict[str, object]] = []
    for line in lines:
        values: dict[str, object] = {
            "point_id": line.entry.point_id,
            "role": line.entry.role,
            "substitutes_id": line.entry.substitutes_id,
            "position": places[line.entry.point_id],
            "source": "people" if source == "typed" and isinstance(line.entry.who, int) else source,
            "added_at": tx.now,
            "added_by": tx.actor.person_id,
        }
        places[line.entry.point_id] += 1
        if line.row_id is None:
            fresh.append((line, {**values, "meeting_id": meeting_id, "person_id": line.person.id}))
        else:
            again.append({"id": line.row_id, "removed_at": None, **values})
    if again:
        await tx.session.execute(update(Delegate), again)
    for some in in_parts(fresh):
        rows = await tx.session.execute(
            insert(Delegate).returning(Delegate.person_id, Delegate.id), [row for _, row in some]
        )
        ids: dict[int, int] = dict(rows.all())
        for line, _ in some:
            line.row_id = ids[line.person.id]


async def _next_places(session: AsyncSession, meeting_id: int) -> defaultdict[int | None, int]:
    """Where the next one stands in each point's list."""
    rows = await session.execute(
        select(Delegate.point_id, func.max(Delegate.position))
        .where(Delegate.meeting_id == meeting_id)
        .group_by(Delegate.point_id)
    )
    places: defaultdict[int | None, int] = defaultdict(int)
    places.update({point_id: last + 1 for point_id, last in rows})
    return places
