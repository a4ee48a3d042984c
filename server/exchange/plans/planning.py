"""A file against what is there: which rows it has, what they mean, and what they would change. Writes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.hooks import AccountHooks
from server.accounts.models import Person, RoleGrant
from server.core.actor import Actor, Role
from server.core.components import Components
from server.core.database import in_parts
from server.core.errors import NotAllowed
from server.core.spreadsheets.lists import List, list_in
from server.core.spreadsheets.reading import Sheet
from server.exchange.identifiers import Identifiers
from server.exchange.plans.columns import FORMS
from server.exchange.plans.people import Bounds, PeoplePlanner, PersonFacts
from server.exchange.plans.points import PointFacts, PointPlanner
from server.exchange.plans.row import Kind, Plan, PlannedRow
from server.exchange.plans.unit_names import UnitFacts, UnitNames
from server.exchange.plans.units import UnitPlanner, look_alikes
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of


def admin_paths(actor: Actor) -> list[str]:
    """Of the branches that the actor administers, none within another. NotAllowed without any."""
    paths = {grant.unit_path for grant in actor.grants if grant.role is Role.ADMIN}
    if not paths:
        raise NotAllowed()
    return sorted(path for path in paths if not any(path != each and path.startswith(each) for each in paths))


@dataclass(frozen=True, slots=True)
class Planning:
    """On whose behalf, and what it is asked with."""

    actor: Actor
    components: Components
    identifiers: Identifiers


async def plan(session: AsyncSession, planning: Planning, kind: Kind, sheets: Sequence[Sheet]) -> Plan:
    """NoHeader, NotAllowed."""
    actor, identifiers = planning.actor, planning.identifiers
    found = list_in(sheets, FORMS[kind])
    names = await unit_names(session, actor, identifiers)
    rows: list[PlannedRow]
    if kind == "units":
        taken = await _codes_beyond(session, names, found)
        rows = UnitPlanner(names, identifiers, taken).plan(found.rows)
        await _count_handed_over(session, rows)
        alike = look_alikes(rows, "parent")
    elif kind == "points":
        rows = PointPlanner(names, identifiers, await points_of(session, actor)).plan(found.rows)
        alike = look_alikes(rows, "unit")
    else:
        people = await people_of(session, actor)
        bounds = await _bounds(session, planning, people, found)
        rows = PeoplePlanner(names, identifiers, people, bounds).plan(found.rows)
        alike = look_alikes(rows, "unit")
    return Plan(rows, [*found.notes(sheets), *alike])


def in_branches(actor: Actor) -> Any:
    """The condition that a unit is the actor's to administer."""
    return true() if actor.system else or_(*(Unit.path.startswith(path) for path in admin_paths(actor)))


async def unit_names(session: AsyncSession, actor: Actor, identifiers: Identifiers) -> UnitNames:
    """Every unit of the actor's branches, and the bare ones above them."""
    columns = (
        Unit.id, Unit.parent_id, Unit.path, Unit.name, Unit.short_name, Unit.code, Unit.former_code, Unit.level,
        Unit.position, Unit.valid_from, Unit.valid_until, Unit.successor_id, Unit.revision,
    )  # fmt: skip
    own = (await session.execute(select(*columns).where(in_branches(actor)).order_by(Unit.path))).all()
    known = {row.id for row in own}
    above = {unit_id for row in own for unit_id in ids_of(row.path)} - known
    others = (await session.execute(select(*columns).where(Unit.id.in_(above)))).all() if above else []
    facts = [UnitFacts(*row, own=True) for row in own] + [UnitFacts(*row, own=False) for row in others]
    return UnitNames(facts, identifiers)


