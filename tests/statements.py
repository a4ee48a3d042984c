"""Which SQL statements something costs: the same number for two and for two hundred."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from server.core.services import Services


@contextmanager
def counted(services: Services) -> Iterator[list[str]]:
    """The statements sent meanwhile by the connections of these services. Many rows in one call are one of them."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = services.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
