"""How features above follow the lists of delegates. `server.wiring` fills it; invitations know none of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from server.core.transaction import Transaction

Changed = Callable[[Transaction, int, frozenset[int | None]], Awaitable[None]]


@dataclass(frozen=True)
class DelegateListHooks:
    changed: Sequence[Changed] = ()
    """(transaction, meeting, points): the lists of these points (None: online) have changed. Runs inside the
    transaction that changed them, after its rows are written."""


async def list_changed(tx: Transaction, meeting_id: int, points: frozenset[int | None]) -> None:
    await tx.session.flush()
    for follow in tx.components[DelegateListHooks].changed:
        await follow(tx, meeting_id, points)
