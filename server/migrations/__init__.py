"""The database's schema, version by version. `nhipcau migrate` brings a database up to date, beside servers that run;
`nhipcau serve` makes an empty one ready, and starts on no other than its own version.

A new version: change the models, then `alembic revision --autogenerate -m "what it adds"`, and read what it wrote.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

from server.core.errors import DomainError

_LOCK = 0x6E68646D
""""nhdm": PostgreSQL's advisory lock of who brings the schema up to date."""


_CONNECT_SECONDS = 10


def upgrade(url: str, to: str = "head") -> None:
    """Brings the database at this URL (as in `Settings.database`) to the newest version, or to another. Blocks: call it
    before the event loop starts, or in a thread."""
    engine = blocking_engine(url)
    try:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent))
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                # Two servers that start together take turns; SQLite's writer's lock says the same.
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            _require_known(connection, ScriptDirectory.from_config(config))
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    finally:
        engine.dispose()


class OldSchema(DomainError):
    code = "old-schema"
    vi = "Cơ sở dữ liệu chưa đúng phiên bản này. Chạy “nhipcau migrate” rồi thử lại."
    en = "The database is not of this version. Run “nhipcau migrate” and try again."


class NewerSchema(DomainError):
    code = "newer-schema"
    vi = (
        "Cơ sở dữ liệu này của phiên bản Nhịp Cầu mới hơn chương trình đang chạy. Cài lại phiên bản mới; muốn quay về "
        "bản cũ thì khôi phục bản sao lưu đã lấy trước khi nâng cấp."
    )
    en = (
        "This database is of a newer Nhịp Cầu than this program. Install the newer version again; to go back to an old "
        "one, restore the backup from before the upgrade."
    )


def _require_known(connection: Connection, scripts: ScriptDirectory) -> str | None:
    """The database's version. NewerSchema if this program has never heard of it."""
    here = MigrationContext.configure(connection).get_current_revision()
    if here is not None and here not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerSchema()
    return here


def require_known(revision: str) -> None:
    """NewerSchema if this program has never heard of it."""
    scripts = ScriptDirectory(str(Path(__file__).parent))
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerSchema()


def require_newest(url: str) -> None:
    """For commands that only look: OldSchema or NewerSchema unless the database is of this version. Writes nothing."""
    engine = blocking_engine(url)
    try:
        scripts = ScriptDirectory(str(Path(__file__).parent))
        with engine.connect() as connection:
            if _require_known(connection, scripts) != scripts.get_current_head():
                raise OldSchema()
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Nothing has ever been made in this database."""
    engine = blocking_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() is None
    finally:
        engine.dispose()


def blocking_engine(url: str) -> Engine:
    """An engine without asyncio on the same database. On SQLite a whole migration is one transaction."""
    # A machine that is not there is waited for as long as TCP does, minutes, unless told otherwise.
    arguments = {"connect_timeout": _CONNECT_SECONDS} if url.startswith("postgresql") else {}
    engine = create_engine(url.replace("+aiosqlite", ""), connect_args=arguments)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _configure(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.isolation_level = None
            # Batch mode copies tables, which must not fire ON DELETE; WAL is a property of the file.
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA journal_mode=WAL")

        @event.listens_for(engine, "begin")
        def _begin(connection) -> None:  # type: ignore[no-untyped-def]
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
