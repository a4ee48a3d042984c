"""Run by alembic: from `server.migrations.upgrade` with a connection, or from its command line with the settings'."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.engine import Connection

from server.core.config import Settings
from server.core.database import Base, UtcDateTime
from server.migrations import blocking_engine
from server.migrations.tables import MODULES, in_models

assert MODULES  # noqa: S101  importing them filled the metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        # SQLite cannot alter a column: alembic copies the table.
        render_as_batch=True,
        compare_type=True,
        include_object=in_models,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    engine = blocking_engine(Settings().database)
    with engine.begin() as own:
        migrate(own)
    engine.dispose()
