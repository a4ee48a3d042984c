from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.clock import utc_now
from server.core.services import Services
from server.jobs.actions import enqueue
from server.jobs.models import Job


async def test_a_job_is_due_by_the_databases_clock(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which workers of all machines go by: one asked for on a machine whose clock is an hour behind is not due an hour
    early, nor late on one that is ahead."""
    monkeypatch.setattr("server.core.database.utc_now", lambda: utc_now() - timedelta(hours=1))
    async with services.transactions(SYSTEM) as tx:
        now = tx.now
        await enqueue(tx, "first", {})
        await enqueue(tx, "second", {}, delay=timedelta(minutes=5))
    async with services.database.read() as session:
        due = {job.kind: job.run_at - now for job in await session.scalars(select(Job))}
    ahead = timedelta(0) if services.database.is_sqlite else timedelta(hours=1)
    assert abs(due["first"] - ahead) < timedelta(seconds=30)
    assert abs(due["second"] - ahead - timedelta(minutes=5)) < timedelta(seconds=30)