async def points_of(session: AsyncSession, actor: Actor) -> list[PointFacts]:
    rows = await session.execute(
        select(
            BridgePoint.id, BridgePoint.revision, BridgePoint.name, BridgePoint.short_name, BridgePoint.unit_id,
            BridgePoint.position, BridgePoint.seats, BridgePoint.address, BridgePoint.contact_name,
            BridgePoint.contact_phone, BridgePoint.equipment, BridgePoint.main_line, BridgePoint.backup_line,
            BridgePoint.closed_at,
        )
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(in_branches(actor))
        .order_by(Unit.path, BridgePoint.position, BridgePoint.id)
    )  # fmt: skip
    keys = ("name", "short_name", "unit", "position", "seats", "address", "contact_name", "contact_phone", "equipment",
            "main_line", "backup_line")  # fmt: skip
    return [
        PointFacts(row[0], row[1], {**dict(zip(keys, row[2:-1], strict=True)), "closed": row[-1] is not None})
        for row in rows
    ]


async def people_of(session: AsyncSession, actor: Actor) -> list[PersonFacts]:
    mine = in_branches(actor)
    rows = (
        await session.execute(
            select(
                Person.id, Person.revision, Person.full_name, Person.title, Person.unit_id, Person.email, Person.phone,
                Person.login, Person.disabled_at,
            )
            .join(Unit, Unit.id == Person.unit_id)
            .where(mine, Person.anonymised_at.is_(None))
            .order_by(Unit.path, Person.search_name, Person.id)
        )
    ).all()  # fmt: skip
    grants: dict[int, list[list[Any]]] = {}
    held = await session.execute(
        select(RoleGrant.person_id, RoleGrant.role, RoleGrant.unit_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(mine)
    )
    for person_id, role, unit_id in held:
        grants.setdefault(person_id, []).append([role, unit_id])
    return [PersonFacts(*row[:8], roles=sorted(grants.get(row[0], [])), disabled=row[8] is not None) for row in rows]


async def _codes_beyond(session: AsyncSession, names: UnitNames, found: List) -> Collection[str]:
    codes = {
        row.cells[column].upper() for row in found.rows for column in ("code", "former_code") if row.cells.get(column)
    }
    taken: set[str] = set()
    for some in in_parts(sorted(codes)):
        rows = await session.execute(
            select(Unit.id, Unit.code, Unit.former_code).where(or_(Unit.code.in_(some), Unit.former_code.in_(some)))
        )
        for unit_id, *its in rows:
            if unit_id not in names.by_id:
                taken.update(code for code in its if code)
    return taken


async def _count_handed_over(session: AsyncSession, rows: Sequence[PlannedRow]) -> None:
    """What a unit that ends leaves to its successor, for whoever looks at the row."""
    ending = {
        row.subject_id: row
        for row in rows
        if row.subject_id and row.after.get("successor") and row.after["successor"] != row.before.get("successor")
    }
    for some in in_parts(sorted(ending)):
        counts: dict[int, list[str]] = {}
        for word, counted in (("điểm cầu", BridgePoint.unit_id), ("người", Person.unit_id)):
            found = await session.execute(select(counted, func.count()).where(counted.in_(some)).group_by(counted))
            for unit_id, count in found:
                counts.setdefault(unit_id, []).append(f"{count} {word}")
        for unit_id, words in counts.items():
            ending[unit_id].shown.append(("handed", "", ", ".join(words)))


async def _bounds(session: AsyncSession, planning: Planning, people: Sequence[PersonFacts], found: List) -> Bounds:
    actor = planning.actor
    logins = {row.cells["login"].lower() for row in found.rows if row.cells.get("login")}
    holders: dict[str, int] = {}
    for named in in_parts(sorted(logins)):
        rows = await session.execute(select(Person.login, Person.id).where(Person.login.in_(named)))
        holders.update({login: person_id for login, person_id in rows if login})
    if actor.system:
        return Bounds(None, (), (), holders)
    mine = set(await session.scalars(select(Unit.id).where(in_branches(actor))))
    beyond = {person.id for person in people if any(unit_id not in mine for _, unit_id in person.roles)}
    led: set[int] = set()
    paths = admin_paths(actor)
    for ask in planning.components[AccountHooks].led:
        for some in in_parts([person.id for person in people]):
            for person_id, where in (await ask(session, some)).items():
                if not all(any(path.startswith(each) for each in paths) for path in where):
                    led.add(person_id)
    return Bounds(actor.person_id, beyond, led, holders)
