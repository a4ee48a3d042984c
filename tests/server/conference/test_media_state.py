"""What a node reports of halls' media and lines, as consoles and halls are told of it."""

import asyncio
from typing import Literal

import pytest

from media.contract import (
    LinkReport,
    Links,
    SessionKey,
    SessionState,
)
from server.conference.nodes import line_quality
from server.meetings.models import Meeting
from tests import builders
from tests.server.conftest import Join
from tests.sockets import FakeNode, LiveServer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_links_reach_consoles_and_their_hall_and_weak_lines_become_events(
    server: LiveServer,
    secret: str,
    province: builders.Province,
    meeting: Meeting,
    *,
    join: Join,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line_quality, "WEAK_AFTER", 0.2)
    monkeypatch.setattr(line_quality, "GOOD_AFTER", 0.4)
    node = await FakeNode.dial(server, secret)
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    other = await join(meeting.id, province.lat_hall)
    point_id = province.da_sar_hall.id

    async def report(rating: str, until: bool) -> None:
        for _ in range(100):
            lines = LinkReport(participant=hall.participant, rtt_ms=41.26, audio_level=30, rating=rating)  # type: ignore[arg-type]
            desk = LinkReport(participant=console.participant)
            await node.say(Links(room=f"meeting-{meeting.id}", links=(lines, desk)))
            await asyncio.sleep(0.05)
            if console.point(point_id)["weak"] is until:
                return
        raise AssertionError("the line's state did not change")

    await report("bad", until=True)
    assert list(console.signalled("links")[0]["points"]) == [str(point_id)]
    assert console.signalled("links")[0]["points"][str(point_id)]["rtt_ms"] == 41.3
    assert hall.signalled("link")[0]["rating"] == "bad"
    assert other.signals[1:] == []
    await report("good", until=False)
    assert [event["kind"] for event in console.events][-2:] == ["point.weak", "point.recovered"]
    await node.close()


async def test_a_halls_media_is_a_state_of_its_own(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    point_id = province.da_sar_hall.id

    async def said(session: str, state: Literal["connected", "disconnected"]) -> None:
        await node.say(
            SessionState(
                room=f"meeting-{meeting.id}", participant=hall.participant, session=session, state=state, reason=""
            )
        )

    assert console.point(point_id)["media"] == "none"
    await said("s-1", "connected")
    await console.until(lambda: console.point(point_id)["media"] == "connected")
    # The end of a session that was replaced says nothing of its successor.
    await said("s-2", "connected")
    await said("s-1", "disconnected")
    await asyncio.sleep(0.5)
    assert console.point(point_id)["media"] == "connected"
    await said("s-2", "disconnected")
    await console.until(lambda: console.point(point_id)["media"] == "lost")
    # The page is still there, and still has the floor it may be given.
    assert console.point(point_id)["presence"] == "ready"
    await hall.command("hall.leave")
    await console.until(lambda: console.point(point_id)["media"] == "none")
    await node.close()


async def test_a_node_that_comes_back_puts_right_what_was_believed_of_the_halls(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    console = await join(meeting.id, province.operator, "console")
    da_sar, lat = province.da_sar_hall.id, province.lat_hall.id
    await join(meeting.id, province.da_sar_hall)
    await join(meeting.id, province.lat_hall)
    both = tuple(
        SessionKey(room=f"meeting-{meeting.id}", participant=f"point-{each}", session=f"s-{each}")
        for each in (da_sar, lat)
    )
    node = await FakeNode.dial(server, secret, sessions=both)
    await console.until(lambda: {console.point(each)["media"] for each in (da_sar, lat)} == {"connected"})
    await node.close()
    node = await FakeNode.dial(server, secret, sessions=both[:1])
    await console.until(lambda: console.point(lat)["media"] == "lost")
    assert console.point(da_sar)["media"] == "connected"
    await node.close()
