"""Ids for rows that refer to each other, known before any of them is written."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.database import Base


async def reserved_ids(session: AsyncSession, model: type[Base], count: int, above: int = 0) -> list[int]:
    """So many that nobody else gets; in a write transaction. `above`: of which, on SQLite, none is taken: it gives the
    ids of rows that were deleted out again."""
    if count <= 0:
        return []
    key = model.__table__.c.id
    if session.get_bind().dialect.name == "sqlite":
        # The writer's lock is held: nobody inserts meanwhile.
        last = max(await session.scalar(select(func.max(key))) or 0, above)
        return list(range(last + 1, last + 1 + count))
    sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
    numbers = func.generate_series(1, count).table_valued("number")
    return list(await session.scalars(select(func.nextval(sequence)).select_from(numbers)))
