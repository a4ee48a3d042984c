"""How features above tell papers what they know, and hear what becomes of them. `server.wiring` fills it; papers know
none of them."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.transaction import Transaction
from server.papers.models import Paper, PaperVersion

WhoOpened = Callable[[AsyncSession, Collection[int]], Awaitable[Collection[int]]]


@dataclass(frozen=True)
class PaperHooks:
    """All but `who_opened` are called inside the transaction that makes the change."""

    who_opened: Sequence[WhoOpened] = ()
    """(versions) -> people who have opened any of them."""
    withdrawn: Sequence[Callable[[Transaction, Paper], Awaitable[None]]] = ()
    """A paper was recalled or deleted."""
    narrowed: Sequence[Callable[[Transaction, int], Awaitable[None]]] = ()
    """(meeting): who may read some of its papers was said anew, or a paper moved under another policy."""
    renewed: Sequence[Callable[[Transaction, Paper, PaperVersion], Awaitable[None]]] = ()
    """A new version of a paper became the current one."""


@dataclass(frozen=True)
class HandedOut:
    """Words, a page or the file of a version went to somebody."""

    hears: Callable[[Actor, int], None]
    """(who, version). Must not wait."""


async def narrowed(tx: Transaction, meeting_id: int) -> None:
    """After a flush: those who hear it look at the rows."""
    await tx.session.flush()
    for hears in tx.components[PaperHooks].narrowed:
        await hears(tx, meeting_id)
