"""How far links, roles and contacts reach: an administrator gives no more than he has, and what justified a way in
takes it along when it ends."""

import httpx2
import pytest
from sqlalchemy import delete

from server.accounts.models import AccessLink, Person, RoleGrant
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def district_admin(services: Services, province: Province) -> Person:
    """Of Lạc Dương and its communes."""
    async with services.transactions(SYSTEM) as tx:
        return await builders.person(tx.session, province.lac_duong, "Huyện Quản Trị", Role.ADMIN)


async def open_link(browser: Browsers, made: httpx2.Response) -> httpx2.AsyncClient:
    assert made.status_code == 201, made.text
    client = await browser()
    answer = await client.post("/api/session/link", json={"token": made.json()["link"].removeprefix("/join/")})
    assert answer.status_code == 200, answer.text
    return client


async def led_by(services: Services, province: Province, chair: Person) -> Meeting:
    """A meeting of the province over Đạ Sar, which somebody of a commune chairs."""
    async with services.transactions(SYSTEM) as tx:
        return await builders.meeting(
            tx.session, province.root, [province.main, province.da_sar_hall], state="running", chair=chair
        )


async def test_a_small_administrator_does_not_become_the_chair(
    browser: Browsers, province: Province, services: Services, district_admin: Person
) -> None:
    admin = await browser(district_admin)
    async with services.transactions(SYSTEM) as tx:
        leader = await builders.person(tx.session, province.da_sar, "Bí thư xã", login="bithuxa")
    earlier = await open_link(browser, await admin.post("/api/links", json={"person_id": leader.id}))
    meeting = await led_by(services, province, leader)
    # A link from before reaches what its maker could give, and not what the person has got since.
    assert (await earlier.get(f"/api/meetings/{meeting.id}")).status_code == 404
    for method, path, body in (
        ("POST", "/api/links", {"person_id": leader.id}),
        ("PATCH", f"/api/people/{leader.id}", {"password": "một mật khẩu thật dài"}),
        ("PATCH", f"/api/people/{leader.id}", {"email": "ke@xau.example"}),
        ("PATCH", f"/api/people/{leader.id}", {"login": "toi"}),
    ):
        answer = await admin.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "needs-higher-administrator"), path
    assert (await admin.patch(f"/api/people/{leader.id}", json={"title": "Bí thư Đảng ủy"})).status_code == 200
    above = await browser(province.admin)
    full = await open_link(browser, await above.post("/api/links", json={"person_id": leader.id}))
    assert (await full.get(f"/api/meetings/{meeting.id}")).json()["my"]["conduct"]
    [notice, *_] = (await full.get("/api/notices")).json()["notices"]
    assert (notice["kind"], notice["data"]["by"]) == ("account.link-made", "Trần Quản Trị")


async def test_a_link_carries_no_role_that_its_maker_could_not_give(
    browser: Browsers, province: Province, services: Services, district_admin: Person
) -> None:
    admin = await browser(district_admin)
    client = await open_link(browser, await admin.post("/api/links", json={"person_id": province.delegate.id}))
    assert (await client.get("/api/session")).json()["can_plan"] is False
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(
            RoleGrant(person_id=province.delegate.id, role=Role.ORGANISER, unit_id=province.root.id),
        )
    assert (await client.get("/api/session")).json()["can_plan"] is False


async def test_whoever_made_a_meeting_keeps_it_only_with_the_role(
    browser: Browsers, province: Province, services: Services
) -> None:
    meeting = await builders.conference(services, province, "invited")
    client = await browser(province.organiser)
    assert (await client.get(f"/api/meetings/{meeting.id}")).json()["my"]["organise"]
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(RoleGrant).where(RoleGrant.person_id == province.organiser.id))
    assert (await client.get(f"/api/meetings/{meeting.id}")).status_code == 404
    assert (await client.post(f"/api/meetings/{meeting.id}/withdraw")).status_code == 404


