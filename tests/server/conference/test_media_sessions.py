"""Offers and demands between a client and the media node: who may send and receive what, and when."""

import asyncio

import pytest

from media.contract import (
    Answer,
    Demand,
    Leave,
    Offer,
    Refusal,
    Room,
    SessionState,
)
from server.conference.nodes import control_line
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders
from tests.server.conference.offers import OFFER, asked
from tests.server.conftest import Join
from tests.sockets import FakeNode, LiveServer, Refused, refusal

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


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


async def test_a_silent_node_does_not_hold_up_other_commands(
    server: LiveServer,
    secret: str,
    province: builders.Province,
    meeting: Meeting,
    *,
    join: Join,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = await FakeNode.dial(server, secret)
    node.answer = lambda offer: None
    hall = await join(meeting.id, province.da_sar_hall)
    monkeypatch.setattr(control_line, "ANSWER_SECONDS", 60)
    held = asyncio.create_task(hall.command("media.offer", **OFFER))
    await node.until(lambda: any(isinstance(m, Offer) for m in node.told))
    await hall.command("hand.raise")
    assert not held.done()
    held.cancel()

    monkeypatch.setattr(control_line, "ANSWER_SECONDS", 0.2)
    with pytest.raises(Refused) as refused:
        await hall.command("media.offer", **OFFER)
    assert refused.value.code == "unavailable"
    # An answer that comes too late belongs to nobody.
    late = [message.request for message in node.told if isinstance(message, Offer)][-1]
    await node.say(Answer(request=late, sdp="late"))
    monkeypatch.setattr(control_line, "ANSWER_SECONDS", 60)
    lost = asyncio.create_task(hall.command("media.offer", **OFFER))
    await node.until(lambda: len([m for m in node.told if isinstance(m, Offer)]) == 3)
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
