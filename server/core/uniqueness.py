"""What may be there once only, and what is said to whoever makes it a second time.

The action looks first, and says so at the field. Between its look and its commit another may make the same; the
database refuses the second, and names its constraint (PostgreSQL) or its columns (SQLite). The words stand beside the
model, at the constraint itself, so that both say the same.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Constraint, Index, MetaData, Table, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.core.errors import DomainError

_REFUSAL = "refusal"
_SQLITE = re.compile(r"UNIQUE constraint failed: (?P<columns>\w+\.\w+(?:, \w+\.\w+)*)")


def said_as(refusal: Callable[[], DomainError]) -> dict[str, Any]:
    """For `info` of a UniqueConstraint, of a unique Index, or of a column with `unique=True`."""
    return {_REFUSAL: refusal}


def refusal_of_second(metadata: MetaData, error: DBAPIError) -> DomainError | None:
    """What the models say of this violation; None if it is another fault, or nothing is said of it."""
    if not isinstance(error, IntegrityError):
        return None
    found = _violated(metadata, error.orig)
    if found is None:
        return None
    table, columns = found
    places = [each.info for each in (*table.constraints, *table.indexes) if _unique_over(each) == columns]
    places += [table.c[name].info for name in columns if len(columns) == 1]
    refusal = next((info[_REFUSAL] for info in places if _REFUSAL in info), None)
    return refusal() if refusal is not None else None


def _violated(metadata: MetaData, orig: Any) -> tuple[Table, set[str]] | None:
    if (match := _SQLITE.search(str(orig))) is not None:
        pairs = [each.split(".") for each in match["columns"].split(", ")]
        table = metadata.tables.get(pairs[0][0])
        return None if table is None else (table, {column for _, column in pairs})
    said = getattr(orig, "diag", None)
    if said is None or getattr(orig, "sqlstate", None) != "23505":  # unique_violation
        return None
    table = metadata.tables.get(said.table_name)
    if table is None:
        return None
    places: tuple[Constraint | Index, ...] = (*table.constraints, *table.indexes)
    of_it = (_unique_over(each) for each in places if each.name == said.constraint_name)
    return next(((table, columns) for columns in of_it if columns is not None), None)


def _unique_over(place: Any) -> set[str] | None:
    if isinstance(place, UniqueConstraint) or (isinstance(place, Index) and place.unique):
        return {column.name for column in place.columns}
    return None