async def test_contacts_are_kept_by_the_own_unit(
    browser: Browsers, province: Province, services: Services, district_admin: Person
) -> None:
    """An organiser of Đức Trọng neither puts people of others on lists, nor is given their addresses, nor changes
    them; and the own chair's address not either, once that one leads a meeting of the province."""
    organiser = await browser(province.district_organiser)
    async with services.transactions(SYSTEM) as tx:
        own = await builders.meeting(
            tx.session, province.duc_trong, [province.duc_trong_hall], created_by=province.district_organiser
        )
        leader = await builders.person(tx.session, province.root, "Lãnh Đạo Tỉnh")
        leader.email = "lanh.dao@tinh.example"
        neighbour = await builders.person(tx.session, province.hiep_an, "Trưởng Thôn")
        neighbour.email = "truong.thon@xa.example"
    for person in (leader, province.chair, province.delegate):
        chosen = {"point_id": None, "people": [{"person_id": person.id}]}
        answer = await organiser.post(f"/api/meetings/{own.id}/delegates", json=chosen)
        assert answer.status_code == 422
        assert "tinh.example" not in answer.text
        named = await organiser.patch(f"/api/meetings/{own.id}", json={"version": 1, "chair_id": person.id})
        assert named.status_code == 422
    assert (await organiser.get("/api/people", params={"q": "lanh dao"})).json() == []
    # Whom the province itself puts on that list keeps what the own unit says.
    async with services.transactions(SYSTEM) as tx:
        guest = await library.delegate(tx.session, own, leader, None, "guest")
        local = await library.delegate(tx.session, own, neighbour, province.duc_trong_hall)
    for name, value in (("email", "ke@xau.example"), ("full_name", "Ai Đó"), ("phone", "0900000000")):
        answer = await organiser.patch(f"/api/delegates/{guest.id}", json={name: value})
        assert (answer.status_code, answer.json()["code"]) == (409, "kept-by-unit")
    changed = await organiser.patch(f"/api/delegates/{local.id}", json={"email": "moi@xa.example"})
    assert (changed.status_code, changed.json()["email"]) == (200, "moi@xa.example")
    await led_by(services, province, neighbour)
    assert (await organiser.patch(f"/api/delegates/{local.id}", json={"email": "ke@xau.example"})).status_code == 403
    typed = {"point_id": province.duc_trong_hall.id, "people": [{"full_name": "Lãnh Đạo Tỉnh", "email": "a@b.example"}]}
    assert (await organiser.post(f"/api/meetings/{own.id}/delegates", json=typed)).status_code == 201
    async with services.database.read() as session:
        kept = await session.get_one(Person, leader.id)
        assert kept.email == "lanh.dao@tinh.example"


async def test_a_hall_secretary_fills_in_no_address_of_who_leads(
    browser: Browsers, province: Province, services: Services
) -> None:
    async with services.transactions(SYSTEM) as tx:
        leader = await builders.person(tx.session, province.da_sar, "Chủ Tịch Xã")
    meeting = await led_by(services, province, leader)
    secretary = await browser(province.hall_secretary)
    typed = {
        "point_id": province.da_sar_hall.id,
        "people": [{"full_name": "Chủ Tịch Xã", "email": "ke@xau.example"}, {"full_name": "Dân Thường"}],
    }
    assert (await secretary.post(f"/api/meetings/{meeting.id}/delegates", json=typed)).status_code == 201
    async with services.database.read() as session:
        assert (await session.get_one(Person, leader.id)).email is None


async def test_a_new_password_ends_links_that_open_as_much(
    browser: Browsers, province: Province, services: Services
) -> None:
    admin = await browser(province.admin)
    owner = await browser()
    assert (
        await admin.patch(f"/api/people/{province.organiser.id}", json={"password": "sông núi nước Nam"})
    ).status_code == 200
    signed_in = await owner.post("/api/session", json={"login": "tochuc", "password": "sông núi nước Nam"})
    assert signed_in.status_code == 200
    made = await admin.post("/api/links", json={"person_id": province.organiser.id, "days": 400})
    stolen = await open_link(browser, made)
    async with services.database.read() as session:
        link = await session.get_one(AccessLink, 1)
        assert (link.expires_at - link.created_at).days == 7, "it is there to come in once"
    change = {"current": "sông núi nước Nam", "new": "nghìn năm văn hiến"}
    assert (await owner.put("/api/session/password", json=change)).status_code == 204
    assert (await stolen.get("/api/session")).status_code == 401
    again = await (await browser()).post(
        "/api/session/link", json={"token": made.json()["link"].removeprefix("/join/")}
    )
    assert again.json()["code"] == "link-ended"


async def test_a_new_link_of_a_hall_ends_the_stolen_device(browser: Browsers, province: Province) -> None:
    technician, stolen = await browser(province.technician), await browser(province.da_sar_hall)
    other = await browser(province.lat_hall)
    body = {"point_id": province.da_sar_hall.id, "replace": True}
    fresh = await open_link(browser, await technician.post("/api/links", json=body))
    assert (await stolen.get("/api/session")).status_code == 401
    assert (await fresh.get("/api/session")).json()["point_id"] == province.da_sar_hall.id
    assert (await other.get("/api/session")).status_code == 200


async def test_an_administrator_ends_the_sessions_of_own_people(
    browser: Browsers, province: Province, district_admin: Person
) -> None:
    admin, lost, second = (
        await browser(district_admin),
        await browser(province.delegate),
        await browser(province.delegate),
    )
    path = f"/api/people/{province.delegate.id}/sessions"
    first, _ = reversed((await admin.get(path)).json())
    assert (await admin.delete(f"{path}/{first['id']}")).status_code == 204
    assert [(await each.get("/api/session")).status_code for each in (lost, second)] == [401, 200]
    assert (await admin.delete(path)).status_code == 204
    assert (await second.get("/api/session")).status_code == 401
    for who in (province.organiser, province.admin):
        assert (await admin.get(f"/api/people/{who.id}/sessions")).status_code == 403
    own = await browser(district_admin)
    assert (await own.delete("/api/sessions")).status_code == 204
    assert (await admin.get("/api/session")).status_code == 401
    assert (await own.get("/api/session")).status_code == 200
