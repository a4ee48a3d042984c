"""What a unit keeps for its meetings, when it ends (`organisations.hooks`): groups of points, templates, series."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.meetings.planning.models import MeetingSeries, MeetingTemplate, PointGroup
from server.organisations.models import Unit

_LONGEST = 120


async def unit_uses(session: AsyncSession, unit: Unit) -> dict[str, int]:
    counts = [
        await session.scalar(select(func.count()).where(owner == unit.id)) or 0
        for owner in (PointGroup.unit_id, MeetingTemplate.unit_id, MeetingSeries.unit_id)
    ]
    return {"plans": sum(counts)}


async def plans_handed_over(tx: Transaction, successors: Mapping[int, int]) -> int:
    """Unit -> successor. What has a name that the successor uses already bears the old unit's behind it."""
    count = 0
    for old, new in successors.items():
        unit = await tx.session.get_one(Unit, old)
        count += await _named(tx, PointGroup, unit, new) + await _named(tx, MeetingTemplate, unit, new)
        moved = await tx.session.scalars(
            update(MeetingSeries)
            .where(MeetingSeries.unit_id == old)
            .values(unit_id=new)
            .returning(MeetingSeries.id)
            .execution_options(synchronize_session=False)
        )
        count += len(moved.all())
    return count


async def _named(tx: Transaction, kind: Any, unit: Unit, new: int) -> int:
    """`kind`: PointGroup or MeetingTemplate."""
    taken = set(await tx.session.scalars(select(kind.name).where(kind.unit_id == new)))
    rows: list[Any] = list(await tx.session.scalars(select(kind).where(kind.unit_id == unit.id).order_by(kind.id)))
    for row in rows:
        row.name = _free(row.name, unit.short_name, taken)
        row.unit_id = new
        taken.add(row.name)
    await tx.session.flush()
    return len(rows)


def _free(name: str, unit: str, taken: set[str]) -> str:
    wanted, number = name, 1
    while wanted in taken:
        behind = f" ({unit})" if number == 1 else f" ({unit} {number})"
        wanted, number = f"{name[: _LONGEST - len(behind)]}{behind}", number + 1
    return wanted
