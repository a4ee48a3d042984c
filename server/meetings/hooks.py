"""How features above hang on to a meeting's edits. `server.wiring` fills it; meetings know none of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.meetings.live.entities import Entities
from server.meetings.models import Meeting


async def _nothing(_tx: Transaction, _meeting: Meeting, *_what: object) -> None:
    return None


@dataclass(frozen=True)
class PointsRemoved:
    points: frozenset[int]
    people: Literal["online", "off-list"] | None
    """What the editor wants to become of those who were to sit there; None: nothing has been said."""


@dataclass(frozen=True)
class Follower:
    """Every hook runs inside the edit's transaction, under the lock of the meeting's row."""

    load: Callable[[AsyncSession, int], Awaitable[Entities]] | None
    """Its live entities of a meeting: compared before and after, so that the edit's event carries their changes too.
    None: it has none."""
    points_removed: Callable[[Transaction, Meeting, PointsRemoved], Awaitable[None]] = _nothing
    """These points are no longer members: drop what the feature holds of them, or raise why that needs a word first."""
    items_going: Callable[[Transaction, Meeting, frozenset[int]], Awaitable[None]] = _nothing
    """These agenda items are about to be deleted: save what hangs on them."""
    edited: Callable[[Transaction, Meeting], Awaitable[None]] = _nothing
    """The plan was changed."""
    stepped: Callable[[Transaction, Meeting, str], Awaitable[None]] = _nothing
    """It took this step of its life (`lifecycle.Step`)."""
    announced: Callable[[Transaction, Meeting, str], Awaitable[None]] = _nothing
    """Everybody concerned is being told of this ("changed", "postponed", "rescheduled", "cancelled", "invited")."""
    copied: Callable[[Transaction, Meeting, int], Awaitable[None]] = _nothing
    """The meeting was made like that one (its id), which is to be taken over as far as it can be."""
    deleting: Callable[[Transaction, Meeting], Awaitable[None]] = _nothing
    """The meeting is about to be deleted with all its rows."""


@dataclass(frozen=True)
class MeetingHooks:
    followers: Sequence[Follower] = ()


def followers(tx: Transaction) -> Sequence[Follower]:
    return tx.components[MeetingHooks].followers


async def announced(tx: Transaction, meeting: Meeting, kind: str) -> None:
    for follower in followers(tx):
        await follower.announced(tx, meeting, kind)
