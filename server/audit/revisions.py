"""Comparing the revision that an editor saw; see `server.core.revisions`."""

from collections.abc import Awaitable, Callable
from typing import Any

from server.audit.queries import last_change
from server.core.revisions import EditedMeanwhile, Revised
from server.core.transaction import Transaction


async def next_revision(
    tx: Transaction, row: Revised, seen: int | None, edited: str, current: Callable[[], Awaitable[Any]]
) -> None:
    """Counts this edit, after `check_revision`."""
    await check_revision(tx, row, seen, edited, current)
    row.revision += 1


async def check_revision(
    tx: Transaction, row: Revised, seen: int | None, edited: str, current: Callable[[], Awaitable[Any]]
) -> None:
    """Locks the row. EditedMeanwhile if it is not as it was `seen`. `edited`: as the audit log calls such an edit,
    "paper.edited". `current`: the state to answer with."""
    await tx.session.refresh(row, with_for_update=True)
    if seen is not None and row.revision != seen:
        row_id = row.id  # type: ignore[attr-defined]
        raise EditedMeanwhile(
            revision=row.revision,
            current=await current(),
            **await last_change(tx.session, edited, edited.split(".", maxsplit=1)[0], row_id),
        )
