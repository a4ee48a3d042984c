"""The line to a media node: what it is told is what may be seen and heard, and what it says costs nobody else."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from media.contract import (
    CloseRoom,
    Demand,
    Leave,
    Links,
    Room,
    SessionKey,
    View,
)
from server.conference.service import ConferenceService
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders
from tests.server.conference.offers import OFFER
from tests.server.conftest import Join
from tests.sockets import FakeNode, LiveServer, Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def room(node: FakeNode, meeting: Meeting) -> Room:
    return node.rooms[f"meeting-{meeting.id}"]


async def test_only_the_floor_is_heard(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    chair = await join(meeting.id, province.chair, "console")
    da_sar, lat = f"point-{province.da_sar_hall.id}", f"point-{province.lat_hall.id}"
    await join(meeting.id, province.main)
    hall = await join(meeting.id, province.da_sar_hall)
    await join(meeting.id, province.lat_hall)
    await node.until(lambda: node.rooms and room(node, meeting).floor == ())

    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    await node.until(lambda: room(node, meeting).floor == (da_sar,))
    assert room(node, meeting).stage == da_sar
    await chair.command("floor.give", point_id=province.lat_hall.id)
    await node.until(lambda: room(node, meeting).floor == (lat,))
    for name, data in (("floor.give", {"point_id": province.da_sar_hall.id}), ("floor.mute_all", {})):
        with pytest.raises(Refused) as refused:
            await hall.command(name, **data)
        assert refused.value.code == "not-allowed"
    await chair.command("floor.take", point_id=province.lat_hall.id)
    await node.until(lambda: room(node, meeting).floor == ())
    assert room(node, meeting).stage == f"point-{province.main.id}"
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    await hall.command("content.start")
    await node.until(lambda: room(node, meeting).content == da_sar)
    await chair.command("floor.mute_all", including_main=True)
    await node.until(lambda: room(node, meeting).floor == () and room(node, meeting).content is None)
    heard = {message.floor for message in node.told if isinstance(message, Room)}
    assert heard == {(), (da_sar,), (lat,)}
    await chair.command("meeting.end")
    await node.until(lambda: not node.rooms)
    assert isinstance(node.told[-1], CloseRoom)
    await node.close()


async def test_changes_within_milliseconds_are_told_as_one(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    await join(meeting.id, province.main)
    await node.until(lambda: node.rooms)
    nodes = server.app.state.services.components[ConferenceService].nodes
    before = len(node.told)
    for tile in range(50):
        nodes.set_view(meeting.id, "desk-00000000", View(tiles=(f"point-{tile}",)))
    await node.until(lambda: room(node, meeting).views)
    await asyncio.sleep(0.05)
    assert len(node.told) == before + 1
    assert room(node, meeting).views["desk-00000000"].tiles == ("point-49",)
    await node.close()


async def test_previews_are_private_and_end_with_the_console(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    operator = await join(meeting.id, province.operator, "console")
    chair = await join(meeting.id, province.chair, "console")
    before = chair.seq
    ids = [hall.id for hall in province.halls]
    await operator.command("view.set", preview=ids[3], tiles=ids)
    await node.until(lambda: node.rooms and room(node, meeting).views)
    view = room(node, meeting).views[operator.participant]
    assert view.preview == f"point-{ids[3]}"
    assert view.tiles == tuple(f"point-{each}" for each in ids)
    assert room(node, meeting).floor == ()
    with pytest.raises(Refused) as refused:
        await operator.command("view.set", preview=4711)
    assert refused.value.code == "not-found"
    assert chair.seq == before
    await operator.close()
    await node.until(lambda: not room(node, meeting).views)
    assert Leave(room=f"meeting-{meeting.id}", participant=operator.participant) in node.told
    await node.close()


async def test_a_node_that_goes_and_comes_back(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret, boot="boot-1")
    chair = await join(meeting.id, province.chair, "console")
    await join(meeting.id, province.main)
    await chair.command("floor.give_main")
    await node.until(lambda: node.rooms and room(node, meeting).floor)
    wanted = room(node, meeting)
    await node.close()
    await chair.until(lambda: chair.signalled("media-node")[-1] == {"up": False, "boot": ""})
    node = await FakeNode.dial(server, secret, boot="boot-2")
    await chair.until(lambda: chair.signalled("media-node")[-1] == {"up": True, "boot": "boot-2"})
    await node.until(lambda: node.rooms)
    assert room(node, meeting) == wanted
    await node.close()


async def test_a_node_that_outlived_the_server_is_told_what_still_holds(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, *, services: Services, join: Join
) -> None:
    ended = await builders.conference(services, province, "ended")
    main = f"point-{province.main.id}"
    sessions = (
        SessionKey(room=f"meeting-{meeting.id}", participant=main, session="s-1"),
        SessionKey(room=f"meeting-{meeting.id}", participant="desk-0badcafe", session="s-2"),
        SessionKey(room=f"meeting-{ended.id}", participant=main, session="s-3"),
        SessionKey(room="meeting-4711", participant=main, session="s-4"),
        SessionKey(room="what", participant=main, session="s-5"),
    )
    node = await FakeNode.dial(server, secret, sessions=sessions)
    expected = {CloseRoom(room=f"meeting-{ended.id}"), CloseRoom(room="meeting-4711"), CloseRoom(room="what")}
    await node.until(lambda: len(node.told) >= 5)
    assert {message for message in node.told if isinstance(message, CloseRoom)} == expected
    leaves = [message for message in node.told if isinstance(message, Leave)]
    assert leaves == [Leave(room=f"meeting-{meeting.id}", participant="desk-0badcafe", session="s-2")]
    assert f"meeting-{meeting.id}" in node.rooms
    await node.close()


async def test_strangers_are_no_nodes(server: LiveServer, secret: str) -> None:
    for wrong in ("", "x", secret[:-1], secret + "x"):
        with pytest.raises(InvalidStatus):
            await FakeNode.dial(server, wrong)


async def test_nonsense_from_a_node_does_not_cost_the_line(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    hall = await join(meeting.id, province.da_sar_hall)
    for text in ("", "{", "[]", '{"type":"links"}', '{"type":"answer","request":99,"sdp":"x"}'):
        await node.connection.send(text)
    await node.say(Links(room="meeting-x", links=()))
    await node.say(Demand(room="elsewhere", participant="nobody", camera="none", content="none"))
    assert (await hall.command("media.offer", **OFFER))["sdp"] == "answer to s-1"
    await node.close()


async def test_a_node_that_says_no_hello_is_dropped(server: LiveServer, secret: str) -> None:
    connection = await FakeNode.connect(server, secret)
    await connection.send(Links(room="meeting-1", links=()).model_dump_json())
    await connection.wait_closed()
    assert connection.close_code == 1002
    assert not server.app.state.services.components[ConferenceService].live.media_up()
