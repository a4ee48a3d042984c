"""What features above know of a unit or a bridge point. `server.wiring` fills it; organisations know none of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.organisations.models import BridgePoint, Unit

UnitUses = Callable[[AsyncSession, Unit], Awaitable[Mapping[str, int]]]
PointUses = Callable[[AsyncSession, BridgePoint], Awaitable[Mapping[str, int]]]
UnitEnded = Callable[[Transaction, Unit], Awaitable[None]]
PeopleHandedOver = Callable[[Transaction, Mapping[int, int]], Awaitable[int]]


@dataclass(frozen=True)
class OrganisationHooks:
    unit_uses: Sequence[UnitUses] = ()
    """How often the unit is used, by the fields of `schemas.UnitUses`."""
    point_uses: Sequence[PointUses] = ()
    people_handed_over: Sequence[PeopleHandedOver] = ()
    """Unit -> successor: the people of the first, with their roles over it, are those of the second from now on.
    Returns how many."""
    plans_handed_over: Sequence[PeopleHandedOver] = ()
    """Likewise of what the first keeps for its meetings."""
    unit_ended: Sequence[UnitEnded] = ()
    """It has its last day, and what goes to a successor has gone there."""
