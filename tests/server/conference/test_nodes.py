"""A media node that speaks the contract: what it is told is what may be seen and heard."""

import asyncio
from typing import Literal

import pytest
from websockets.exceptions import InvalidStatus

from media.contract import (
    Answer,
    CloseRoom,
    Demand,
    Leave,
    LinkReport,
    Links,
    Offer,
    Refusal,
    Room,
    SessionKey,
    SessionState,
    View,
)
from server.conference.nodes import control_line, line_quality
from server.conference.secret import NodeSecret
from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders, library
from tests.server.conftest import Join
from tests.sockets import FakeNode, LiveServer, Refused, refusal

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def secret(server: LiveServer) -> str:
    return str(server.app.state.services.components[NodeSecret].value())


@pytest.fixture
async def meeting(services: Services, province: builders.Province) -> Meeting:
    """With two on its list of delegates: they may follow it."""
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        for person in (province.delegate, province.hall_secretary):
            await library.delegate(tx.session, meeting, person, province.da_sar_hall)
    return meeting


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


OFFER = {"session": "s-1", "sdp": "v=0", "publish": {"0": "microphone"}, "slots": {"1": "audio-0", "2": "tile-15"}}


async def test_offers_are_answered(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    hall = await join(meeting.id, province.da_sar_hall)
    assert not hall.snapshot["media"]
    with pytest.raises(Refused) as refused:
        await hall.command("media.offer", **OFFER)
    assert refused.value.code == "unavailable"
    node = await FakeNode.dial(server, secret, boot="boot-7")
    await hall.until(lambda: hall.signalled("media-node"))
    assert await hall.command("media.offer", **OFFER) == {"sdp": "answer to s-1", "boot": "boot-7"}
    rooms_before_offer = [type(message) for message in node.told[: node.told.index(asked(node))]]
    assert Room in rooms_before_offer
    assert asked(node).participant == f"point-{province.da_sar_hall.id}"

    node.answer = refusal
    with pytest.raises(Refused) as refused:
        await hall.command("media.offer", **OFFER)
    assert refused.value.code == "invalid"
    assert refused.value.error["details"]["reason"] == "no-common-codec"
    await hall.command("media.close", session="s-1")
    await node.until(lambda: isinstance(node.told[-1], Leave))
    assert node.told[-1].session == "s-1"
    await node.close()


def asked(node: FakeNode) -> Offer:
    return next(message for message in node.told if isinstance(message, Offer))


async def test_a_silent_node_does_not_hold_up_other_commands(
    server: LiveServer,
    secret: str,
    province: builders.Province,
    meeting: Meeting,
    *,
    join: Join,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control_line, "ANSWER_SECONDS", 0.5)
    node = await FakeNode.dial(server, secret)
    node.answer = lambda offer: None
    hall = await join(meeting.id, province.da_sar_hall)
    offer = asyncio.create_task(hall.command("media.offer", **OFFER))
    await hall.command("hand.raise")
    assert not offer.done()
    with pytest.raises(Refused) as refused:
        await offer
    assert refused.value.code == "unavailable"
    # An answer that comes too late belongs to nobody.
    await node.say(Answer(request=asked(node).request, sdp="late"))
    lost = asyncio.create_task(hall.command("media.offer", **OFFER))
    await node.until(lambda: len([m for m in node.told if isinstance(m, Offer)]) == 2)
    await node.close()
    with pytest.raises(Refused) as refused:
        await lost
    assert refused.value.code == "unavailable"


@pytest.mark.parametrize(
    ("who", "audience", "offer", "code"),
    [
        ("da_sar_hall", "hall", {"slots": {"1": "preview"}}, "invalid"),
        ("da_sar_hall", "hall", {"slots": {"1": "tile-16"}}, "invalid"),
        ("da_sar_hall", "hall", {"slots": {"1": "stage", "2": "stage"}}, "invalid"),
        ("da_sar_hall", "hall", {"publish": {"1": "camera", "2": "camera"}}, "invalid"),
        ("da_sar_hall", "hall", {"session": "../x"}, "invalid"),
        ("delegate", "member", {"slots": {"1": "tile-0"}}, "invalid"),
        ("delegate", "member", {"publish": {"1": "content"}}, "not-allowed"),
        ("delegate", "member", {"publish": {"1": "microphone"}}, "not-allowed"),
        ("operator", "console", {"publish": {"1": "microphone"}}, "not-allowed"),
        ("operator", "console", {"slots": {"1": "tile-24", "2": "preview", "3": "preview-audio"}}, None),
        ("presenter", "member", {"publish": {"1": "content", "2": "content-audio"}}, None),
        ("delegate", "member", {"slots": {"1": "stage"}}, None),
    ],
)
async def test_who_may_offer_what(
    server: LiveServer,
    secret: str,
    province: builders.Province,
    meeting: Meeting,
    *,
    join: Join,
    who: str,
    audience: str,
    offer: dict[str, object],
    code: str | None,
) -> None:
    node = await FakeNode.dial(server, secret)
    client = await join(meeting.id, getattr(province, who), audience)
    offer = {"session": "s-1", "sdp": "v=0", **offer}
    if code is None:
        assert (await client.command("media.offer", **offer))["sdp"] == "answer to s-1"
    else:
        with pytest.raises(Refused) as refused:
            await client.command("media.offer", **offer)
        assert refused.value.code == code
        assert not [message for message in node.told if isinstance(message, Offer)]
    await node.close()


async def test_no_media_before_the_opening(
    server: LiveServer, secret: str, services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "invited")
    node = await FakeNode.dial(server, secret)
    hall = await join(meeting.id, province.da_sar_hall)
    with pytest.raises(Refused) as refused:
        await hall.command("media.offer", **OFFER)
    assert refused.value.code == "conflict"
    assert not node.told
    await node.close()


async def test_demands_reach_their_client_and_survive_its_reconnect(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    hall = await join(meeting.id, province.da_sar_hall)
    key = {"room": f"meeting-{meeting.id}", "participant": hall.participant}
    await node.say(Demand(**key, camera="full", content="none"))
    wanted = {"camera": "full", "content": "none", "microphone": False}
    await hall.until(lambda: hall.signalled("demand") == [wanted])
    await node.say(SessionState(**key, session="s-1", state="connected"))
    await hall.until(lambda: hall.signalled("media-session"))
    hall.cut()
    back = await join(meeting.id, province.da_sar_hall)
    await back.until(lambda: back.signalled("demand") == [wanted])
    assert back.signalled("media-node") == [{"up": True, "boot": "boot-1"}]
    await node.say(SessionState(**key, session="s-1", state="disconnected", reason="consent"))
    await back.until(lambda: back.signalled("media-session"))
    back.cut()
    third = await join(meeting.id, province.da_sar_hall)
    await third.command("hand.raise")
    assert third.signalled("demand") == []
    await node.close()


async def test_a_previewed_hall_is_asked_for_its_sound(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    node = await FakeNode.dial(server, secret)
    hall = await join(meeting.id, province.da_sar_hall)
    operator = await join(meeting.id, province.operator, "console")
    await node.say(Demand(room=f"meeting-{meeting.id}", participant=hall.participant, camera="small", content="none"))

    def asked() -> list[bool]:
        return [demand["microphone"] for demand in hall.signalled("demand")]

    await hall.until(lambda: asked() == [False])
    await operator.command("view.set", preview=province.da_sar_hall.id)
    await hall.until(lambda: asked() == [False, True])
    await operator.command("view.set", preview=None)
    await hall.until(lambda: asked() == [False, True, False])
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


async def test_a_full_node_makes_room_for_halls(
    server: LiveServer, secret: str, province: builders.Province, meeting: Meeting, join: Join
) -> None:
    """A follower that never connected gives way, then the one that came last; followers themselves wait."""
    node = await FakeNode.dial(server, secret)
    followers = [
        await join(meeting.id, who, "member")
        for who in (province.delegate, province.presenter, province.hall_secretary)
    ]
    hall = await join(meeting.id, province.lat_hall)
    places: dict[str, Offer] = {}

    def answer(offer: Offer) -> Answer | Refusal:
        for leave in [each for each in node.told if isinstance(each, Leave)]:
            places.pop(leave.participant, None)
        if len(places) >= 2 and offer.participant not in places:
            return Refusal(request=offer.request, code="busy", detail="2 sessions are open")
        places[offer.participant] = offer
        return Answer(request=offer.request, sdp="answer")

    node.answer = answer
    offer = {"sdp": "v=0", "publish": {}, "slots": {"0": "audio-0"}}
    for number, follower in enumerate(followers[:2]):
        await follower.command("media.offer", session=f"s-{number}", **offer)
    first = followers[0].participant
    await node.say(
        SessionState(room=f"meeting-{meeting.id}", participant=first, session="s-0", state="connected", reason="")
    )
    await followers[0].until(lambda: followers[0].signalled("media-session"))
    with pytest.raises(Refused) as refused:
        await followers[2].command("media.offer", session="s-2", **offer)
    assert refused.value.code == "unavailable"
    assert set(places) == {followers[0].participant, followers[1].participant}
    await hall.command("media.offer", session="h", **offer)
    assert set(places) == {first, hall.participant}
    other = await join(meeting.id, province.da_sar_hall)
    await other.command("media.offer", session="h", **offer)
    assert set(places) == {hall.participant, other.participant}
    await node.close()
