from typing import Any

import pytest

from server.core.actor import SYSTEM, Role
from server.core.services import Services
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("dinh bao", ["Đinh Báo Cáo"]),
        ("ĐINH", ["Đinh Báo Cáo"]),
        ("  ky   thuat cil ", ["Cil Ha Kỹ Thuật"]),
        ("kơ să", ["Kơ Să Thư Ký"]),
        ("ko sa", ["Kơ Să Thư Ký"]),
        ("%", []),
        ("_", []),
        ("không có ai", []),
    ],
)
async def test_people_are_found_without_diacritics(
    browser: Browsers, province: Province, q: str, found: list[str]
) -> None:
    client = await browser(province.organiser)
    answer = await client.get("/api/people", params={"q": q})
    assert [each["full_name"] for each in answer.json()] == found


async def test_search_within_a_branch(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    answer = await client.get("/api/people", params={"unit_id": province.lac_duong.id})
    assert {each["unit_name"] for each in answer.json()} == {"Xã Đạ Sar", "Huyện Lạc Dương"}
    assert (await client.get("/api/people", params={"unit_id": 999_999})).status_code == 404


async def test_an_administrator_makes_and_edits_a_person(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    body = {"unit_id": province.lat.id, "full_name": "Bon Niêng Ka Lim", "title": "Bí thư", "login": "KaLim"}
    made = await client.post("/api/people", json=body)
    assert made.status_code == 201
    person = made.json()
    assert (person["login"], person["has_password"], person["roles"]) == ("kalim", False, [])
    double = await client.post("/api/people", json=body)
    assert double.json()["details"]["fields"] == {"login": "Tên đăng nhập này đã có người dùng."}
    path = f"/api/people/{person['id']}"
    edited = await client.patch(path, json={"full_name": "Ka Lim", "title": None, "password": "tám ký tự trở lên"})
    assert (edited.json()["full_name"], edited.json()["title"]) == ("Ka Lim", "Bí thư")
    assert edited.json()["has_password"]
    assert [each["id"] for each in (await client.get("/api/people", params={"q": "ka lim"})).json()] == [person["id"]]
    signed_in = await (await browser()).post("/api/session", json={"login": "kalim", "password": "tám ký tự trở lên"})
    assert signed_in.status_code == 200


async def test_disabling_ends_everything(browser: Browsers, province: Province) -> None:
    admin, organiser = await browser(province.admin), await browser(province.organiser)
    link = await admin.post("/api/links", json={"person_id": province.organiser.id})
    assert (await admin.patch(f"/api/people/{province.organiser.id}", json={"disabled": True})).status_code == 200
    assert (await organiser.get("/api/session")).status_code == 401
    token = link.json()["link"].removeprefix("/join/")
    assert (await (await browser()).post("/api/session/link", json={"token": token})).status_code == 404
    names = [each["full_name"] for each in (await admin.get("/api/people")).json()]
    assert "Nguyễn Tổ Chức" not in names
    assert (await admin.patch(f"/api/people/{province.admin.id}", json={"disabled": True})).status_code == 409


def role(name: str, unit_id: int) -> dict[str, Any]:
    return {"role": name, "unit_id": unit_id}


async def test_roles_are_replaced_whole(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    path = f"/api/people/{province.technician.id}/roles"
    roles = [role("operator", province.lac_duong.id), role("delegate", province.da_sar.id)]
    answer = await client.put(path, json=roles)
    assert {(each["role"], each["unit_id"]) for each in answer.json()["roles"]} == {
        (each["role"], each["unit_id"]) for each in roles
    }
    assert (await client.put(path, json=[*roles, *roles])).status_code == 200
    assert (await client.put(path, json=[])).json()["roles"] == []
    own = await client.put(f"/api/people/{province.admin.id}/roles", json=[])
    assert own.status_code == 409


async def test_a_small_administrator_cannot_grow(browser: Browsers, province: Province, services: Services) -> None:
    async with services.transactions(SYSTEM) as tx:
        small = await builders.person(tx.session, province.lac_duong, "Quản Trị Huyện", Role.ADMIN)
        great = await builders.person(tx.session, province.da_sar, "Người Của Tỉnh")
        tx.session.add(builders.RoleGrant(person_id=great.id, role=Role.ORGANISER, unit_id=province.root.id))
    client = await browser(small)
    own = [role("admin", province.lac_duong.id)]
    assert (await client.put(f"/api/people/{small.id}/roles", json=own)).status_code == 200
    assert (
        await client.put(f"/api/people/{small.id}/roles", json=[*own, role("admin", province.root.id)])
    ).status_code == 403
    # Sits in the own branch, but has a role above it: no link, no new password, no role taken away.
    assert (await client.post("/api/links", json={"person_id": great.id})).status_code == 403
    assert (await client.patch(f"/api/people/{great.id}", json={"password": "nghìn năm văn hiến"})).status_code == 403
    assert (await client.put(f"/api/people/{great.id}/roles", json=[])).status_code == 403
    assert (await client.post("/api/links", json={"person_id": province.technician.id})).status_code == 201


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "hall", "/a b"])
async def test_a_link_leads_nowhere_else(browser: Browsers, province: Province, target: str) -> None:
    client = await browser(province.admin)
    answer = await client.post("/api/links", json={"point_id": province.lat_hall.id, "next": target})
    assert answer.status_code == 422


async def test_a_link_is_for_one_owner(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    both = {"point_id": province.lat_hall.id, "person_id": province.chair.id}
    assert (await client.post("/api/links", json=both)).status_code == 422
    assert (await client.post("/api/links", json={})).status_code == 422
