"""Calling points to speak: what the chair does, what halls and consoles see."""

from datetime import datetime, timedelta

import pytest

from server.conference.presence import lose
from server.core.actor import SYSTEM
from server.core.services import Services
from tests import builders
from tests.server.conftest import Join
from tests.sockets import Refused


async def test_the_chair_calls_a_hall(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "open")
    chair = await join(meeting.id, province.chair, "console")
    main = await join(meeting.id, province.main)
    da_sar = await join(meeting.id, province.da_sar_hall)
    await chair.command("meeting.start")
    assert chair.floor() == [province.main.id]
    assert chair.stage["stage"]["point_id"] == province.main.id
    assert chair.point(province.da_sar_hall.id)["presence"] == "ready"

    await da_sar.command("hand.raise", topic="Góp ý báo cáo")
    await chair.until(lambda: chair.point(province.da_sar_hall.id)["hand_topic"] == "Góp ý báo cáo")
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    assert chair.floor() == [province.main.id, province.da_sar_hall.id]
    assert chair.point(province.da_sar_hall.id)["floor"]
    assert chair.point(province.da_sar_hall.id)["hand_at"] is None
    await main.until(lambda: main.stage["stage"]["point_id"] == province.da_sar_hall.id)
    assert main.floor() == [province.main.id, province.da_sar_hall.id]
    assert set(main.state["points"]) == {str(province.main.id)}

    await chair.command("floor.take", point_id=province.da_sar_hall.id)
    assert chair.floor() == [province.main.id]
    assert chair.stage["stage"]["point_id"] == province.main.id


async def test_the_next_call_ends_the_one_before(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    halls = [province.main, province.da_sar_hall, province.lat_hall, province.hiep_an_hall]
    for hall in halls:
        await join(meeting.id, hall)
    ids = [hall.id for hall in halls]
    await chair.command("floor.give_main")
    await chair.command("floor.give", point_id=ids[1])
    await chair.command("floor.give", point_id=ids[2])
    assert chair.floor() == [ids[0], ids[2]]
    await chair.command("floor.give", point_id=ids[1], keep=True)
    assert chair.floor() == [ids[0], ids[2], ids[1]]
    with pytest.raises(Refused) as refused:
        await chair.command("floor.give", point_id=ids[3], keep=True)
    assert refused.value.code == "conflict"
    assert chair.floor() == [ids[0], ids[2], ids[1]]
    await chair.command("floor.mute_all")
    assert chair.floor() == [ids[0]]
    await chair.command("floor.mute_all", including_main=True)
    assert chair.floor() == []


async def test_absent_points_cannot_be_called(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    with pytest.raises(Refused) as refused:
        await chair.command("floor.give", point_id=province.lat_hall.id)
    assert refused.value.code == "conflict"
    with pytest.raises(Refused) as refused:
        await chair.command("floor.give", point_id=9999)
    assert refused.value.code == "not-found"


async def test_the_end_of_one_turn_gives_the_stage_to_who_speaks_with_it(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    for hall in (province.main, province.da_sar_hall, province.lat_hall):
        await join(meeting.id, hall)
    await chair.command("floor.give_main")
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    await chair.command("floor.give", point_id=province.lat_hall.id, keep=True)
    assert chair.stage["stage"]["point_id"] == province.lat_hall.id
    await chair.command("floor.take", point_id=province.lat_hall.id)
    assert chair.stage["stage"]["point_id"] == province.da_sar_hall.id
    assert chair.floor() == [province.main.id, province.da_sar_hall.id]
    await chair.command("floor.take", point_id=province.da_sar_hall.id)
    assert chair.stage["stage"]["point_id"] == province.main.id


async def test_the_main_point_is_silenced_and_speaks_again(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    await join(meeting.id, province.main)
    await chair.command("floor.give_main")
    await chair.command("floor.take", point_id=province.main.id)
    assert chair.floor() == []
    assert chair.stage["stage"]["point_id"] == province.main.id
    await chair.command("floor.give_main")
    assert chair.floor() == [province.main.id]


async def test_every_screen_is_told_that_the_speaker_s_line_is_cut(
    services: Services, province: builders.Province, join: Join
) -> None:
    """Other halls are not told of each other's points: what they need stands with the place on stage."""
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    main = await join(meeting.id, province.main)
    da_sar = await join(meeting.id, province.da_sar_hall)
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    await main.until(lambda: main.stage["stage"]["presence"] == "ready")
    da_sar.cut()
    async with services.transactions(SYSTEM) as tx:
        await lose(tx, meeting.id, {province.da_sar_hall.id: tx.now})
    await main.until(lambda: main.stage["stage"]["presence"] == "lost")
    assert main.stage["stage"]["point_id"] == province.da_sar_hall.id
    await join(meeting.id, province.da_sar_hall)
    await main.until(lambda: main.stage["stage"]["presence"] == "ready")


async def test_a_meeting_that_starts_without_its_main_point_says_so(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "open")
    chair = await join(meeting.id, province.chair, "console")
    await chair.command("meeting.start")
    assert chair.stage["stage"] == {
        "point_id": province.main.id,
        "name": province.main.name,
        "speaker": "",
        "presence": "absent",
    }


async def test_a_recess_silences_everybody_until_somebody_speaks(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    main = await join(meeting.id, province.main)
    await join(meeting.id, province.da_sar_hall)
    await chair.command("floor.give_main")
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    await chair.command("content.start")
    await chair.command("recess.start", minutes=15)
    assert chair.floor() == []
    assert chair.stage["content"] is None
    recess = chair.stage["recess"]
    lasts = datetime.fromisoformat(recess["until"]) - datetime.fromisoformat(recess["since"])
    assert lasts == timedelta(minutes=15)
    await main.until(lambda: main.stage["recess"] == recess)
    await chair.command("recess.start", minutes=None)
    assert chair.stage["recess"] == {"since": recess["since"], "until": None, "text": ""}
    at = datetime.fromisoformat(recess["since"]) + timedelta(minutes=40)
    await chair.command("recess.start", until=at.isoformat(), text="Mời các đồng chí ra sảnh chụp ảnh")
    await main.until(lambda: main.stage["recess"]["text"] == "Mời các đồng chí ra sảnh chụp ảnh")
    assert datetime.fromisoformat(main.stage["recess"]["until"]) == at
    for wrong in (at - timedelta(hours=2), at + timedelta(days=1)):
        with pytest.raises(Refused):
            await chair.command("recess.start", until=wrong.isoformat())
    await chair.command("recess.end")
    assert chair.stage["recess"] is None
    assert chair.floor() == [province.main.id]
    await chair.command("recess.start")
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    assert chair.stage["recess"] is None
    await chair.command("recess.start")
    await chair.command("meeting.end")
    assert chair.stage["recess"] is None


async def test_only_a_running_meeting_pauses(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "open")
    chair = await join(meeting.id, province.chair, "console")
    with pytest.raises(Refused) as refused:
        await chair.command("recess.start")
    assert refused.value.code == "conflict"
