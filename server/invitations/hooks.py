"""How features above follow the lists of delegates. `server.wiring` fills the list; invitations know none of them."""

from collections.abc import Awaitable, Callable

from server.core.transaction import Transaction

Changed = Callable[[Transaction, int, frozenset[int | None]], Awaitable[None]]
"""(transaction, meeting, points): the lists of these points (None: online) have changed. Runs inside the transaction
that changed them, after its rows are written."""

LIST_CHANGED: list[Changed] = []


async def list_changed(tx: Transaction, meeting_id: int, points: frozenset[int | None]) -> None:
    await tx.session.flush()
    for follow in LIST_CHANGED:
        await follow(tx, meeting_id, points)
