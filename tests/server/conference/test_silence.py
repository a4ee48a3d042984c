"""A line that is cut wholly, without a goodbye: found within seconds, and never taken for what is only slow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from media.contract import LinkReport, Links, SessionState
from server.conference import silence
from server.core.config import Settings
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders
from tests.server.conftest import Join
from tests.sockets import FakeNode, LiveClient, LiveServer

EVERY = 0.15
"""Seconds between two reports here, where a node has one."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.lost_after_seconds = 30.0  # what is found here is not found by the clock
    return settings


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "LISTENED_SECONDS", EVERY / 2)


@pytest_asyncio.fixture
async def meeting(services: Services, province: builders.Province) -> Meeting:
    return await builders.conference(services, province, "running")


@pytest_asyncio.fixture
async def node(server: LiveServer, secret: str) -> AsyncIterator[FakeNode]:
    node = await FakeNode.dial(server, secret)
    yield node
    await node.close()


async def reports(node: FakeNode, meeting: Meeting, bits: dict[LiveClient, int], many: int) -> None:
    """So many seconds as the node tells them: what came of each hall."""
    links = tuple(LinkReport(participant=hall.participant, bitrate_up=up) for hall, up in bits.items())
    for _ in range(many):
        await node.say(Links(room=f"meeting-{meeting.id}", links=links))
        await asyncio.sleep(EVERY)


async def test_a_speaker_who_is_cut_off_is_lost_within_four_reports(
    node: FakeNode, meeting: Meeting, province: builders.Province, join: Join
) -> None:
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    point_id = province.da_sar_hall.id
    await console.command("floor.give", point_id=point_id)
    session = SessionState(
        room=f"meeting-{meeting.id}", participant=hall.participant, session="s-1", state="connected", reason=""
    )
    await node.say(session)
    await console.until(lambda: console.point(point_id)["media"] == "connected")
    await reports(node, meeting, {hall: 500_000}, 2)
    hall.pull_the_plug()
    await reports(node, meeting, {hall: 200_000}, 1)  # of the second in which it happened
    await reports(node, meeting, {hall: 0}, silence.ON_AIR_REPORTS - 1)
    assert console.point(point_id)["presence"] == "ready"
    await reports(node, meeting, {hall: 0}, 1)
    await console.until(lambda: console.point(point_id)["presence"] == "lost", 2)
    assert console.floor() == [point_id]
    # The node keeps its session for half a minute, but nothing of it arrives.
    await console.until(lambda: console.point(point_id)["media"] == "lost", 2)
    # The page comes back by another socket, while the server still holds the old one.
    back = await join(meeting.id, province.da_sar_hall)
    assert back.point(point_id)["presence"] == "ready"
    await reports(node, meeting, {hall: 500_000}, 2)
    await console.until(lambda: console.point(point_id)["media"] == "connected", 2)


async def test_who_listens_only_is_waited_for_longer(
    settings: Settings, node: FakeNode, meeting: Meeting, province: builders.Province, join: Join
) -> None:
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    hall.pull_the_plug()
    await reports(node, meeting, {hall: 0}, silence.ON_AIR_REPORTS + 2)
    assert console.point(province.da_sar_hall.id)["presence"] == "ready"
    await reports(node, meeting, {hall: 0}, int(settings.lost_after_seconds) - silence.ON_AIR_REPORTS)
    await console.until(lambda: console.point(province.da_sar_hall.id)["presence"] == "lost", 2)


@pytest.mark.parametrize("alive", ["media", "channel"])
async def test_one_of_two_witnesses_is_enough(
    alive: str, node: FakeNode, meeting: Meeting, province: builders.Province, join: Join
) -> None:
    """A channel that TCP holds up on a weak line while picture and sound go on; a hall that sends no picture and no
    sound while its page is there, and says nothing by itself."""
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    await console.command("floor.give", point_id=province.da_sar_hall.id)
    if alive == "media":
        hall.pull_the_plug()
    await reports(node, meeting, {hall: 40_000 if alive == "media" else 0}, silence.ON_AIR_REPORTS * 3)
    assert console.point(province.da_sar_hall.id)["presence"] == "ready"


async def test_reports_that_were_held_up_are_no_silence(
    node: FakeNode, meeting: Meeting, province: builders.Province, join: Join
) -> None:
    """A server that stood still reads all at once what came meanwhile."""
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    await console.command("floor.give", point_id=province.da_sar_hall.id)
    hall.pull_the_plug()
    for _ in range(20):
        await node.say(Links(room=f"meeting-{meeting.id}", links=(LinkReport(participant=hall.participant),)))
    with contextlib.suppress(TimeoutError):
        await console.until(lambda: console.point(province.da_sar_hall.id)["presence"] == "lost", 1)
    assert console.point(province.da_sar_hall.id)["presence"] == "ready"
