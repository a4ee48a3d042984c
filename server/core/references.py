"""Rows of other tables that name a row: found by their foreign keys, whichever feature has them, so that one row can
take another's place everywhere and nothing is forgotten."""

from collections.abc import Iterator

from sqlalchemy import (
    Column,
    ColumnElement,
    PrimaryKeyConstraint,
    UniqueConstraint,
    and_,
    delete,
    exists,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import Base


def referring(table: str) -> Iterator[Column[int]]:
    """The columns of all tables that refer to `table.id`."""
    for each in Base.metadata.sorted_tables:
        for column in each.columns:
            if any(key.column.table.name == table and key.column.name == "id" for key in column.foreign_keys):
                yield column


async def stand_in(session: AsyncSession, table: str, gone: int, kept: int) -> None:
    """Whatever names the row `gone` names the row `kept` from now on. Where only one may (a unique key) and both are
    there already, that of `kept` stays: what is to be made of both is made before. Objects of these rows that the
    session holds are to be read again."""
    for column in referring(table):
        for together in _unique_with(column):
            await _part(session, column, together, gone, kept)
        await session.execute(
            update(column.table)
            .where(column == gone)
            .values({column.name: kept})
            .execution_options(synchronize_session=False)
        )


def _unique_with(column: Column[int]) -> Iterator[list[Column[object]]]:
    """For each unique key that the column is part of, its other columns."""
    keys = [
        list(key.columns)
        for key in column.table.constraints
        if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)
    ]
    keys += [list(index.columns) for index in column.table.indexes if index.unique]
    if column.unique:
        keys.append([column])
    for columns in keys:
        if any(each is column for each in columns):
            yield [each for each in columns if each is not column]


async def _part(
    session: AsyncSession, column: Column[int], together: list[Column[object]], gone: int, kept: int
) -> None:
    other = column.table.alias("other")
    same: list[ColumnElement[bool]] = [other.c[each.name] == each for each in together]
    there = exists(select(1).select_from(other).where(and_(other.c[column.name] == kept, *same)))
    await session.execute(
        delete(column.table).where(column == gone, there).execution_options(synchronize_session=False)
    )
