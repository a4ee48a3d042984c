import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.services import Services
from server.organisations.models import Unit
from tests import builders


async def test_callbacks_run_after_the_commit_only(services: Services) -> None:
    told: list[str] = []
    async with services.transactions(SYSTEM) as tx:
        tx.after_commit(lambda: told.append("first"))
        tx.after_commit(lambda: told.append("second"))
        await builders.unit(tx.session, "A")
        assert told == []
    assert told == ["first", "second"]

    async def fail() -> None:
        async with services.transactions(SYSTEM) as tx:
            tx.after_commit(lambda: told.append("never"))
            await builders.unit(tx.session, "B")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert told == ["first", "second"]
    async with services.database.read() as session:
        assert (await session.scalars(select(Unit.name))).all() == ["A"]


async def test_who_waits_to_write_goes_on_before_others_are_told(services: Services) -> None:
    """And what is told keeps the order of the commits."""
    told: list[int] = []
    free: list[bool] = []
    lock = services.transactions._one_writer

    async def write(number: int) -> None:
        async with services.transactions(SYSTEM) as tx:
            seq = await log_number(tx.session)
            tx.after_commit(lambda: told.append(seq))
            tx.after_commit(lambda: free.append(lock is None or not lock.locked()))

    async def log_number(session: AsyncSession) -> int:
        await builders.unit(session, "Đơn vị")
        return await session.scalar(select(func.count(Unit.id))) or 0

    if lock is None:
        pytest.skip("PostgreSQL has no lock of the process")
    await asyncio.gather(*(write(number) for number in range(12)))
    assert told == list(range(1, 13))
    assert all(free)


async def test_a_cancelled_writer_leaves_nothing_and_frees_the_lock(services: Services) -> None:
    entered = asyncio.Event()

    async def write() -> None:
        async with services.transactions(SYSTEM) as tx:
            await builders.unit(tx.session, "A")
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with services.transactions(SYSTEM) as tx:
        assert await tx.session.scalar(select(func.count(Unit.id))) == 0
        assert await tx.session.scalar(select(func.count(AuditEntry.id))) == 0


async def test_many_writers_and_readers_at_once(services: Services) -> None:
    async def write(number: int) -> None:
        async with services.transactions(SYSTEM) as tx:
            await builders.unit(tx.session, f"Đơn vị {number}")

    async def read() -> None:
        async with services.database.read() as session:
            await session.scalar(select(func.count(Unit.id)))

    await asyncio.gather(*(write(number) for number in range(30)), *(read() for _ in range(60)))
    async with services.database.read() as session:
        assert await session.scalar(select(func.count(Unit.id))) == 30
