"""The migrations and the models describe the same database."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.core.database import Base
from server.migrations import blocking_engine, upgrade
from server.migrations.tables import MODULES, in_models


def test_models_equal_migrations(database_url: str) -> None:
    assert MODULES
    engine = blocking_engine(database_url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": in_models})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    upgrade(database_url)
    upgrade(database_url)
