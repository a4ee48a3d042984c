"""One meeting, one set of figures: whatever page asks, so many people at so many halls and online."""

from typing import Any

import httpx2

from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import library
from tests.builders import Province
from tests.server.invitations.conftest import Add


async def told(organiser: httpx2.AsyncClient, meeting_id: int, policy: dict[str, Any]) -> dict[str, Any]:
    """What each answer that a page is made of says of the lists."""

    async def get(path: str) -> Any:
        answer = await organiser.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    about = f"/api/meetings/{meeting_id}"
    [summary] = [each for each in await get("/api/meetings") if each["id"] == meeting_id]
    readers = await organiser.post(f"{about}/papers/readers", json=policy)
    return {
        "home": summary["lists"],
        "meeting": (await get(about))["lists"],
        "delegates": (await get(f"{about}/delegates"))["lists"],
        "turnout": (await get(f"{about}/people"))["lists"],
        "receipts": (await get(f"{about}/receipts"))["lists"],
        "rights": readers.json()["lists"],
    }


async def test_every_page_says_the_same(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province
) -> None:
    [first] = await add("Cil Múp Thảo")
    await add("Kơ Să Ha Tư")
    await add("Người dự từ xa", point_id=None)
    await add("Đại biểu xã Lát", point_id=province.lat_hall.id)
    substitute = await organiser.post(
        f"/api/meetings/{meeting.id}/points/{province.da_sar_hall.id}/substitutes",
        json={"delegate_id": first["id"], "full_name": "Người Dự Thay"},
    )
    assert substitute.status_code in (200, 201), substitute.text
    async with services.transactions(SYSTEM) as tx:
        await library.paper(tx.session, meeting)
    said = await told(organiser, meeting.id, {})
    expected = {"points": len(province.halls), "listed_points": 2, "people": 4, "online": 1}
    assert said == dict.fromkeys(said, expected)
    turnout = (await organiser.get(f"/api/meetings/{meeting.id}/people")).json()
    assert turnout["totals"]["expected"] == expected["people"]
    counts = {
        point["point_id"]: point["count"]
        for point in (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["points"]
    }
    assert sum(counts.values()) == expected["people"]
    assert counts[None] == expected["online"]


async def test_a_hall_secretary_is_told_of_the_own_hall(
    add: Add, secretary: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    await add("Cil Múp Thảo")
    await add("Đại biểu xã Lát", point_id=province.lat_hall.id)
    await add("Người dự từ xa", point_id=None)
    answer = await secretary.get(f"/api/meetings/{meeting.id}/delegates")
    assert answer.json()["lists"] == {"points": 1, "listed_points": 1, "people": 1, "online": 0}
    assert (await secretary.get(f"/api/meetings/{meeting.id}")).json()["lists"] is None
