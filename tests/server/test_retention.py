from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server import retention
from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.live import log
from server.live.models import MeetingEvent
from server.meetings.models import Meeting
from server.notifications.models import Notice
from tests import builders
from tests.builders import Province
from tests.conftest import Clock


async def test_what_is_old_goes_in_parts_and_what_is_not_stays(
    services: Services, province: Province, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    over = await builders.conference(services, province, "ended")
    runs = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        for meeting in (over, runs):
            for _ in range(8):
                await log.append(tx, meeting.id, "counted", [])
        for days in (1, 500, 600, 700, 800):
            tx.session.add(
                Notice(
                    person_id=province.chair.id,
                    meeting_id=None,
                    kind="x",
                    data={},
                    path="/",
                    created_at=tx.now - timedelta(days=days),
                )
            )
        ended = await tx.session.get_one(Meeting, over.id)
        ended.ended_at = tx.now - timedelta(days=401)
    async with retention.daily(services):
        pass
    clock.now = services.clock() + timedelta(minutes=11)
    assert await Workers(services, [retention.retention_job]).run_due() == 1
    async with services.database.read() as session:
        left = dict(
            (
                await session.execute(select(MeetingEvent.meeting_id, func.count()).group_by(MeetingEvent.meeting_id))
            ).all()
        )
        assert left.get(over.id) is None
        assert left[runs.id] >= 8
        assert await session.scalar(select(func.count()).select_from(Notice)) == 1
        assert await log.last_number(session, over.id) >= 8  # numbers go on, whatever was deleted
        [again] = await session.scalars(select(Job).where(Job.kind == retention.KIND))
        assert again.run_at > clock.now + timedelta(hours=23)
