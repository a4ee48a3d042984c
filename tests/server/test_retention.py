from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from server import retention
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.live import log
from server.live.models import MeetingEvent
from server.meetings.models import Meeting
from server.notifications.models import Notice, TextMessage
from tests import builders
from tests.builders import Province
from tests.conftest import Clock


async def test_the_law_sets_the_shortest_time() -> None:
    with pytest.raises(ValidationError, match="keep_sessions_days"):
        Settings(keep_sessions_days=30)


async def test_what_is_kept_for_how_long_is_said(
    services: Services, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.settings, "keep_messages_days", 100)
    async with services.transactions(SYSTEM) as tx:
        for days in (99, 101):
            tx.session.add(
                TextMessage(
                    person_id=province.chair.id,
                    kind="x",
                    parts=1,
                    to_number="0901",
                    to_name="X",
                    text="x",
                    state="sent",
                    created_at=tx.now - timedelta(days=days),
                )
            )
    await retention.tidy(services)
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(TextMessage)) == 1
        [entry] = await session.scalars(select(AuditEntry).where(AuditEntry.action == "system.tidied"))
        assert entry.facts == {"deleted": "sms: 1"}


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
