import asyncio
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import select, text

from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.errors import DomainError
from server.core.services import Services
from server.meetings.models import Meeting
from server.migrations import OldSchema, require_newest, upgrade
from server.wiring import components
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers


async def test_work_beside_runs_in_another_thread_and_sees_what_was_committed(
    services: Services, province: Province
) -> None:
    async def work(session: sa.ext.asyncio.AsyncSession) -> tuple[int, int]:
        await session.execute(text("SELECT 1"))
        return threading.get_ident(), len(list(await session.scalars(select(Meeting))))

    async with services.transactions(SYSTEM) as tx:
        await builders.meeting(tx.session, province.root, [province.main])
        assert (await services.database.beside(work))[1] == 0
    threads = await asyncio.gather(*(services.database.beside(work) for _ in range(6)))
    assert threading.get_ident() not in {thread for thread, _ in threads}
    assert {count for _, count in threads} == {1}

    async def fails(_session: sa.ext.asyncio.AsyncSession) -> None:
        raise DomainError("vi", "en")

    with pytest.raises(DomainError):
        await services.database.beside(fails)


async def test_two_who_make_the_same_at_once_are_one_conflict(browser: Browsers, province: Province) -> None:
    """Both find the login free; the database lets one of them in, and the other is told so."""
    admin = await browser(province.admin)
    person = {
        "unit_id": province.root.id,
        "full_name": "Trùng Tên",
        "login": "trungten",
        "password": "mot-hai-ba-bon-12",
    }
    answers = await asyncio.gather(*(admin.post("/api/people", json=person) for _ in range(4)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 201, answers[0].text
    assert codes[1:] == [409] * 3 or set(codes[1:]) <= {409, 422}


def test_looking_at_an_old_database_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'x.db'}"
    with pytest.raises(OldSchema):
        require_newest(url)
    upgrade(url)
    require_newest(url)
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    with pytest.raises(OldSchema):
        require_newest(url)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0004"
        triggers = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    # A batch alter of paper_pages copies the table and would leave the search index without them.
    assert {"paper_search_added", "paper_search_removed", "paper_search_changed"} <= triggers


async def test_many_statements_in_a_row_let_others_have_their_turn(services: Services, province: Province) -> None:
    """On SQLite none of them waits for anything: without a turn in between they are one long one."""
    turns = 0
    over = False

    async def others() -> None:
        nonlocal turns
        while not over:
            turns += 1
            await asyncio.sleep(0)

    going = asyncio.create_task(others())
    await asyncio.sleep(0)
    async with services.database.read() as session:
        await session.scalar(select(Meeting.id))
        before, began = turns, time.thread_time()
        for _ in range(300):
            await session.scalar(select(Meeting.id))
        taken, had = time.thread_time() - began, turns - before
    over = True
    await going
    # One every three milliseconds.
    assert had > taken / 0.003 / 3, f"{had} turns in {taken:.3f} s"


async def test_the_pool_is_as_large_as_configured(settings: Settings) -> None:
    """And half as much again in a rush; whoever comes after waits, and is served."""
    services = Services.start(settings.model_copy(update={"database_pool": 2}), components())
    held = open_now = most = 0
    enough = asyncio.Event()

    async def read() -> None:
        nonlocal held, open_now, most
        async with services.database.read() as session:
            await session.execute(text("SELECT 1"))
            open_now += 1
            most = max(most, open_now)
            if open_now == 3:
                enough.set()
            await enough.wait()
            await asyncio.sleep(0.02)
            open_now -= 1
            held += 1

    try:
        async with asyncio.timeout(20):
            await asyncio.gather(*(read() for _ in range(8)))
    finally:
        await services.stop()
    assert (most, held) == (3, 8)
