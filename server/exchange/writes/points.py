"""Bridge points of a batch: written, and taken back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, delete, func, insert, literal, select

from server.core.database import UtcDateTime
from server.core.reserved_ids import reserved_ids
from server.core.transaction import Transaction
from server.exchange.models import ImportRow
from server.exchange.writes.rows import (
    changed_since,
    last_subject,
    of_batch,
    put,
    refuse_changed,
    refuse_used,
    remember,
    rows_of,
    used,
)
from server.organisations.models import BridgePoint

_COLUMNS = {
    "name": "name",
    "short_name": "short_name",
    "unit": "unit_id",
    "position": "position",
    "seats": "seats",
    "address": "address",
    "contact_name": "contact_name",
    "contact_phone": "contact_phone",
    "equipment": "equipment",
    "main_line": "main_line",
    "backup_line": "backup_line",
}
_NUMBERS = frozenset({"unit", "position", "seats"})


async def write(tx: Transaction, batch_id: int) -> None:
    rows = await rows_of(tx.session, batch_id, "added")
    ids = await reserved_ids(tx.session, BridgePoint, len(rows), await last_subject(tx.session))
    if rows:
        await tx.session.execute(
            insert(BridgePoint.__table__),  # type: ignore[arg-type]
            [
                {
                    "id": point_id,
                    "revision": 1,
                    "closed_at": tx.now if row.after["closed"] else None,
                    **{column: row.after[key] for key, column in _COLUMNS.items()},
                }
                for point_id, row in zip(ids, rows, strict=True)
            ],
        )
        await remember(
            tx, [{"id": row.id, "subject_id": each, "revision": 1} for each, row in zip(ids, rows, strict=True)]
        )
    await put(tx, batch_id, BridgePoint, _values(tx), ImportRow.after)


async def take_back(tx: Transaction, batch_id: int) -> None:
    """InUse."""
    refuse_changed(await changed_since(tx.session, batch_id, BridgePoint, "added", "changed", "closed"))
    refuse_used(await used(tx.session, batch_id, BridgePoint))
    await put(tx, batch_id, BridgePoint, _values(tx), ImportRow.before)
    subjects = select(ImportRow.subject_id).where(of_batch(batch_id, "added"))
    await tx.session.execute(
        delete(BridgePoint).where(BridgePoint.id.in_(subjects)).execution_options(synchronize_session=False)
    )


def _values(tx: Transaction) -> Any:
    def values(source: Any) -> Mapping[str, Any]:
        said = {
            column: source[key].as_integer() if key in _NUMBERS else source[key].as_string()
            for key, column in _COLUMNS.items()
        }
        closed = source["closed"].as_boolean()
        # Out of use since then, if it was so before.
        since = func.coalesce(BridgePoint.closed_at, literal(tx.now, UtcDateTime()))
        return {**said, "closed_at": case((closed, since), else_=None)}

    return values
