"""Rows that may or may not be there already, written in one statement, on SQLite and PostgreSQL alike."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import Base

Merge = Callable[[Any, Any], ColumnElement[Any]]
"""(the stored row's columns, the new one's) -> what is stored from now on."""


async def insert_missing(session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Leaves alone what is there, whichever uniqueness says so."""
    if rows:
        await session.execute(_missing(model, _dialect(session)), rows)


async def count_up(session: AsyncSession, model: type[Base], key: Mapping[str, Any], **by: int) -> tuple[int, ...]:
    """Adds to the counters of the row with this primary key, which is made if it is not there. Returns the counters,
    in the order of `by`. The row stays locked until the commit: what is counted is committed in order."""
    statement = _counting(model, _dialect(session), tuple(by))
    return tuple((await session.execute(statement, {**key, **by})).one())


async def put_rows(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]], **merged: Merge
) -> None:
    """Every row, all with the same columns, in the place of the one with its primary key. `merged`: columns whose new
    value depends on the stored one; functions of a module, for the statement is made once."""
    if rows:
        statement = _putting(model, _dialect(session), tuple(rows[0]), tuple(merged.items()))
        await session.execute(statement, rows)


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


def _insert(model: type[Base], dialect: str) -> tuple[Any, Table, list[str]]:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  models are tables here
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table), table, [column.name for column in table.primary_key]


@cache
def _missing(model: type[Base], dialect: str) -> Any:
    return _insert(model, dialect)[0].on_conflict_do_nothing()


@cache
def _counting(model: type[Base], dialect: str, counters: tuple[str, ...]) -> Any:
    insert, table, key = _insert(model, dialect)
    fresh = insert.values({name: bindparam(name) for name in (*key, *counters)})
    grown = {name: table.c[name] + fresh.excluded[name] for name in counters}
    return fresh.on_conflict_do_update(index_elements=key, set_=grown).returning(*(table.c[name] for name in counters))


@cache
def _putting(model: type[Base], dialect: str, columns: tuple[str, ...], merged: tuple[tuple[str, Merge], ...]) -> Any:
    insert, table, key = _insert(model, dialect)
    fresh = insert.values({name: bindparam(name) for name in columns})
    stored = {name: fresh.excluded[name] for name in columns if name not in key}
    stored |= {name: merge(table.c, fresh.excluded) for name, merge in merged}
    return fresh.on_conflict_do_update(index_elements=key, set_=stored)
