"""What the things are called that entries speak of: looked up for one page of them, in tables of features above this
one, by name."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, column, false, or_, select, table, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.models import AuditEntry
from server.audit.schemas import AuditOut, Sentence
from server.audit.words import group_of, said

UNITS = table("units", column("id"), column("parent_id"), column("path"), column("name"))
PEOPLE = table("people", column("id"), column("unit_id"), column("full_name"))
POINTS = table("bridge_points", column("id"), column("unit_id"), column("name"))
MEETINGS = table("meetings", column("id"), column("title"), column("unit_id"))
MEMBERS = table("member_points", column("meeting_id"), column("point_id"))
PAPERS = table("papers", column("id"), column("title"), column("meeting_id"))


@dataclass(frozen=True, slots=True)
class Names:
    people: dict[int, str] = field(default_factory=dict)
    points: dict[int, str] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    meetings: dict[int, str] = field(default_factory=dict)
    papers: dict[int, str] = field(default_factory=dict)
    unit_of_person: dict[int, str] = field(default_factory=dict)
    unit_of_point: dict[int, str] = field(default_factory=dict)

    def subject(self, entry: AuditEntry) -> str:
        known = {
            "person": self.people,
            "point": self.points,
            "unit": self.units,
            "meeting": self.meetings,
            "paper": self.papers,
        }.get(entry.subject_type, {})
        return known.get(int(entry.subject_id), "") if entry.subject_id.isdecimal() else ""


async def names_for(session: AsyncSession, entries: Sequence[AuditEntry], branches: Collection[str] | None) -> Names:
    """`branches`: only of these units, by their paths, and what concerns them; None: all."""

    def subjects(kind: str) -> set[int]:
        return {int(each.subject_id) for each in entries if each.subject_type == kind and each.subject_id.isdecimal()}

    actors = {each.actor_person_id for each in entries if each.actor_person_id is not None}
    halls = {each.actor_point_id for each in entries if each.actor_point_id is not None}
    people = subjects("person") | _facts(entries, "person_id") | actors
    points = subjects("point") | _facts(entries, "point_id") | halls
    meetings = subjects("meeting") | {each.meeting_id for each in entries if each.meeting_id is not None}
    units = _within(branches)
    tree = _within(None if branches is None else {_root_of(path) for path in branches})
    names = Names(
        units=await _named(session, select(UNITS.c.id, UNITS.c.name).where(tree), UNITS.c.id, subjects("unit")),
        meetings=await _named(
            session,
            select(MEETINGS.c.id, MEETINGS.c.title).where(_concerned(MEETINGS.c.id, branches)),
            MEETINGS.c.id,
            meetings,
        ),
        papers=await _named(
            session,
            select(PAPERS.c.id, PAPERS.c.title).where(_concerned(PAPERS.c.meeting_id, branches)),
            PAPERS.c.id,
            subjects("paper"),
        ),
    )
    if people:
        of_people = (
            select(PEOPLE.c.id, PEOPLE.c.full_name, UNITS.c.name)
            .join_from(PEOPLE, UNITS, UNITS.c.id == PEOPLE.c.unit_id)
            .where(PEOPLE.c.id.in_(people), units)
        )
        for person_id, name, unit in await session.execute(of_people):
            names.people[person_id], names.unit_of_person[person_id] = name, unit
    if points:
        of_points = (
            select(POINTS.c.id, POINTS.c.name, UNITS.c.name)
            .join_from(POINTS, UNITS, UNITS.c.id == POINTS.c.unit_id)
            .where(POINTS.c.id.in_(points), tree)
        )
        for point_id, name, unit in await session.execute(of_points):
            names.points[point_id], names.unit_of_point[point_id] = name, unit
    return names


def _root_of(path: str) -> str:
    return f"/{path.split('/')[1]}/"


def _within(branches: Collection[str] | None) -> ColumnElement[bool]:
    return true() if branches is None else or_(false(), *(UNITS.c.path.startswith(path) for path in branches))


def _concerned(meeting_id: ColumnElement[int], branches: Collection[str] | None) -> ColumnElement[bool]:
    """Meetings of these units, and those that their halls take part in: an entry may name any id that somebody asked
    for."""
    if branches is None:
        return true()
    units = select(UNITS.c.id).where(_within(branches))
    own = select(MEETINGS.c.id).where(MEETINGS.c.unit_id.in_(units))
    halls = select(POINTS.c.id).where(POINTS.c.unit_id.in_(units))
    return or_(meeting_id.in_(own), meeting_id.in_(select(MEMBERS.c.meeting_id).where(MEMBERS.c.point_id.in_(halls))))


async def told(
    session: AsyncSession, entries: Sequence[AuditEntry], branches: Collection[str] | None
) -> list[AuditOut]:
    """Entries as they are shown, in sentences."""
    names = await names_for(session, entries, branches)
    return [_told(entry, names) for entry in entries]


def _told(entry: AuditEntry, names: Names) -> AuditOut:
    facts: dict[str, Any] = entry.facts or {}
    point = names.points.get(_number(facts.get("point_id")))
    person = names.people.get(_number(facts.get("person_id")))
    words = said(entry.action, {**facts, "point": point, "person": person})
    unit = (
        names.unit_of_person.get(entry.actor_person_id, "")
        if entry.actor_person_id is not None
        else names.unit_of_point.get(entry.actor_point_id or 0, "")
    )
    return AuditOut(
        id=entry.id,
        at=entry.at,
        actor_person_id=entry.actor_person_id,
        actor_point_id=entry.actor_point_id,
        actor_name=entry.actor_name,
        actor_unit=unit,
        session_id=entry.session_id,
        address=entry.address,
        action=entry.action,
        group=group_of(entry.action),
        said=Sentence(vi=words.vi, en=words.en),
        subject_type=entry.subject_type,
        subject_id=entry.subject_id,
        subject_name=names.subject(entry),
        meeting_id=entry.meeting_id,
        meeting_title=names.meetings.get(entry.meeting_id or 0, ""),
        facts=facts,
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _facts(entries: Iterable[AuditEntry], name: str) -> set[int]:
    return {_number((each.facts or {}).get(name)) for each in entries} - {0}


async def _named(
    session: AsyncSession, names: Select[int, str], key: ColumnElement[int], ids: Collection[int]
) -> dict[int, str]:
    if not ids:
        return {}
    rows = await session.execute(names.where(key.in_(ids)))
    return {int(row_id): str(name) for row_id, name in rows}
