"""Halls come, are lost, come back, leave; across line cuts and restarts of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select

from server.attendance.models import PointCheck
from server.audit.models import AuditEntry
from server.conference.service import ConferenceService
from server.core.config import Settings
from server.core.services import Services
from server.main import create_app
from tests import builders
from tests.conftest import Browsers, Clock, signed_in
from tests.server.conftest import Join
from tests.sockets import LiveClient, LiveServer, Refused, serving

LOST_AFTER = 1.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.lost_after_seconds = LOST_AFTER
    return settings


async def checks(services: Services, meeting_id: int, point_id: int) -> list[tuple[str, str]]:
    async with services.database.read() as session:
        rows = await session.execute(
            select(PointCheck.direction, PointCheck.how)
            .where(PointCheck.meeting_id == meeting_id, PointCheck.point_id == point_id)
            .order_by(PointCheck.id)
        )
        return [(direction, how) for direction, how in rows]


async def test_a_hall_joins_with_its_socket(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    hall = await join(meeting.id, province.da_sar_hall)
    assert hall.point(province.da_sar_hall.id)["presence"] == "ready"
    assert await checks(services, meeting.id, province.da_sar_hall.id) == [("in", "live")]
    async with services.database.read() as session:
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "point.joined"))
    assert entry is not None
    assert entry.actor_point_id == province.da_sar_hall.id


async def test_the_console_knows_a_halls_devices(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    point_id = province.da_sar_hall.id
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    assert console.point(point_id)["camera"] == console.point(point_id)["microphone"] == "unknown"
    await hall.command("hall.devices", camera="ok", microphone="denied")
    await console.until(lambda: console.point(point_id)["microphone"] == "denied")
    assert console.point(point_id)["camera"] == "ok"
    seq = console.seq
    await hall.command("hall.devices", camera="ok", microphone="denied")
    assert console.seq == seq
    await hall.command("hall.leave")
    await console.until(lambda: console.point(point_id)["microphone"] == "unknown")
    # A page that is late says nothing of a hall that is out.
    await hall.command("hall.devices", camera="ok", microphone="ok")
    assert console.point(point_id)["microphone"] == "unknown"


async def test_before_the_opening_halls_wait(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "invited")
    point_id = province.da_sar_hall.id
    hall = await join(meeting.id, province.da_sar_hall)
    chair = await join(meeting.id, province.chair, "console")
    assert hall.point(point_id)["presence"] == "absent"
    await chair.command("meeting.open")
    await hall.until(lambda: hall.point(point_id)["presence"] == "testing")
    await hall.command("hall.ready", ready=True)
    assert hall.point(point_id)["presence"] == "ready"
    await hall.command("hall.ready", ready=False)
    await chair.command("meeting.start")
    await hall.until(lambda: hall.point(point_id)["presence"] == "ready")
    await chair.command("meeting.end")
    await hall.until(lambda: hall.point(point_id)["presence"] == "absent")
    assert hall.stage["stage"] is None
    assert await checks(services, meeting.id, point_id) == [("in", "live"), ("out", "end")]


async def test_reopened_halls_come_in_again(
    services: Services, province: builders.Province, join: Join, browser: Browsers
) -> None:
    meeting = await builders.conference(services, province, "running")
    hall = await join(meeting.id, province.da_sar_hall)
    chair = await browser(province.chair)
    assert (await chair.post(f"/api/meetings/{meeting.id}/end")).status_code == 200
    await hall.until(lambda: hall.point(province.da_sar_hall.id)["presence"] == "absent")
    assert (await chair.post(f"/api/meetings/{meeting.id}/reopen", json={})).status_code == 422
    answer = await chair.post(f"/api/meetings/{meeting.id}/reopen", json={"reason": "Bầu bổ sung"})
    assert answer.json()["state"] == "running"
    await hall.until(lambda: hall.point(province.da_sar_hall.id)["presence"] == "ready")
    assert hall.floor() == [province.main.id]


async def test_a_short_cut_is_not_noticed(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    hall.cut()
    back = await join(meeting.id, province.da_sar_hall)
    await asyncio.sleep(LOST_AFTER * 1.5)
    assert back.point(province.da_sar_hall.id)["presence"] == "ready"
    assert [event["kind"] for event in console.events] == ["point.joined"]


async def test_a_long_cut_is_a_loss_and_the_role_is_kept(
    services: Services, province: builders.Province, join: Join, clock: Clock
) -> None:
    meeting = await builders.conference(services, province, "running")
    point_id = province.da_sar_hall.id
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    await hall.command("hand.raise", topic="Xin ý kiến")
    await console.command("floor.give", point_id=point_id)
    await hall.command("hand.raise", topic="Nói thêm")
    heard = clock.now
    hall.cut()
    clock.pass_(seconds=9)
    await console.until(lambda: console.point(point_id)["presence"] == "lost")
    assert console.floor() == [point_id]
    assert console.stage["tiles"] == []
    async with services.database.read() as session:
        out = await session.scalar(select(PointCheck).where(PointCheck.direction == "out"))
    assert out is not None
    assert out.at == heard
    clock.pass_(seconds=30)
    back = await join(meeting.id, province.da_sar_hall)
    assert back.point(point_id)["presence"] == "ready"
    assert back.point(point_id)["hand_topic"] == "Nói thêm"
    assert back.floor() == [point_id]
    assert back.stage["stage"]["point_id"] == point_id
    assert await checks(services, meeting.id, point_id) == [("in", "live"), ("out", "lost"), ("in", "live")]
    assert [event["kind"] for event in console.events][-2:] == ["point.lost", "point.back"]


async def test_leaving_on_purpose_gives_everything_up(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    point_id = province.da_sar_hall.id
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    await console.command("floor.give", point_id=point_id)
    await hall.command("content.start")
    await hall.command("hall.leave")
    assert hall.point(point_id)["presence"] == "absent"
    await console.until(lambda: console.point(point_id)["presence"] == "absent")
    assert console.floor() == []
    assert console.stage["stage"]["point_id"] == province.main.id
    assert console.stage["content"] is None
    with pytest.raises(Refused) as refused:
        await hall.command("hand.raise")
    assert refused.value.code == "conflict"
    await hall.close()
    await asyncio.sleep(LOST_AFTER * 1.5)
    assert console.point(point_id)["presence"] == "absent"
    assert await checks(services, meeting.id, point_id) == [("in", "live"), ("out", "live")]


@asynccontextmanager
async def restarted(settings: Settings, clock: Clock) -> AsyncIterator[LiveServer]:
    app = create_app(settings, clock)
    async with serving(app) as server:
        yield server


async def test_after_a_restart_everybody_has_their_role_and_who_stays_away_is_lost(
    settings: Settings, services: Services, province: builders.Province, clock: Clock
) -> None:
    settings.lost_after_seconds = 4.0  # three halls sign in again within it, on a busy machine too
    meeting = await builders.conference(services, province, "open")
    cookies = {hall.id: await signed_in(services, hall) for hall in province.halls[:4]}
    chair_cookie = await signed_in(services, province.chair)
    da_sar, away = province.da_sar_hall.id, province.duc_trong_hall.id

    async with restarted(settings, clock) as server:
        chair = await server.join(meeting.id, chair_cookie, "console")
        halls = [await server.join(meeting.id, cookie, "hall", point_id) for point_id, cookie in cookies.items()]
        await chair.command("meeting.start")
        await chair.command("floor.give", point_id=da_sar)
        await chair.command("layout.set", layout="grid-2", pinned=[away])
        before, seq = chair.state, chair.seq
    # A planned stop tells clients to come back; it loses nobody.
    assert await chair.closed() == 1012
    assert {await hall.closed() for hall in halls} == {1012}
    stopped = clock.now
    clock.pass_(seconds=20)

    async with restarted(settings, clock) as server:
        chair = await server.join(meeting.id, chair_cookie, "console")
        assert chair.state == before
        assert chair.seq == seq
        for point_id, cookie in cookies.items():
            if point_id != away:
                await server.join(meeting.id, cookie, "hall", point_id)
        await chair.until(lambda: chair.point(away)["presence"] == "lost", seconds=20)
        assert [event["kind"] for event in chair.events] == ["point.lost"]
        assert chair.floor() == [province.main.id, da_sar]
        assert chair.stage["stage"]["point_id"] == da_sar
        assert {chair.point(point_id)["presence"] for point_id in cookies if point_id != away} == {"ready"}
        await chair.close()
    async with services.database.read() as session:
        out = await session.scalar(select(PointCheck).where(PointCheck.direction == "out"))
    assert out is not None
    assert (out.point_id, out.how, out.at) == (away, "lost", stopped)


async def test_a_desk_that_shared_before_a_restart_does_not_block_the_screen(
    settings: Settings, services: Services, province: builders.Province, clock: Clock
) -> None:
    settings.lost_after_seconds = 4.0  # the presenter is back within it, on a busy machine too
    meeting = await builders.conference(services, province, "running")
    cookie = await signed_in(services, province.presenter)
    async with restarted(settings, clock) as server:
        presenter = await server.join(meeting.id, cookie, "member")
        await presenter.command("content.start")
        # Killed: nothing is tidied up.
        server.app.state.services.components[ConferenceService].door.left = lambda client: None
    clock.pass_(seconds=5)
    async with restarted(settings, clock) as server:
        presenter = await server.join(meeting.id, cookie, "member")
        assert presenter.stage["content"] is not None
        await presenter.until(lambda: presenter.stage["content"] is None)
        await presenter.command("content.start")
        assert presenter.stage["content"]["participant"] == presenter.participant
        await presenter.close()


async def test_edits_of_a_running_meeting_reach_the_conference(
    services: Services, province: builders.Province, join: Join, browser: Browsers
) -> None:
    meeting = await builders.conference(services, province, "running", province.halls[:4])
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    await console.command("floor.give", point_id=province.da_sar_hall.id)
    kept = [{"point_id": hall.id, "speaker": ""} for hall in [*province.halls[:3], province.lat_hall]]
    organiser = await browser(province.organiser)
    answer = await organiser.patch(f"/api/meetings/{meeting.id}", json={"version": 1, "points": kept})
    assert answer.status_code == 200, answer.text
    await console.until(lambda: str(province.lat_hall.id) in console.state["points"])
    assert str(province.da_sar_hall.id) not in console.state["points"]
    assert console.floor() == []
    assert console.stage["stage"]["point_id"] == province.main.id
    assert await hall.closed() == 4403
    assert await checks(services, meeting.id, province.da_sar_hall.id) == [("in", "live"), ("out", "by-hand")]


def shown(client: LiveClient) -> list[int]:
    return [place["point_id"] for place in client.stage["tiles"]]


async def test_small_pictures_follow_the_layout(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    for hall in reversed(province.halls):
        await join(meeting.id, hall)
    await console.command("floor.give_main")
    row = shown(console)
    assert len(row) == 4
    assert province.main.id not in row
    await console.command("layout.set", layout="grid-3", pinned=[province.lat_hall.id])
    assert shown(console)[:2] == [province.main.id, province.lat_hall.id]
    assert len(shown(console)) == 6
    await console.command("layout.set", layout="content-stage")
    assert shown(console) == []
    assert console.stage["pinned"] == [province.lat_hall.id]


async def test_after_the_end_it_is_known_who_was_there(
    services: Services, province: builders.Province, join: Join, clock: Clock
) -> None:
    """A hall that stayed, one that left in between, one that only took part in the test, one that never came."""
    meeting = await builders.conference(services, province, "open")
    stayed, left, tested, never = (hall.id for hall in province.halls[1:5])
    chair = await join(meeting.id, province.chair, "console")

    def attended() -> set[int]:
        return {point["id"] for point in chair.state["points"].values() if point["attended"]}

    halls = {hall.id: await join(meeting.id, hall) for hall in province.halls[1:4]}
    await halls[tested].command("hall.leave")
    await halls[tested].close()
    clock.pass_(seconds=60)
    await chair.command("meeting.start")
    await chair.until(lambda: attended() == {stayed, left})
    await halls[left].command("hall.leave")
    clock.pass_(seconds=60)
    await chair.command("meeting.end")
    await chair.until(lambda: chair.state["meeting"][""]["state"] == "ended")
    assert attended() == {stayed, left}
    assert never not in attended()
    await halls[stayed].until(lambda: halls[stayed].point(stayed)["presence"] == "absent")
    assert halls[stayed].point(stayed)["attended"] is True
    late = await join(meeting.id, province.chair, "console")
    assert late.state["points"] == chair.state["points"]
