from typing import Any

import pytest
from sqlalchemy import select

from server.core.services import Services
from server.organisations.models import Unit
from tests.builders import Province, conference
from tests.conftest import Browsers


def unit(parent_id: int, name: str, **more: Any) -> dict[str, Any]:
    return {"parent_id": parent_id, "name": name, "short_name": name, "level": "below", **more}


async def test_a_tree_of_any_depth(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    parent, path = province.da_sar.id, province.da_sar.path
    for depth in range(6):
        answer = await client.post("/api/units", json=unit(parent, f"Tổ {depth}"))
        assert answer.status_code == 201
        parent = answer.json()["id"]
        path = f"{path}{parent}/"
        assert answer.json()["path"] == path
    tree = (await client.get("/api/units")).json()
    assert {each["id"] for each in tree["units"]} >= {parent, province.root.id}


async def test_a_tree_too_deep_is_refused_in_words(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    parent = province.da_sar.id
    for depth in range(300):
        answer = await client.post("/api/units", json=unit(parent, f"Tổ {depth}"))
        if answer.status_code != 201:
            break
        parent = answer.json()["id"]
    assert answer.status_code == 422
    assert "sâu quá" in answer.json()["details"]["fields"]["parent_id"]


async def test_a_move_takes_the_branch_along(browser: Browsers, province: Province, services: Services) -> None:
    client = await browser(province.admin)
    below = (await client.post("/api/units", json=unit(province.da_sar.id, "Thôn 1"))).json()
    moved = await client.patch(f"/api/units/{province.lac_duong.id}", json={"parent_id": province.duc_trong.id})
    assert moved.status_code == 200
    async with services.database.read() as session:
        paths = dict((await session.execute(select(Unit.id, Unit.path))).all())
    top = f"/{province.root.id}/{province.duc_trong.id}/{province.lac_duong.id}/"
    assert moved.json()["path"] == paths[province.lac_duong.id] == top
    assert paths[province.da_sar.id] == f"{top}{province.da_sar.id}/"
    assert paths[below["id"]] == f"{top}{province.da_sar.id}/{below['id']}/"
    assert paths[province.hiep_an.id] == province.hiep_an.path


async def test_rights_follow_the_move(browser: Browsers, province: Province) -> None:
    organiser = await browser(province.district_organiser)
    before = {each["id"] for each in (await organiser.get("/api/units")).json()["points"]}
    assert before == {province.duc_trong_hall.id, province.hiep_an_hall.id}
    admin = await browser(province.admin)
    await admin.patch(f"/api/units/{province.lat.id}", json={"parent_id": province.duc_trong.id})
    after = {each["id"] for each in (await organiser.get("/api/units")).json()["points"]}
    assert after == before | {province.lat_hall.id}


async def test_a_unit_never_moves_below_itself(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    for target in (province.lac_duong.id, province.da_sar.id):
        refused = await client.patch(f"/api/units/{province.lac_duong.id}", json={"parent_id": target})
        assert refused.status_code == 422
    assert (
        await client.patch(f"/api/units/{province.root.id}", json={"parent_id": province.lat.id})
    ).status_code == 409


async def test_delete_is_refused_while_in_use(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    refused = await client.delete(f"/api/units/{province.lac_duong.id}")
    assert refused.status_code == 409
    assert "2 đơn vị trực thuộc và 1 điểm cầu" in refused.json()["vi"]
    empty = (await client.post("/api/units", json=unit(province.lat.id, "Thôn trống"))).json()["id"]
    assert (await client.delete(f"/api/units/{empty}")).status_code == 204
    peopled = (await client.post("/api/units", json=unit(province.lat.id, "Thôn có người"))).json()["id"]
    await client.post("/api/people", json={"unit_id": peopled, "full_name": "Người Thôn"})
    refused = await client.delete(f"/api/units/{peopled}")
    assert refused.status_code == 409
    assert "còn người" in refused.json()["vi"]
    assert (await client.delete(f"/api/units/{province.root.id}")).status_code == 409


async def test_a_point_that_was_in_a_meeting_is_closed_not_deleted(
    browser: Browsers, province: Province, services: Services
) -> None:
    await conference(services, province, "ended")
    client = await browser(province.admin)
    refused = await client.delete(f"/api/points/{province.lat_hall.id}")
    assert refused.status_code == 409
    assert "Ngừng sử dụng" in refused.json()["vi"]
    assert (await client.patch(f"/api/points/{province.lat_hall.id}", json={"closed": True})).status_code == 200
    assert province.lat_hall.id not in {each["id"] for each in (await client.get("/api/units")).json()["points"]}
    second = await client.post("/api/points", json={"unit_id": province.lat.id, "name": "Lát 2", "short_name": "Lát 2"})
    assert (await client.delete(f"/api/points/{second.json()['id']}")).status_code == 204


@pytest.mark.parametrize("code", ["H36.1.2", "h36.A1", "G09", "000.01.02.H36", "H36." + "A" * 31])
async def test_unit_codes_that_are_right(browser: Browsers, province: Province, code: str) -> None:
    client = await browser(province.admin)
    answer = await client.post("/api/units", json=unit(province.lat.id, "X", code=code))
    assert answer.status_code == 201
    assert answer.json()["code"] == code.upper()
    double = await client.post("/api/units", json=unit(province.lat.id, "Y", code=code))
    assert double.json()["details"]["fields"] == {"code": "Mã này đã dùng cho “X”."}


@pytest.mark.parametrize("code", ["", ".", "H36.", "36.H", "H36..1", "H36-1", "Đ36", "000.1.2.H36", "H36." + "A" * 32])
async def test_unit_codes_that_are_wrong(browser: Browsers, province: Province, code: str) -> None:
    client = await browser(province.admin)
    answer = await client.post("/api/units", json=unit(province.lat.id, "X", code=code))
    assert answer.status_code == 422
    assert "code" in answer.json()["details"]["fields"]


async def test_each_sees_the_own_branches_and_what_is_above(browser: Browsers, province: Province) -> None:
    hall = (await (await browser(province.da_sar_hall)).get("/api/units")).json()
    chain = [province.root.id, province.lac_duong.id, province.da_sar.id]
    assert [each["id"] for each in hall["units"]] == chain
    assert [each["id"] for each in hall["points"]] == [province.da_sar_hall.id]
    stranger = (await (await browser(province.stranger)).get("/api/units")).json()
    assert stranger == {"units": [], "points": []}


async def test_contacts_are_for_those_who_call(browser: Browsers, province: Province) -> None:
    admin = await browser(province.admin)
    contact = {"contact_name": "Cil Ha", "contact_phone": "0263 555 0001"}
    await admin.patch(f"/api/points/{province.da_sar_hall.id}", json=contact)

    async def seen_by(who: Any) -> Any:
        points = (await (await browser(who)).get("/api/units")).json()["points"]
        return next(each["contact_phone"] for each in points if each["id"] == province.da_sar_hall.id)

    assert await seen_by(province.operator) == "0263 555 0001"
    assert await seen_by(province.technician) == "0263 555 0001"
    assert await seen_by(province.delegate) is None
