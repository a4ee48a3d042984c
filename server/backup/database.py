"""The database out of a running system, and into an empty one. Nobody who writes waits for it: SQLite gives its file as
it is at one moment to whoever reads it (WAL), PostgreSQL its rows in one snapshot."""

import gzip
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from server.backup.contents import SQLITE_PART, Manifest, Table, part_of
from server.backup.errors import Damaged
from server.backup.sealing import PIECE, zip_into, zipped

_PATIENCE = "10s"
"""PostgreSQL: for a table that a migration has locked."""
_EVERYTHING = 1 << 256


Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]


@dataclass
class Dump:
    revision: str
    tables: dict[str, Table] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)


Add = Callable[[str, Path], None]
"""Takes a part's name and its gzipped file, which may be gone afterwards."""


class _Digest:
    """Of rows in any order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: bytes) -> None:
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(row).digest(), "big")) % _EVERYTHING

    def table(self, columns: list[str] | None = None) -> Table:
        return Table(rows=self.rows, digest=f"{self._sum:064x}", columns=columns or [])


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def sqlite_file(url: str) -> Path:
    return Path(make_url(url).database or "")


def dump(url: str, work: Path, add: Add) -> Dump:
    """Blocks, for as long as the database is large."""
    return _dump_sqlite(sqlite_file(url), work, add) if is_sqlite(url) else _dump_postgresql(url, work, add)


# SQLite


def _dump_sqlite(file: Path, work: Path, add: Add) -> Dump:
    copy = work / "database"
    copy.unlink(missing_ok=True)
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)  # in one step: a single read transaction, which no writer waits for
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        source.close()
    done = Dump(revision=sqlite_revision(copy), tables=sqlite_tables(copy))
    packed = work / "part"
    zip_into(copy, packed)
    copy.unlink()
    add(SQLITE_PART, packed)
    return done


def alone(file: Path) -> bool:
    """Nobody else has this database open. Leaving WAL takes it for oneself (https://sqlite.org/wal.html)."""
    if not file.exists():
        return True
    connection = sqlite3.connect(file, timeout=0.5)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    else:
        return True
    finally:
        connection.close()


def sqlite_revision(file: Path) -> str:
    connection = sqlite3.connect(file)
    try:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    finally:
        connection.close()


def sqlite_tables(file: Path) -> dict[str, Table]:
    """Every table's rows. Damaged if the file is."""
    connection = sqlite3.connect(file)
    try:
        if (said := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            raise Damaged.at(f"SQLite: {said}")
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        )
        return {name: _sqlite_digest(connection, name) for (name,) in sorted(names.fetchall())}
    except sqlite3.DatabaseError as error:
        raise Damaged.at(f"SQLite: {error}") from None
    finally:
        connection.close()


def _sqlite_digest(connection: sqlite3.Connection, name: str) -> Table:
    digest = _Digest()
    for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608  from its own list of tables
        digest.add(repr(row).encode())
    return digest.table()


def unpack(packed: Path, target: Path) -> None:
    """A part that is opened already. Damaged if it cannot be."""
    try:
        with gzip.open(packed, "rb") as zip, target.open("wb") as file:
            while piece := zip.read(PIECE):
                file.write(piece)
    except (gzip.BadGzipFile, EOFError):
        raise Damaged.at(packed.name) from None


# PostgreSQL


def connect(url: str) -> Connection:
    connection = psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), connect_timeout=10
    )
    for setting, value in (("TimeZone", "UTC"), ("DateStyle", "ISO"), ("lock_timeout", _PATIENCE)):
        connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
    connection.commit()
    return connection


