"""Who asks to speak, in what order, and for how long: over real sockets, as halls, delegates and consoles see it."""

from typing import Any

import pytest
from fastapi import FastAPI

from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders, library
from tests.conftest import Browsers, Clock
from tests.server.conftest import Join
from tests.sockets import LiveClient, Refused


def queue(client: LiveClient) -> list[dict[str, Any]]:
    """Who waits, in order, as this client sees it."""
    known = {request["id"]: request for request in client.state.get("requests", {}).values()}
    return [known[each] for each in client.state["queue"][""]["order"]]


def turns(client: LiveClient) -> list[dict[str, Any]]:
    return list(client.state["speaking"][""]["turns"])


async def with_delegate(services: Services, province: builders.Province, point: Any) -> Meeting:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, point)
    return meeting


async def test_a_delegate_asks_from_the_own_phone_and_is_called_by_name(
    services: Services, province: builders.Province, join: Join, browser: Browsers
) -> None:
    meeting = await with_delegate(services, province, province.da_sar_hall)
    chair = await join(meeting.id, province.chair, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    other = await join(meeting.id, province.lat_hall)
    phone = await join(meeting.id, province.delegate, "member")
    await other.command("hand.raise", topic="Góp ý báo cáo", name="Đ/c Nguyễn Thị Hạnh, Bí thư")
    await phone.command("hand.raise", kind="debate", topic="Về chỉ tiêu thu")
    await chair.until(lambda: len(queue(chair)) == 2)
    first, second = queue(chair)
    assert (first["point_id"], first["name"]) == (province.lat_hall.id, "Đ/c Nguyễn Thị Hạnh, Bí thư")
    assert (second["point_id"], second["person_id"], second["kind"]) == (
        province.da_sar_hall.id,
        province.delegate.id,
        "debate",
    )
    assert chair.point(province.da_sar_hall.id)["hand_topic"] == "Về chỉ tiêu thu"
    await phone.until(lambda: phone.signalled("my-requests"))
    assert phone.signalled("my-requests")[-1]["requests"][0]["place"] == 2
    # Others learn neither who asks nor what about: a hall its own, a member's page nothing but whose clock runs.
    await hall.until(lambda: hall.state.get("requests"))
    assert [each["id"] for each in hall.state["requests"].values()] == [second["id"]]
    assert not {"requests", "queue"} & phone.state.keys()

    page = await browser(province.delegate)
    asked = (await page.get(f"/api/meetings/{meeting.id}/my-requests")).json()
    assert [(each["kind"], each["place"]) for each in asked["requests"]] == [("debate", 2)]

    await chair.command("speaking.move", request_id=second["id"], before_id=first["id"])
    assert [each["id"] for each in queue(chair)] == [second["id"], first["id"]]
    assert chair.state["queue"][""]["by_hand"]
    await phone.until(lambda: phone.signalled("my-requests")[-1]["requests"][0]["place"] == 1)
    await chair.command("speaking.call")
    [turn] = turns(chair)
    assert (turn["point_id"], turn["name"].split(",")[0]) == (province.da_sar_hall.id, province.delegate.full_name)
    assert chair.stage["stage"]["speaker"] == turn["name"]
    await phone.until(lambda: turns(phone) == [turn])
    assert phone.signalled("my-requests")[-1]["requests"] == []
    with pytest.raises(Refused):
        await chair.command("speaking.call", request_id=second["id"])
    await hall.command("floor.release")
    await chair.until(lambda: not turns(chair))
    assert chair.state["spoken"][str(province.da_sar_hall.id)]["turns"] == 1
    assert chair.stage["stage"]["point_id"] == meeting.main_point_id


async def test_who_sits_in_no_hall_is_told_so(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await with_delegate(services, province, None)
    for who, code in ((province.delegate, "no-hall-to-speak-from"), (province.presenter, "not-allowed")):
        client = await join(meeting.id, who, "member")
        with pytest.raises(Refused) as refused:
            await client.command("hand.raise")
        assert refused.value.code == code


async def test_time_runs_down_stands_and_closes_the_microphone(
    app: FastAPI, services: Services, province: builders.Province, join: Join, clock: Clock
) -> None:
    conference: ConferenceService = app.state.services.components[ConferenceService]
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    hall = await join(meeting.id, province.lat_hall)
    await chair.command("speaking.rules", speech_minutes=7, again_minutes=3, closes=True)
    await hall.command("hand.raise")
    await chair.command("speaking.call")
    [turn] = turns(chair)
    assert (turn["limit_seconds"], turn["closes"]) == (420, True)
    clock.pass_(seconds=400)
    await chair.command("turn.pause", turn_id=turn["id"])
    clock.pass_(seconds=600)
    await conference.turns.look()
    assert chair.floor() == [province.lat_hall.id]
    await chair.command("turn.resume", turn_id=turn["id"])
    assert turns(chair)[0]["paused_seconds"] == 600
    await chair.command("turn.extend", turn_id=turn["id"], seconds=60)
    clock.pass_(seconds=79)
    await conference.turns.look()
    assert turns(chair)[0]["limit_seconds"] == 480
    clock.pass_(seconds=1)
    await conference.turns.look()
    await chair.until(lambda: not turns(chair))
    assert chair.floor() == []
    assert chair.events[-1]["kind"] == "turn.cut"
    assert chair.state["spoken"][str(province.lat_hall.id)] == {
        "point_id": province.lat_hall.id,
        "turns": 1,
        "seconds": 480,
    }
    # The second time it is three minutes.
    await chair.command("floor.give", point_id=province.lat_hall.id)
    assert turns(chair)[0]["limit_seconds"] == 180
    await chair.command("speaking.rules", speech_minutes=7, again_minutes=3)
    clock.pass_(seconds=500)
    await conference.turns.look()
    assert turns(chair)[0]["id"] != turn["id"]


async def test_a_debate_and_the_main_point(services: Services, province: builders.Province, join: Join) -> None:
    """Two halls and the main point hold the floor, each guest with a clock; somebody of the main hall speaks by a
    clock, too, and its end takes no floor away."""
    meeting = await with_delegate(services, province, province.main)
    chair = await join(meeting.id, province.chair, "console")
    halls = [province.lat_hall, province.da_sar_hall]
    for point in (*halls, province.main):
        client = await join(meeting.id, point if point is not province.main else province.operator, "hall", point)
        if point is not province.main:
            await client.command("hand.raise", kind="debate")
    await chair.command("speaking.call")
    await chair.command("speaking.call", keep=True)
    assert [turn["point_id"] for turn in turns(chair)] == [point.id for point in halls]
    phone = await join(meeting.id, province.delegate, "member")
    await phone.command("hand.raise", kind="answer")
    await chair.command("speaking.call")
    [turn] = turns(chair)
    assert (turn["point_id"], turn["kind"]) == (meeting.main_point_id, "answer")
    await chair.command("turn.finish", turn_id=turn["id"])
    assert turns(chair) == []
    assert chair.floor() == [meeting.main_point_id]


async def test_a_rehearsal_leaves_nobody_s_time_used(
    services: Services, province: builders.Province, join: Join, clock: Clock
) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    hall = await join(meeting.id, province.lat_hall)
    await chair.command("floor.give", point_id=province.lat_hall.id)
    clock.pass_(seconds=90)
    await chair.command("floor.take", point_id=province.lat_hall.id)
    await hall.command("hand.raise")
    assert chair.state["spoken"]
    await chair.command("meeting.return")
    assert not chair.state["spoken"]
    assert queue(chair) == []
