"""The roll call of points: one after another, by voice or button, again for those that were missing."""

import io

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from server.conference.service import ConferenceService
from server.core.services import Services
from server.speaking.models import SpeakingTurn
from tests import builders
from tests.conftest import Browsers, Clock
from tests.server.conftest import Join
from tests.sockets import LiveClient, Refused


def called(client: LiveClient) -> int | None:
    current = client.state["roll-call"][""]["current"]
    return None if current is None else int(current)


def answer(client: LiveClient, point_id: int) -> dict[str, object]:
    return dict(client.state["roll-answers"][str(point_id)])


async def test_from_the_first_call_to_the_report(
    services: Services, province: builders.Province, join: Join, browser: Browsers, clock: Clock
) -> None:
    watch = services.components[ConferenceService].roll_calls
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    lat, da_sar = await join(meeting.id, province.lat_hall), await join(meeting.id, province.da_sar_hall)
    with pytest.raises(Refused):
        await lat.command("roll-call.answer")
    await chair.command("roll-call.start", seconds=8)
    order = [each["point_id"] for each in sorted(chair.state["roll-answers"].values(), key=lambda one: one["position"])]
    assert set(order) == {hall.id for hall in province.halls} - {province.main.id}
    with pytest.raises(Refused):
        await chair.command("roll-call.start")
    # Whoever is away is passed over; who is called is seen and heard, and no clock runs.
    first, second = sorted([province.lat_hall.id, province.da_sar_hall.id], key=order.index)
    halls = {province.lat_hall.id: lat, province.da_sar_hall.id: da_sar}
    assert called(chair) == first
    stage = chair.state["stage"][""]
    assert stage["stage"]["point_id"] == first
    assert [each["point_id"] for each in stage["floor"]] == [province.main.id, first]
    assert chair.state["speaking"][""]["turns"] == []
    with pytest.raises(Refused):
        await halls[second].command("roll-call.answer")
    await halls[first].command("roll-call.answer")
    await chair.until(lambda: answer(chair, first)["how"] == "button")
    clock.pass_(seconds=2)
    await watch.look()
    await chair.until(lambda: called(chair) == second)
    assert set(halls[second].state["roll-answers"]) == {str(second)}
    # Somebody is called to speak meanwhile: the roll call stands, and goes on when it is told to.
    await chair.command("floor.give", point_id=first)
    clock.pass_(seconds=9)
    await watch.look()
    await chair.until(lambda: chair.state["roll-call"][""]["next_at"] is None)
    assert chair.state["stage"][""]["stage"]["point_id"] == first
    assert [turn["point_id"] for turn in chair.state["speaking"][""]["turns"]] == [first]
    await chair.command("roll-call.next")
    assert called(chair) is None
    assert chair.state["roll-call"][""]["ended_at"] is not None
    # The second was not heard: called again, and ticked by who heard it.
    await chair.command("roll-call.repeat")
    assert (called(chair), chair.state["roll-call"][""]["run"]) == (second, 2)
    await chair.command("roll-call.tick", point_id=second, here=True)
    await chair.command("roll-call.tick", point_id=order[-1], here=True)
    await chair.command("roll-call.tick", point_id=order[-1], here=False)
    clock.pass_(seconds=2)
    await watch.look()
    await chair.until(lambda: chair.state["roll-call"][""]["ended_at"])
    assert chair.state["roll-call"][""]["answered"] == 2
    assert chair.state["stage"][""]["stage"]["point_id"] == province.main.id
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(SpeakingTurn)) == 1
    api = await browser(province.chair)
    report = (await api.get(f"/api/meetings/{meeting.id}/attendance")).json()
    assert [(call["points"], call["answered"]) for call in report["roll_calls"]] == [(len(order), 2)]
    hows = {point["point_id"]: point["answers"][0] for point in report["points"]}
    assert hows[province.main.id] is None
    assert (hows[first]["how"], hows[second]["how"], hows[order[-1]]["how"]) == ("button", "voice", "")
    file = await api.get(f"/api/meetings/{meeting.id}/attendance.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_name("Điểm cầu").to_python()
    [heading] = [row for row in rows if "Điểm cầu" in row]
    [column] = [index for index, each in enumerate(heading) if str(each).startswith("Điểm danh lúc")]
    assert sum("trả lời bằng lời" in str(row[column]) for row in rows) == 1
    assert "bấm nút trả lời" in (await api.get(f"/api/meetings/{meeting.id}/attendance.csv")).text


async def test_a_rehearsal_leaves_no_roll_call(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    hall = await join(meeting.id, province.lat_hall)
    await chair.command("roll-call.start")
    assert called(chair) == province.lat_hall.id
    await chair.command("roll-call.stand")
    await hall.command("floor.release")
    assert chair.point(province.lat_hall.id)["floor"]
    await chair.command("meeting.return")
    assert not chair.state.get("roll-call")
    assert not hall.state.get("roll-answers")
    # With nobody to call it is over at once, and the meeting's end finds nothing to close.
    await hall.command("hall.leave")
    await chair.command("roll-call.start")
    assert chair.state["roll-call"][""]["ended_at"] is not None
    await chair.command("roll-call.repeat")
    assert chair.state["roll-call"][""]["answered"] == 0
