"""A filled database of every earlier schema comes through each step up with everything that was in it, and what an
older server writes fits into the newest schema while both run."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

import server.migrations
from server.core.config import Settings
from server.migrations import OldSchema, blocking_engine, upgrade
from server.migrations.tables import MODULES
from server.serving import prepare_to_serve

ROWS = 3
EXPANDS_SINCE = "0041"
"""From here on a step only adds (`expand`): the server before it goes on writing. What nobody needs any more is taken
away (`contract`) a version later, by a step that is named below with its reason."""
CONTRACTS = {"0043": "raised hands became the speaking queue, before any version was out"}

GIVEN: dict[str, dict[str, Any]] = {"access_policies": {"item_id": None}}
"""By table: what a rule of the table asks for."""

REWRITTEN: dict[str, set[str]] = {}
"""What a step means to change in rows that are there: "table.column"."""
GONE: dict[str, set[str]] = {
    "0012": {"library_states.workshop"},
    "0043": {"point_presences.hand_at", "point_presences.hand_topic"},
}
"""What a step means to take away (or renames): "table" or "table.column"."""


def steps() -> list[str]:
    assert MODULES
    scripts = ScriptDirectory(str(next(iter(server.migrations.__path__))))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def own_tables(connection: Connection) -> dict[str, sa.Table]:
    """As they are in the database, referred ones first; without those that SQLite keeps for its search."""
    metadata = sa.MetaData()
    hidden: set[str] = set()
    if connection.dialect.name == "sqlite":
        virtual = sa.text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'")
        hidden = set(connection.scalars(virtual))
    everything = sa.inspect(connection).get_table_names()
    wanted = [
        name
        for name in everything
        if name != "alembic_version" and not any(name == each or name.startswith(f"{each}_") for each in hidden)
    ]
    metadata.reflect(connection, only=wanted)
    return {table.name: table for table in metadata.sorted_tables}


def value(column: sa.Column[Any], number: int, keys: dict[str, list[Any]]) -> Any:  # noqa: PLR0911
    """Something that the column takes, another for each number."""
    for foreign in column.foreign_keys:
        of = keys.get(foreign.column.table.name, [])
        return of[(number - 1) % len(of)] if of else None
    kind = column.type
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 1, number, 8, tzinfo=UTC).replace(tzinfo=UTC if kind.timezone else None)
    if isinstance(kind, sa.Date):
        return date(2026, 1, number)
    if isinstance(kind, sa.Time):
        return time(8, number)
    if isinstance(kind, sa.LargeBinary):
        return f"{column.name} {number}".encode()
    if isinstance(kind, sa.Numeric | sa.Float | sa.Integer):
        return number
    return f"{column.name}{number}"[: getattr(kind, "length", None) or 40]


def fill(connection: Connection, tables: dict[str, sa.Table], new: set[str]) -> None:
    keys: dict[str, list[Any]] = {}
    for name, table in tables.items():
        key = next(iter(table.primary_key.columns))
        keys[name] = list(connection.scalars(sa.select(key).order_by(key)))
        if name not in new or keys[name]:  # some steps bring rows of their own
            continue
        for number in range(1, ROWS + 1):
            row = {
                column.name: value(column, number, keys)
                for column in table.columns
                if column.computed is None and not is_counted(table, column)
            }
            connection.execute(table.insert().values(row | GIVEN.get(name, {})))
        keys[name] = list(connection.scalars(sa.select(key).order_by(key)))


def is_counted(table: sa.Table, column: sa.Column[Any]) -> bool:
    """The database gives its number."""
    return (
        [column] == list(table.primary_key.columns) and isinstance(column.type, sa.Integer) and not column.foreign_keys
    )


def content(connection: Connection, tables: dict[str, sa.Table]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [dict(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns)).mappings()]
        for name, table in tables.items()
    }


@pytest.fixture
def bare_url(database_url: str) -> str:
    """A database without any table."""
    if database_url.startswith("sqlite"):
        return database_url.replace("test.db", "bare.db")
    engine = blocking_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return database_url


def test_every_step_up_keeps_what_was_there(bare_url: str) -> None:
    engine = blocking_engine(bare_url)
    tables: dict[str, sa.Table] = {}
    before: dict[str, list[dict[str, Any]]] = {}
    gone: dict[str, set[str]] = {}
    rewritten: dict[str, set[str]] = {}
    for step in steps():
        upgrade(bare_url, to=step)
        with engine.begin() as connection:
            tables = own_tables(connection)
            after = content(connection, {name: tables[name] for name in before if name in tables})
            for name, rows in before.items():
                if name not in after:
                    gone.setdefault(step, set()).add(name)
                    continue
                assert len(after[name]) == len(rows), (step, name)
                for was, now in zip(rows, after[name], strict=True):
                    for column in was:
                        if column not in now:
                            gone.setdefault(step, set()).add(f"{name}.{column}")
                        elif was[column] != now[column]:
                            rewritten.setdefault(step, set()).add(f"{name}.{column}")
            fill(connection, tables, tables.keys() - before.keys())
            before = content(connection, tables)
            assert all(before.values()), step
    engine.dispose()
    assert gone == GONE
    assert rewritten == REWRITTEN


def test_an_older_server_goes_on_writing(bare_url: str) -> None:
    """`nhipcau migrate` comes first, then one server after the other is started anew: until then the older ones write
    rows as they know them into tables that have grown."""
    upgrade(bare_url, to=EXPANDS_SINCE)
    engine = blocking_engine(bare_url)
    with engine.begin() as connection:
        known = own_tables(connection)
    for step in steps()[steps().index(EXPANDS_SINCE) + 1 :]:
        upgrade(bare_url, to=step)
        with engine.begin() as connection:
            now = own_tables(connection)
            # The columns that the older server names, in the order in which tables refer to each other.
            if step not in CONTRACTS:
                with connection.begin_nested() as tried:
                    fill(connection, known, set(known))
                    tried.rollback()
        known = now
    engine.dispose()


def test_a_server_starts_on_no_older_database(bare_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var=tmp_path / "var", database_url=bare_url)  # type: ignore[call-arg]
    newest = steps()[-1]
    prepare_to_serve(settings)  # an empty one is made ready
    prepare_to_serve(settings)
    engine = blocking_engine(bare_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{steps()[-2]}'"))  # noqa: S608
    with pytest.raises(OldSchema):
        prepare_to_serve(settings)
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) != newest, "left as it was"
    engine.dispose()
