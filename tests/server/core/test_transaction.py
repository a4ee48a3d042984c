import asyncio

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.services import Services
from server.core.transaction import Transaction
from server.organisations.models import Unit
from tests import builders
from tests.conftest import Browsers


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


async def test_of_two_that_wait_for_each_other_the_one_given_up_is_done_again(services: Services) -> None:
    """On PostgreSQL the database ends one of them (40P01); on SQLite they take turns anyway."""
    async with services.transactions(SYSTEM) as tx:
        rows = [(await builders.unit(tx.session, name)).id for name in ("A", "B")]
    tries: list[int] = []
    both_hold_one = asyncio.Barrier(2)
    told: list[int] = []

    async def rename(first: int, second: int) -> None:
        async def work(tx: Transaction) -> None:
            tries.append(first)
            tx.after_commit(lambda: told.append(first))
            for each in (first, second):
                unit = await tx.session.get_one(Unit, each, with_for_update=True)
                unit.name += "!"
                await tx.session.flush()
                if each == first and tries.count(first) == 1 and not services.database.is_sqlite:
                    await both_hold_one.wait()

        await services.transactions.run(SYSTEM, work)

    async with asyncio.timeout(30):
        await asyncio.gather(rename(*rows), rename(*reversed(rows)))
    async with services.database.read() as session:
        assert sorted(await session.scalars(select(Unit.name))) == ["A!!", "B!!"]
    assert sorted(told) == sorted(rows)
    assert len(tries) == (2 if services.database.is_sqlite else 3)


async def test_a_route_is_carried_out_again_where_the_database_gave_it_up(
    browser: Browsers, services: Services, province: builders.Province
) -> None:
    """Its transaction waits for a row that another holds, which then asks for one of its own."""
    if services.database.is_sqlite:
        pytest.skip("SQLite has one writer")
    client = await browser(province.admin)
    address = f"/api/units/{province.lat.id}"
    async with services.transactions(SYSTEM) as tx:
        await tx.session.get_one(Unit, province.lat.id, with_for_update=True)
        asked = asyncio.create_task(client.patch(address, json={"name": "Xã Lát mới"}))
        await asyncio.sleep(0.5)  # it holds the tree's root by now, and waits for this unit
        # Whoever waits second is ended; so that it is the route, this one is patient.
        await tx.session.execute(text("SET LOCAL deadlock_timeout = '20s'"))
        await tx.session.get_one(Unit, province.root.id, with_for_update=True, populate_existing=True)
    answer = await asked
    assert (answer.status_code, answer.json().get("name")) == (200, "Xã Lát mới")
