"""Many delegates at once: one request, one event, and a word on everybody it could not be done for."""

import httpx2
from sqlalchemy import func, select

from server.core.services import Services
from server.live.models import MeetingEvent
from server.meetings.models import Delegate, Meeting
from tests.builders import Province
from tests.server.invitations.conftest import Add


async def events(services: Services, meeting: Meeting) -> int:
    async with services.database.read() as session:
        statement = select(func.count()).select_from(MeetingEvent).where(MeetingEvent.meeting_id == meeting.id)
        return await session.scalar(statement) or 0


async def places(services: Services, meeting: Meeting) -> dict[int, tuple[int | None, bool]]:
    async with services.database.read() as session:
        found = await session.scalars(select(Delegate).where(Delegate.meeting_id == meeting.id))
        return {each.id: (each.point_id, each.removed_at is None) for each in found}


async def test_three_hundred_move_and_leave_in_one_request_each(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province
) -> None:
    made = [each["id"] for each in await add(*(f"Đại biểu Số {number}" for number in range(300)))]
    before = await events(services, meeting)
    answer = await organiser.post(
        f"/api/meetings/{meeting.id}/delegates/move", json={"delegate_ids": made, "point_id": province.lat_hall.id}
    )
    assert answer.json() == {"done": made, "left": []}
    assert set((await places(services, meeting)).values()) == {(province.lat_hall.id, True)}
    after = await events(services, meeting)
    assert after <= before + 1
    answer = await organiser.post(f"/api/meetings/{meeting.id}/delegates/remove", json={"delegate_ids": made})
    assert answer.json() == {"done": made, "left": []}
    assert not any(on_list for _, on_list in (await places(services, meeting)).values())
    assert await events(services, meeting) <= after + 1


async def test_who_is_left_is_named_with_the_reason(
    add: Add, organiser: httpx2.AsyncClient, secretary: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    [own] = await add("Cil Múp Thảo")
    [gone] = await add("Người Vừa Bỏ")
    [other] = await add("Đại biểu xã Lát", point_id=province.lat_hall.id)
    assert (await organiser.delete(f"/api/delegates/{gone['id']}")).status_code == 204
    answer = await secretary.post(
        f"/api/meetings/{meeting.id}/delegates/remove",
        json={"delegate_ids": [own["id"], gone["id"], other["id"], 999_999]},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["done"] == [own["id"]]
    left = {each["delegate_id"]: (each["full_name"], each["en"][:9]) for each in answer.json()["left"]}
    # Another hall's people are not told by name to who keeps this one's list.
    assert left == {
        gone["id"]: ("Người Vừa Bỏ", "No longer"),
        other["id"]: ("", "Of anothe"),
        999_999: ("", "No longer"),
    }
    still = await organiser.get(f"/api/meetings/{meeting.id}/delegates", params={"point_id": province.lat_hall.id})
    assert [each["id"] for each in still.json()["delegates"]] == [other["id"]]


async def test_nothing_moves_to_a_hall_outside_the_meeting(
    add: Add, secretary: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province
) -> None:
    [own] = await add("Cil Múp Thảo")
    answer = await secretary.post(
        f"/api/meetings/{meeting.id}/delegates/move",
        json={"delegate_ids": [own["id"]], "point_id": province.lat_hall.id},
    )
    assert answer.status_code == 403
    assert (await places(services, meeting))[own["id"]] == (province.da_sar_hall.id, True)


async def test_a_list_stands_in_the_order_it_was_put_into(
    add: Add, organiser: httpx2.AsyncClient, secretary: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    first, second, third = (each["id"] for each in await add("Trần Văn Một", "Lê Thị Hai", "Bùi Văn Ba"))
    [elsewhere] = await add("Đại biểu xã Lát", point_id=province.lat_hall.id)
    at = f"/api/meetings/{meeting.id}"

    async def shown() -> tuple[list[int], list[int]]:
        """On the page of the lists, and at the hall that takes attendance."""
        listed = await organiser.get(f"{at}/delegates", params={"point_id": province.da_sar_hall.id})
        roll = await secretary.get(f"{at}/points/{province.da_sar_hall.id}/people")
        return [each["id"] for each in listed.json()["delegates"]], [
            each["delegate_id"] for each in roll.json()["people"]
        ]

    assert await shown() == ([first, second, third],) * 2
    [late] = await add("Người Thêm Sau")
    body = {"point_id": province.da_sar_hall.id, "delegate_ids": [third, elsewhere["id"], first, second]}
    answer = await organiser.put(f"{at}/delegates/order", json=body)
    assert answer.status_code == 204, answer.text
    assert await shown() == ([third, first, second, late["id"]],) * 2
    # Who comes later stands behind.
    [last] = await add("Người Sau Cùng")
    assert (await shown())[0] == [third, first, second, late["id"], last["id"]]
    other = {"point_id": province.lat_hall.id, "delegate_ids": [elsewhere["id"]]}
    assert (await secretary.put(f"{at}/delegates/order", json=other)).status_code == 403
