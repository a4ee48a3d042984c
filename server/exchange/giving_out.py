"""Templates, what is there in the shape of a file, and the rows of a file that have to be put right."""

from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.edge.exports import Order
from server.exchange import queries
from server.exchange.identifiers import Identifiers
from server.exchange.models import ImportRow
from server.exchange.plans.columns import COLUMNS
from server.exchange.plans.people import PeoplePlanner
from server.exchange.plans.planning import people_of, points_of, unit_names
from server.exchange.plans.row import Kind
from server.exchange.plans.unit_names import UnitNames
from server.exchange.plans.units import facts_of
from server.exchange.workbooks import workbook


async def template(session: AsyncSession, actor: Actor, identifiers: Identifiers, kind: Kind) -> Order:
    names = await unit_names(session, actor, identifiers)
    return Order(workbook, kind, [], _choices(names))


async def everything(session: AsyncSession, actor: Actor, identifiers: Identifiers, kind: Kind) -> Order:
    """Of the actor's branches. Sent in again it changes nothing."""
    names = await unit_names(session, actor, identifiers)
    show = {column.key: column.show for column in COLUMNS[kind]}
    found: list[tuple[int, dict[str, Any]]]
    if kind == "units":
        own = sorted((unit for unit in names.by_id.values() if unit.own), key=lambda unit: _place(names, unit.id))
        found = [(unit.id, facts_of(unit)) for unit in own]
        show |= {"parent": names.label, "successor": lambda each: names.label(each) if each in names.by_id else ""}
    elif kind == "points":
        found = [(point.id, point.facts) for point in await points_of(session, actor)]
        show |= {"unit": names.label}
    else:
        people = await people_of(session, actor)
        found = [(person.id, person.as_dict()) for person in people]
        show |= {"unit": names.label}
    rows = []
    for row_id, facts in found:
        row = {"id": identifiers.of(kind, row_id)}
        for key, value in facts.items():
            if key == "roles":
                row[key] = PeoplePlanner.roles_as_text(names, value, facts["unit"])
            elif value is not None and value != "":
                row[key] = show[key](value)
        rows.append(row)
    return Order(workbook, kind, rows, _choices(names))


async def bad_rows(session: AsyncSession, actor: Actor, identifiers: Identifiers, batch_id: int) -> Order:
    """As the template has them, each with the reasons."""
    batch = await queries.batch(session, actor, batch_id)
    kind = cast(Kind, batch.kind)
    headings = {column.key: column.heading for column in COLUMNS[kind]}
    bad = (
        await session.scalars(
            select(ImportRow)
            .where(ImportRow.batch_id == batch_id, ImportRow.verdict == "bad")
            .order_by(ImportRow.number, ImportRow.id)
        )
    ).all()
    reasons = [
        f"Dòng {row.number}. " + " ".join(f"{headings[column]}: {vi}" for column, _, vi, _ in row.faults) for row in bad
    ]
    names = await unit_names(session, actor, identifiers)
    return Order(workbook, kind, [row.cells for row in bad], _choices(names), reasons)


def _choices(names: UnitNames) -> list[str]:
    own = [unit for unit in names.by_id.values() if unit.own and unit.valid_until is None]
    return [names.label(unit.id) for unit in sorted(own, key=lambda unit: _place(names, unit.id))]


def _place(names: UnitNames, unit_id: int) -> list[tuple[int, int]]:
    """Units as the tree shows them, each behind the one above it."""
    places: list[tuple[int, int]] = []
    at: int | None = unit_id
    while at is not None and (unit := names.by_id.get(at)) is not None:
        places.append((unit.position, unit.id))
        at = unit.parent_id
    return places[::-1]
