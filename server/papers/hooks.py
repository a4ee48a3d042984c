"""How features above tell papers what they know, and hear what becomes of them. `server.wiring` fills these; papers
know none of them."""

from collections.abc import Awaitable, Callable, Collection

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.papers.models import Paper, PaperVersion

WhoOpened = Callable[[AsyncSession, Collection[int]], Awaitable[Collection[int]]]
"""(versions) -> people who have opened any of them."""

WHO_OPENED: list[WhoOpened] = []

WITHDRAWN: list[Callable[[Transaction, Paper], Awaitable[None]]] = []
"""A paper was recalled or deleted; called inside that transaction."""

NARROWED: list[Callable[[Transaction, int], Awaitable[None]]] = []
"""(meeting): who may read some of its papers was said anew, or a paper moved under another policy; called inside that
transaction, by `narrowed`."""

RENEWED: list[Callable[[Transaction, Paper, PaperVersion], Awaitable[None]]] = []
"""A new version of a paper became the current one; called inside that transaction."""


async def narrowed(tx: Transaction, meeting_id: int) -> None:
    """Tells `NARROWED`, after a flush: they look at the rows."""
    await tx.session.flush()
    for hears in NARROWED:
        await hears(tx, meeting_id)
