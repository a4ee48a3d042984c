"""How features above follow the lists of delegates. `server.wiring` fills it; invitations know none of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from server.core.transaction import Transaction
from server.meetings.models import Meeting

Changed = Callable[[Transaction, int, frozenset[int | None]], Awaitable[None]]


@dataclass(frozen=True)
class DelegateListHooks:
    changed: Sequence[Changed] = ()
    """(transaction, meeting, points): the lists of these points (None: online) have changed. Runs inside the
    transaction that changed them, after its rows are written."""


Absent = Callable[[Transaction, int, int, str | None], Awaitable[None]]
Replaced = Callable[[Transaction, Meeting, int, int], Awaitable[None]]


@dataclass(frozen=True)
class ReplyHooks:
    """Run inside the transaction of the reply, under the lock of the meeting's row."""

    absent: Sequence[Absent] = ()
    """(transaction, meeting, delegate, reason): will not come; reason None: comes after all."""
    replaced: Sequence[Replaced] = ()
    """(transaction, meeting, person, substitute): the second person comes in the first one's stead."""


async def list_changed(tx: Transaction, meeting_id: int, points: frozenset[int | None]) -> None:
    await tx.session.flush()
    for follow in tx.components[DelegateListHooks].changed:
        await follow(tx, meeting_id, points)
