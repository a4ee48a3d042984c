"""Lists of delegates: who is put on them, who is meant by a typed name, and whose list may be changed by whom."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from server.accounts.models import Person
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.errors import Conflict, NotAllowed
from server.core.services import Services
from server.invitations.delegates import add_substitute
from server.meetings.models import AlreadyListed, Meeting
from server.organisations.models import BridgePoint
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.invitations.conftest import Add


async def listed(client: httpx2.AsyncClient, meeting: Meeting, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/meetings/{meeting.id}/delegates", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def people_called(services: Services, name: str) -> list[Person]:
    async with services.database.read() as session:
        return list(await session.scalars(select(Person).where(Person.full_name == name).order_by(Person.id)))


async def test_a_typed_name_becomes_a_person_of_the_halls_unit(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province
) -> None:
    [made] = await add({"full_name": "Rơ Ông Hà Tĩnh", "title": "Trưởng thôn 1", "email": "hatinh@hop.test"})
    assert (made["unit_name"], made["point_name"], made["link"]) == ("Xã Đạ Sar", "Đạ Sar", "none")
    [person] = await people_called(services, "Rơ Ông Hà Tĩnh")
    assert (person.unit_id, person.login, person.title) == (province.da_sar.id, None, "Trưởng thôn 1")
    [online] = await add("Người dự từ xa", point_id=None)
    assert (online["unit_name"], online["point_id"], online["point_name"]) == ("Tỉnh Lâm Đồng", None, "")
    seen = await listed(organiser, meeting)
    counts = {point["name"]: point["count"] for point in seen["points"]}
    assert counts["Đạ Sar"] == counts["Trực tuyến"] == 1
    assert counts["Lát"] == 0
    assert len(counts) == len(province.halls) + 1


async def test_a_name_typed_in_another_meeting_means_the_same_person(
    add: Add, organiser: httpx2.AsyncClient, services: Services, province: Province
) -> None:
    [first] = await add("Cil Múp Thảo")
    other = await builders.conference(services, province, "invited")
    answer = await organiser.post(
        f"/api/meetings/{other.id}/delegates",
        json={"point_id": province.da_sar_hall.id, "people": [{"full_name": "cil mup thao"}]},
    )
    assert answer.json()[0]["person_id"] == first["person_id"]
    assert len(await people_called(services, "Cil Múp Thảo")) == 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({}, {}, True),
        ({}, {"title": "Chủ tịch"}, True),
        ({"title": "Chủ tịch"}, {"title": "chủ tịch"}, True),
        ({"title": "Chủ tịch"}, {"title": "Bí thư"}, False),
        ({"email": "a@hop.test"}, {"email": "A@hop.test", "title": "Khác"}, True),
        ({"email": "a@hop.test"}, {"email": "b@hop.test"}, False),
        ({"phone": "0912 345 678"}, {"phone": "+84912345678"}, True),
        ({"phone": "0912 345 678"}, {"phone": "0912 345 679"}, False),
    ],
)
async def test_namesakes(
    *,
    add: Add,
    organiser: httpx2.AsyncClient,
    meeting: Meeting,
    first: dict[str, str],
    second: dict[str, str],
    same: bool,
) -> None:
    await add({"full_name": "Nguyễn Văn Nam", **first})
    answer = await organiser.post(
        f"/api/meetings/{meeting.id}/delegates",
        json={
            "point_id": (await listed(organiser, meeting))["delegates"][0]["point_id"],
            "people": [{"full_name": "NGUYỄN văn nam", **second}],
        },
    )
    assert answer.status_code == (409 if same else 201), answer.text
    if same:
        assert answer.json()["code"] == "already-listed"


async def test_what_a_list_adds_is_kept_unless_the_person_has_an_account(
    add: Add, services: Services, province: Province
) -> None:
    async with services.transactions(SYSTEM) as tx:
        plain = await builders.person(tx.session, province.da_sar, "Lơ Mu Ha Biên")
    [made] = await add({"full_name": "lơ mu ha biên", "email": "biên@hop.test", "title": "Phó Chủ tịch"})
    assert (made["person_id"], made["email"], made["title"]) == (plain.id, "biên@hop.test", "Phó Chủ tịch")
    [kept] = await add({"full_name": province.delegate.full_name, "email": "ke.gian@hop.test"})
    assert (kept["person_id"], kept["email"]) == (province.delegate.id, None)


async def test_who_was_taken_off_comes_back_as_the_same_line(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    [made] = await add("Cil Ha Krông")
    assert (await organiser.delete(f"/api/delegates/{made['id']}")).status_code == 204
    assert (await listed(organiser, meeting))["delegates"] == []
    assert (await organiser.delete(f"/api/delegates/{made['id']}")).status_code == 404
    assert (await organiser.patch(f"/api/delegates/{made['id']}", json={"role": "guest"})).status_code == 404
    [again] = await add({"person_id": made["person_id"]}, point_id=province.lat_hall.id)
    assert (again["id"], again["point_name"]) == (made["id"], "Lát")


async def test_lists_are_searched_without_diacritics(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    await add("Đỗ Thị Ánh", "Đỗ Văn Bình")
    await add("Đỗ Thị Cúc", point_id=province.lat_hall.id)
    found = await listed(organiser, meeting, q="do thi")
    assert [each["full_name"] for each in found["delegates"]] == ["Đỗ Thị Ánh", "Đỗ Thị Cúc"]
    assert found["total"] == 2
    found = await listed(organiser, meeting, point_id=province.da_sar_hall.id)
    assert [each["full_name"] for each in found["delegates"]] == ["Đỗ Thị Ánh", "Đỗ Văn Bình"]
    found = await listed(organiser, meeting, limit=1)
    assert (len(found["delegates"]), found["total"]) == (1, 3)


async def test_a_line_is_corrected(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    [made] = await add({"full_name": "Pang Tin Sin", "email": "sai@hop.test"})
    edited = await organiser.patch(
        f"/api/delegates/{made['id']}",
        json={"full_name": "Păng Ting Sin", "email": None, "role": "guest", "point_id": province.lat_hall.id},
    )
    assert {name: edited.json()[name] for name in ("full_name", "email", "role", "point_name")} == {
        "full_name": "Păng Ting Sin",
        "email": None,
        "role": "guest",
        "point_name": "Lát",
    }
    assert (await listed(organiser, meeting, q="pang ting"))["total"] == 1
    outside = await organiser.patch(f"/api/delegates/{made['id']}", json={"point_id": 999})
    assert outside.status_code == 422
    account = await add({"person_id": province.delegate.id})
    refused = await organiser.patch(f"/api/delegates/{account[0]['id']}", json={"email": "khac@hop.test"})
    assert (refused.status_code, refused.json()["code"]) == (409, "kept-by-administrator")
    moved = await organiser.patch(f"/api/delegates/{account[0]['id']}", json={"point_id": None})
    assert moved.json()["point_id"] is None


async def test_a_hall_secretary_keeps_the_own_list_until_the_end(
    *,
    add: Add,
    secretary: httpx2.AsyncClient,
    organiser: httpx2.AsyncClient,
    meeting: Meeting,
    services: Services,
    province: Province,
) -> None:
    lists, own, other = f"/api/meetings/{meeting.id}/delegates", province.da_sar_hall.id, province.lat_hall.id
    [elsewhere] = await add("Ở Lát", point_id=other)
    made = await secretary.post(lists, json={"point_id": own, "people": [{"full_name": "Ở Đạ Sar"}]})
    assert made.status_code == 201
    [line] = made.json()
    for place in (other, None):
        answer = await secretary.post(lists, json={"point_id": place, "people": [{"full_name": "Chen vào"}]})
        assert answer.status_code == 403
    seen = await listed(secretary, meeting)
    assert [point["point_id"] for point in seen["points"]] == [own]
    assert [each["full_name"] for each in seen["delegates"]] == ["Ở Đạ Sar"]
    assert (await secretary.patch(f"/api/delegates/{elsewhere['id']}", json={"role": "guest"})).status_code == 403
    assert (await secretary.patch(f"/api/delegates/{line['id']}", json={"point_id": other})).status_code == 403
    assert (await secretary.patch(f"/api/delegates/{line['id']}", json={"email": "moi@hop.test"})).status_code == 200
    # Nobody of another unit is put on the own list by a guessed number, nor the chair's address changed.
    chosen = await secretary.post(lists, json={"point_id": own, "people": [{"person_id": province.stranger.id}]})
    assert chosen.status_code == 403
    [chair] = await add({"person_id": province.chair.id}, point_id=own)
    assert (await secretary.patch(f"/api/delegates/{chair['id']}", json={"email": "toi@hop.test"})).status_code == 409
    async with services.database.read() as session:
        entry = await session.scalar(
            select(AuditEntry).where(AuditEntry.action == "delegates.added", AuditEntry.actor_name == "Kơ Să Thư Ký")
        )
    assert entry is not None
    assert entry.facts["points"] == [own]
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Meeting, meeting.id)).state = "ended"
    late = await secretary.post(lists, json={"point_id": own, "people": [{"full_name": "Muộn"}]})
    assert late.status_code == 409
    assert (await secretary.delete(f"/api/delegates/{line['id']}")).status_code == 409
    assert (await organiser.delete(f"/api/delegates/{line['id']}")).status_code == 204


async def test_a_delegate_sees_the_meeting_while_on_the_list(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, province: Province
) -> None:
    client = await browser(province.stranger)
    assert (await client.get(f"/api/meetings/{meeting.id}")).status_code == 404
    [line] = await add({"person_id": province.stranger.id})
    assert (await client.get(f"/api/meetings/{meeting.id}")).json()["my"]["delegate_id"] == line["id"]
    assert (await client.get(f"/api/meetings/{meeting.id}/delegates")).status_code == 403
    await organiser.delete(f"/api/delegates/{line['id']}")
    assert (await client.get(f"/api/meetings/{meeting.id}")).status_code == 404


async def test_a_substitute_comes_in_a_delegates_stead(
    add: Add, meeting: Meeting, services: Services, province: Province
) -> None:
    [line] = await add("Vắng Mặt")
    async with services.database.read() as session:
        technician = await builders.actor_of(session, province.technician)
        stranger = await builders.actor_of(session, province.district_organiser)
    async with services.transactions(technician) as tx:
        made = await add_substitute(tx, line["id"], full_name="Đi Thay", title="Phó Chủ tịch")
        assert (made.substitutes_id, made.point_id, made.source) == (line["id"], province.da_sar_hall.id, "substitute")
    [person] = await people_called(services, "Đi Thay")
    assert person.unit_id == province.da_sar.id
    with pytest.raises(Conflict, match="already"):
        async with services.transactions(technician) as tx:
            await add_substitute(tx, line["id"], full_name="Người Khác")
    [second] = await add("Vắng Nữa")
    with pytest.raises(AlreadyListed):
        async with services.transactions(technician) as tx:
            await add_substitute(tx, second["id"], full_name="Đi Thay")
    with pytest.raises(NotAllowed):
        async with services.transactions(stranger) as tx:
            await add_substitute(tx, second["id"], full_name="Ai Đó")


async def test_twelve_thousand_are_counted_without_being_loaded(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    for start in range(0, 1500, 500):
        await add(*(f"Đại biểu {number:05}" for number in range(start, start + 500)))
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).where(Person.full_name.startswith("Đại biểu "))) == 1500
    too_many = await organiser.post(
        f"/api/meetings/{meeting.id}/delegates",
        json={"point_id": None, "people": [{"full_name": str(n)} for n in range(501)]},
    )
    assert too_many.status_code == 422
    seen = await listed(organiser, meeting, limit=3)
    assert [each["position"] for each in seen["delegates"]] == [0, 1, 2]
    assert seen["total"] == 1500


async def test_a_list_is_read_page_by_page(browser: Browsers, services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        meeting = await builders.meeting(
            tx.session, province.root, [province.main, province.lat_hall], state="invited", created_by=None
        )
    organiser = await browser(province.organiser)
    for point_id, count in ((province.lat_hall.id, 7), (None, 4)):
        people = [{"full_name": f"Người Thứ {number} {point_id}"} for number in range(count)]
        made = await organiser.post(
            f"/api/meetings/{meeting.id}/delegates", json={"point_id": point_id, "people": people}
        )
        assert made.status_code == 201
    address = f"/api/meetings/{meeting.id}/delegates"
    whole = (await organiser.get(address)).json()
    pages = [(await organiser.get(address, params={"limit": 3, "offset": at})).json() for at in range(0, 12, 3)]
    assert [page["total"] for page in pages] == [11] * 4
    assert [each["id"] for page in pages for each in page["delegates"]] == [each["id"] for each in whole["delegates"]]
    online = (await organiser.get(address, params={"online": True})).json()
    assert (online["total"], {each["point_id"] for each in online["delegates"]}) == (4, {None})
    assert (await organiser.get(address, params={"limit": 501})).status_code == 422


async def without(organiser: httpx2.AsyncClient, meeting: Meeting, hall: BridgePoint, **more: str) -> httpx2.Response:
    """The organiser takes a hall out of the meeting."""
    now = (await organiser.get(f"/api/meetings/{meeting.id}")).json()
    left = [{"point_id": each["point_id"]} for each in now["points"] if each["point_id"] != hall.id]
    return await organiser.patch(
        f"/api/meetings/{meeting.id}", json={"version": now["version"], "points": left, **more}
    )


@pytest.mark.parametrize("people", ["online", "off-list"])
async def test_a_hall_taken_out_asks_what_becomes_of_its_delegates(
    people: str, organiser: httpx2.AsyncClient, meeting: Meeting, add: Add, province: Province
) -> None:
    left = ["Kon Một", "Kon Hai"] if people == "online" else []
    await add("Kon Một", "Kon Hai")
    await add("Người Lát", point_id=province.lat_hall.id)
    refused = await without(organiser, meeting, province.da_sar_hall)
    assert (refused.status_code, refused.json()["code"]) == (409, "delegates-there")
    assert refused.json()["details"]["points"] == [
        {"point_id": province.da_sar_hall.id, "name": "Đạ Sar", "delegates": 2}
    ]
    kept = (await organiser.get(f"/api/meetings/{meeting.id}")).json()
    assert province.da_sar_hall.id in [each["point_id"] for each in kept["points"]], "nothing was saved"

    done = await without(organiser, meeting, province.da_sar_hall, removed_people=people)
    assert done.status_code == 200, done.text
    rows = (await listed(organiser, meeting))["delegates"]
    assert [row["full_name"] for row in rows if row["point_id"] is None] == left
    assert "Người Lát" in [row["full_name"] for row in rows]


async def test_a_hall_without_delegates_goes_without_a_question(
    organiser: httpx2.AsyncClient, meeting: Meeting, add: Add, province: Province
) -> None:
    [one] = await add("Kon Một")
    await organiser.delete(f"/api/delegates/{one['id']}")
    assert (await without(organiser, meeting, province.da_sar_hall)).status_code == 200
