"""The units over a meeting's halls, in the order of the tree."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.meetings.models import MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of


@dataclass(frozen=True, slots=True)
class Hall:
    id: int
    name: str
    position: int
    unit_id: int
    unit_path: str
    member: bool
    """False: it was taken off the meeting later."""


@dataclass(frozen=True)
class Tree:
    """`halls` and `units` in the order of the tree; units are those of the halls and all above them."""

    halls: list[Hall]
    units: list[Unit]

    @cached_property
    def names(self) -> dict[int, str]:
        return {unit.id: unit.name for unit in self.units}

    @cached_property
    def _highest(self) -> int:
        return min((len(ids_of(unit.path)) for unit in self.units), default=0)

    def depth(self, unit: Unit) -> int:
        """0 for the highest."""
        return len(ids_of(unit.path)) - self._highest

    def parent(self, unit: Unit) -> int | None:
        """None for a unit whose parent is not among these."""
        return unit.parent_id if unit.parent_id in self.names else None

    def branch(self, unit_id: int) -> Iterator[int]:
        """The unit and all above it that are here."""
        at: int | None = unit_id
        while at in self.names:
            yield at
            at = self._parents[at]

    @cached_property
    def _parents(self) -> dict[int, int | None]:
        return {unit.id: unit.parent_id for unit in self.units}


async def over(
    session: AsyncSession, meeting_id: int, *, besides: Collection[int] = (), units: Iterable[int] = ()
) -> Tree:
    """Of member points and points `besides`; also above these `units`."""
    rows = await session.execute(
        select(BridgePoint.id, BridgePoint.name, BridgePoint.position, Unit.id, Unit.path, MemberPoint.id.is_not(None))
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .outerjoin(MemberPoint, (MemberPoint.point_id == BridgePoint.id) & (MemberPoint.meeting_id == meeting_id))
        .where(or_(MemberPoint.id.is_not(None), BridgePoint.id.in_(besides)))
    )
    halls = [Hall(*row) for row in rows]
    paths = [hall.unit_path for hall in halls]
    paths += await session.scalars(select(Unit.path).where(Unit.id.in_(tuple(units))))
    wanted = {unit_id for path in paths for unit_id in ids_of(path)}
    found = {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
    ordered = sorted(found.values(), key=lambda unit: [(found[each].position, each) for each in ids_of(unit.path)])
    place = {unit.id: index for index, unit in enumerate(ordered)}
    halls.sort(key=lambda hall: (place[hall.unit_id], hall.position, hall.id))
    return Tree(halls, ordered)
