"""How features above tell papers what they know, and hear what becomes of them. `server.wiring` fills these; papers
know none of them."""

from collections.abc import Awaitable, Callable, Collection

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import State

from server.core.actor import Actor
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


HANDED_OUT: list[Callable[[State, Actor, int], None]] = []
"""(application's state, who, version): words, a page or the file of a version went to somebody. Must not wait."""


def handed_out(request: Request, actor: Actor, version_id: int) -> None:
    for hears in HANDED_OUT:
        hears(request.app.state, actor, version_id)


async def narrowed(tx: Transaction, meeting_id: int) -> None:
    """Tells `NARROWED`, after a flush: they look at the rows."""
    await tx.session.flush()
    for hears in NARROWED:
        await hears(tx, meeting_id)
