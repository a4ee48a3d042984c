"""Ways back: of the stage from a lost hall to the main point, of the meeting from a rehearsal to testing."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.core.config import Settings
from server.core.services import Services
from tests import builders
from tests.conftest import Clock
from tests.server.conftest import Join


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.lost_after_seconds = 0.6
    return settings


async def test_the_stage_leaves_a_lost_hall_by_itself_unless_told_to_wait(
    services: Services, province: builders.Province, join: Join, clock: Clock
) -> None:
    meeting = await builders.conference(services, province, "open")
    chair = await join(meeting.id, province.chair, "console")
    await join(meeting.id, province.main)
    await chair.command("meeting.start")
    lat = province.lat_hall.id

    async def called_and_lost() -> None:
        hall = await join(meeting.id, province.lat_hall)
        await chair.until(lambda: chair.point(lat)["presence"] == "ready")
        assert chair.stage["returns_at"] is None
        await chair.command("floor.give", point_id=lat)
        hall.cut()
        await chair.until(lambda: chair.point(lat)["presence"] == "lost")
        returns_at = datetime.fromisoformat(chair.stage["returns_at"])
        assert returns_at == clock.now + timedelta(seconds=services.settings.return_after_seconds)

    await called_and_lost()
    clock.pass_(seconds=29)
    await asyncio.sleep(1)
    assert chair.stage["stage"]["point_id"] == lat
    clock.pass_(seconds=2)
    await chair.until(lambda: chair.stage["stage"]["point_id"] == province.main.id)
    assert chair.floor() == [province.main.id]
    assert chair.stage["returns_at"] is None
    assert chair.events[-1]["kind"] == "stage.returned"

    await called_and_lost()
    await chair.command("stage.stay")
    assert chair.stage["returns_at"] is None
    clock.pass_(seconds=60)
    await asyncio.sleep(1)
    assert chair.stage["stage"]["point_id"] == lat
    async with services.database.read() as session:
        actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))).all()
    assert [action for action in actions if action.startswith("stage.")] == ["stage.returned", "stage.stays"]


async def test_a_rehearsal_ends_in_testing_and_uses_nothing_up(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "open")
    chair = await join(meeting.id, province.chair, "console")
    hall = await join(meeting.id, province.lat_hall)
    await chair.command("meeting.start")
    await chair.command("agenda.go", item_id=next(iter(chair.state["agenda"].values()))["id"])
    await chair.command("floor.give", point_id=province.lat_hall.id)
    await hall.command("hand.raise")
    await chair.command("meeting.return")
    assert chair.state["meeting"][""]["state"] == "open"
    assert chair.state["meeting"][""]["started_at"] is None
    assert chair.floor() == []
    assert chair.stage["stage"] is None
    assert {item["state"] for item in chair.state["agenda"].values()} == {"waiting"}
    assert chair.point(province.lat_hall.id)["hand_at"] is None
    assert chair.point(province.lat_hall.id)["presence"] == "ready"
    await chair.command("meeting.start")
    assert chair.stage["stage"]["point_id"] == province.main.id
    async with services.database.read() as session:
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "meeting.returned"))
    assert entry is not None