def _dump_postgresql(url: str, work: Path, add: Add) -> Dump:
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        revision = _one(connection, "SELECT version_num FROM alembic_version")
        done = Dump(revision=str(revision))
        for name in tables_of(connection):
            packed = work / "part"
            with zipped(packed) as zip:
                columns = _columns(connection, name)
                digest = _Digest()
                for row in _rows(connection, name, columns):
                    digest.add(row)
                    zip.write(row)
            done.tables[name] = digest.table(columns)
            add(part_of(name), packed)
        # After the rows: sequences are in no snapshot, and must be no lower than what was given.
        found = connection.execute(
            "SELECT sequencename, last_value FROM pg_sequences "
            "WHERE schemaname = current_schema() AND last_value IS NOT NULL"
        )
        done.sequences = {str(name): int(str(value)) for name, value in found}
    return done


def postgresql_tables(url: str) -> dict[str, Table]:
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return {name: _postgresql_digest(connection, name) for name in tables_of(connection)}


def _postgresql_digest(connection: Connection, name: str) -> Table:
    columns, digest = _columns(connection, name), _Digest()
    for row in _rows(connection, name, columns):
        digest.add(row)
    return digest.table(columns)


def tables_of(connection: Connection) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
    return [str(name) for (name,) in found]


def _columns(connection: Connection, name: str) -> list[str]:
    """Those that are stored and not made from others."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        (name,),
    )
    return [str(column) for (column,) in found]


def _rows(connection: Connection, name: str, columns: list[str]) -> Iterator[bytes]:
    """Each a line of COPY's text format, in which no line break stands for itself."""
    rest = b""
    out = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(name), _listed(columns))
    with connection.cursor() as cursor, cursor.copy(out) as copying:
        for piece in copying:
            *lines, rest = (rest + bytes(piece)).split(b"\n")
            for line in lines:
                yield line + b"\n"
    if rest:
        raise Damaged.at(name)


def load_postgresql(url: str, manifest: Manifest, opened: Iterable[tuple[str, Path]]) -> None:
    """Into tables that are there and hold nothing that counts; all or nothing. `opened`: each table's gzipped part.
    Damaged if what came out is not what went in."""
    with connect(url) as connection:
        links = connection.execute(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        ).fetchall()
        for table, name, _ in links:
            _run(connection, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        names = sql.SQL(", ").join(map(sql.Identifier, tables_of(connection)))
        connection.execute(sql.SQL("TRUNCATE {}").format(names))
        for name, packed in opened:
            _load(connection, name, manifest.tables[name].columns, packed)
        for table, name, definition in links:
            _run(connection, f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for sequence, value in manifest.sequences.items():
            connection.execute("SELECT setval(quote_ident(%s)::regclass, %s)", (sequence, value))
        for name, table in manifest.tables.items():
            if _postgresql_digest(connection, name) != table:
                raise Damaged.at(name)


def _load(connection: Connection, name: str, columns: list[str], packed: Path) -> None:
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), _listed(columns))
    try:
        with gzip.open(packed, "rb") as zip, connection.cursor() as cursor, cursor.copy(into) as copying:
            while piece := zip.read(PIECE):
                copying.write(piece)
    except (gzip.BadGzipFile, EOFError, psycopg.DataError):
        raise Damaged.at(name) from None


def drop_tables(url: str) -> None:
    """Of a database without units: what the program made there."""
    with connect(url) as connection:
        names = tables_of(connection)
        if "alembic_version" in names:
            every = sql.SQL(", ").join(map(sql.Identifier, names))
            connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(every))


def _listed(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _one(connection: Connection, statement: str) -> object:
    row = _run(connection, statement).fetchone()
    return row[0] if row else None


def _run(connection: Connection, statement: str) -> psycopg.Cursor[tuple[object, ...]]:
    """Put together from what the database itself says, quoted by it."""
    return connection.execute(statement.encode())


def units_in(url: str) -> int | None:
    """None: there are no tables yet."""
    if is_sqlite(url):
        file = sqlite_file(url)
        if not file.exists():
            return None
        opened = sqlite3.connect(file)
        try:
            return int(opened.execute("SELECT count(*) FROM units").fetchone()[0])
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
        finally:
            opened.close()
    with connect(url) as connection:
        if "units" not in tables_of(connection):
            return None
        return int(str(_one(connection, "SELECT count(*) FROM units")))
