"""What writing and taking back share: the batch's rows, as sets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import Base, in_parts
from server.core.errors import Conflict
from server.core.transaction import Transaction
from server.exchange.models import ImportBatch, ImportRow
from server.organisations.models import Unit

AT_ONCE = 100
"""Rows of one transaction, where everything need not come at once: some milliseconds under the writers' lock."""
NAMED = 5
"""Rows that a refusal names."""


class ChangedSince(Conflict):
    """Between the look and the deed."""


class InUse(Conflict):
    """An undo that would take away what others use or have changed."""

    code = "import-in-use"


def of_batch(batch_id: int, *verdicts: str) -> ColumnElement[bool]:
    return (ImportRow.batch_id == batch_id) & ImportRow.verdict.in_(verdicts)


async def last_subject(session: AsyncSession) -> int:
    """Ids up to here may stand in files that were given out."""
    return await session.scalar(select(func.max(ImportRow.subject_id))) or 0


async def rows_of(session: AsyncSession, batch_id: int, *verdicts: str) -> Sequence[ImportRow]:
    rows = await session.scalars(select(ImportRow).where(of_batch(batch_id, *verdicts)).order_by(ImportRow.number))
    return rows.all()


async def tree_state(session: AsyncSession) -> tuple[int, ...]:
    """Another one after every edit of any unit."""
    found = await session.execute(select(func.count(), func.sum(Unit.revision), func.max(Unit.id)).select_from(Unit))
    return tuple(value or 0 for value in found.one())


async def changed_since(session: AsyncSession, batch_id: int, model: Any, *verdicts: str) -> list[str]:
    """Labels of rows whose subject is gone or of another revision than the row knows."""
    found = await session.scalars(
        select(ImportRow.label)
        .outerjoin(model, model.id == ImportRow.subject_id)
        .where(of_batch(batch_id, *verdicts), (model.id.is_(None)) | (model.revision != ImportRow.revision))
        .limit(NAMED)
    )
    return list(found)


async def used(session: AsyncSession, batch_id: int, model: type[Base], apart: Sequence[str] = ()) -> list[str]:
    """Labels of what the batch has added and something refers to. Foreign keys know every use, also those of features
    that this one does not know. `apart`: "table.column" that do not count."""
    subjects = select(ImportRow.subject_id).where(of_batch(batch_id, "added"))
    found: set[int] = set()
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table is not model.__table__ or f"{table.name}.{key.parent.name}" in apart:
                continue
            rows = await session.scalars(select(key.parent).where(key.parent.in_(subjects)).distinct().limit(NAMED))
            found.update(rows)
    if not found:
        return []
    labels = select(ImportRow.label).where(of_batch(batch_id, "added"), ImportRow.subject_id.in_(sorted(found)))
    return list(await session.scalars(labels.limit(NAMED)))


def refuse_if(names: Sequence[str], vi: str, en: str) -> None:
    if names:
        said = ", ".join(f"“{name}”" for name in names) + ("…" if len(names) == NAMED else "")
        raise InUse(vi.format(said), en.format(said))


def refuse_changed(names: Sequence[str]) -> None:
    refuse_if(
        names,
        "Không hoàn tác được: {} đã được sửa sau khi nhập. Sửa lại bằng tay, hoặc nhập một tệp khác.",
        "This cannot be undone: {} changed after the import. Change them by hand, or import another file.",
    )


def refuse_used(names: Sequence[str]) -> None:
    refuse_if(
        names,
        "Không hoàn tác được: {} đã được dùng sau khi nhập (cuộc họp, tài khoản, đơn vị trực thuộc…).",
        "This cannot be undone: {} came into use after the import (meetings, accounts, units below…).",
    )


async def remember(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Each with its `id`, all with the same columns. Without objects: a hundred of them took the event loop 8 ms."""
    table = ImportRow.__table__
    connection = await tx.session.connection()
    for some in in_parts(rows, 500):
        set_to: dict[str, Any] = {name: bindparam(f"new_{name}") for name in some[0] if name != "id"}
        await connection.execute(
            update(ImportRow).where(table.c.id == bindparam("of_id")).values(set_to),
            [{("of_id" if name == "id" else f"new_{name}"): value for name, value in row.items()} for row in some],
        )


async def put(
    tx: Transaction,
    batch_id: int,
    model: Any,
    values: Callable[[Any], Mapping[str, Any]],
    source: Any,
) -> None:
    """Sets what the batch changes or closes to what `source` (`before` or `after`) says, in one statement."""
    which = of_batch(batch_id, "changed", "closed")
    await tx.session.execute(
        update(model)
        .where(model.id == ImportRow.subject_id, which)
        .values({**values(source), "revision": model.revision + 1})
        .execution_options(synchronize_session=False)
    )
    await tx.session.execute(
        update(ImportRow)
        .where(which)
        .values(revision=ImportRow.revision + 1)
        .execution_options(synchronize_session=False)
    )


async def batch_of(session: AsyncSession, batch_id: int) -> ImportBatch | None:
    return await session.get(ImportBatch, batch_id, populate_existing=True)
