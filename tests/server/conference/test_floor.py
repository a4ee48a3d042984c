"""Calling points to speak: what the chair does, what halls and consoles see."""

import pytest

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
