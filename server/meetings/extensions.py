"""How features above hang on to a meeting's edits. `server.wiring` fills the list; meetings know none of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.meetings.live import Entities
from server.meetings.models import Meeting


@dataclass(frozen=True)
class Follower:
    load: Callable[[AsyncSession, int], Awaitable[Entities]]
    """Its live entities of a meeting: compared before and after, so that the edit's event carries their changes too."""
    points_removed: Callable[[Transaction, Meeting, frozenset[int]], Awaitable[None]]
    """These points are no longer members: drop what the feature holds of them."""


FOLLOWERS: list[Follower] = []
