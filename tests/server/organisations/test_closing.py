"""The end of a unit: what hangs on it, who takes it over, who may decide it."""

from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.models import Person, Post, RoleGrant
from server.core.actor import SYSTEM
from server.core.services import Services
from server.organisations.models import BridgePoint, Unit
from tests.builders import Province, conference
from tests.conftest import Browsers


async def test_what_hangs_on_a_unit_is_counted(browser: Browsers, province: Province, services: Services) -> None:
    await conference(services, province, "invited")
    await conference(services, province, "ended")
    admin = await browser(province.admin)
    async with services.database.read() as session:
        people = (await session.scalars(select(Person.id).where(Person.unit_id == province.root.id))).all()
        roles = (await session.scalars(select(RoleGrant.id).where(RoleGrant.unit_id == province.root.id))).all()
    uses = (await admin.get(f"/api/units/{province.root.id}/uses")).json()
    assert uses == {
        "units": 2,
        "points": 1,
        "people": len(people),
        "roles": len(roles),
        "posts": 0,
        "plans": 0,
        "meetings": 2,
        "meetings_ahead": 1,
    }
    point = (await admin.get(f"/api/points/{province.lat_hall.id}/uses")).json()
    assert point == {"meetings": 2, "meetings_ahead": 1, "devices": 0}
    for who in (province.district_organiser, province.stranger, province.da_sar_hall):
        for path in (f"units/{province.lac_duong.id}", f"points/{province.lat_hall.id}"):
            assert (await (await browser(who)).get(f"/api/{path}/uses")).status_code == 403


async def test_a_district_is_dissolved_into_the_province(
    browser: Browsers, province: Province, services: Services
) -> None:
    """The reorganisation of 2025-07-01: its communes come directly under the province."""
    admin = await browser(province.admin)
    person = (
        await admin.post("/api/people", json={"unit_id": province.lac_duong.id, "full_name": "Cán Bộ Huyện"})
    ).json()
    roles = [{"role": "organiser", "unit_id": province.lac_duong.id}]
    assert (await admin.put(f"/api/people/{person['id']}/roles", json=roles)).status_code == 200
    closed = await admin.post(
        f"/api/units/{province.lac_duong.id}/close",
        json={"valid_until": "2025-06-30", "successor_id": province.root.id},
    )
    assert closed.status_code == 200, closed.text
    assert closed.json()["valid_until"] == "2025-06-30"
    assert closed.json()["successor_id"] == province.root.id
    async with services.database.read() as session:
        paths = dict((await session.execute(select(Unit.id, Unit.path))).all())
        hall = await session.get_one(BridgePoint, province.lac_duong_hall.id)
        moved = await session.get_one(Person, person["id"])
        grants = (
            await session.execute(select(RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.person_id == moved.id))
        ).all()
    assert paths[province.da_sar.id] == f"/{province.root.id}/{province.da_sar.id}/"
    assert paths[province.lac_duong.id] == province.lac_duong.path
    assert hall.unit_id == moved.unit_id == province.root.id
    assert [(grant.role, grant.unit_id) for grant in grants] == [("organiser", province.root.id)]
    again = await admin.post(f"/api/units/{province.lac_duong.id}/reopen")
    assert (again.json()["valid_until"], again.json()["successor_id"]) == (None, None)


async def test_who_had_the_same_role_at_both_has_it_once(
    browser: Browsers, province: Province, services: Services
) -> None:
    admin = await browser(province.admin)
    person = (await admin.post("/api/people", json={"unit_id": province.lat.id, "full_name": "Kiêm Nhiệm"})).json()
    roles = [{"role": "technician", "unit_id": unit.id} for unit in (province.lat, province.da_sar)]
    await admin.put(f"/api/people/{person['id']}/roles", json=roles)
    merge = {"valid_until": "2025-06-30", "successor_id": province.da_sar.id, "hand_over": ["people"]}
    assert (await admin.post(f"/api/units/{province.lat.id}/close", json=merge)).status_code == 200
    async with services.database.read() as session:
        grants = (await session.scalars(select(RoleGrant).where(RoleGrant.person_id == person["id"]))).all()
        hall = await session.get_one(BridgePoint, province.lat_hall.id)
    assert [(grant.role, grant.unit_id) for grant in grants] == [("technician", province.da_sar.id)]
    assert hall.unit_id == province.lat.id, "only people were handed over"


async def test_nothing_is_left_under_a_closed_unit(browser: Browsers, province: Province) -> None:
    admin = await browser(province.admin)
    refused = await admin.post(f"/api/units/{province.lac_duong.id}/close", json={"valid_until": "2025-06-30"})
    assert refused.status_code == 409
    assert refused.json()["code"] == "unit-still-holds"
    assert refused.json()["details"]["units"] == 2
    for commune in (province.lat, province.da_sar):
        assert (
            await admin.post(f"/api/units/{commune.id}/close", json={"valid_until": "2025-06-30"})
        ).status_code == 200
    last = await admin.post(f"/api/units/{province.lac_duong.id}/close", json={"valid_until": "2025-06-30"})
    assert last.status_code == 200


async def test_a_successor_goes_on_and_is_another(browser: Browsers, province: Province) -> None:
    admin = await browser(province.admin)
    close = f"/api/units/{province.lac_duong.id}/close"
    for successor in (province.lac_duong.id, province.lat.id):
        answer = await admin.post(close, json={"valid_until": "2025-06-30", "successor_id": successor})
        assert "successor_id" in answer.json()["details"]["fields"]
    await admin.post(f"/api/units/{province.hiep_an.id}/close", json={"valid_until": "2025-06-30"})
    answer = await admin.post(close, json={"valid_until": "2025-06-30", "successor_id": province.hiep_an.id})
    assert "còn hoạt động" in answer.json()["details"]["fields"]["successor_id"]
    root = await admin.post(f"/api/units/{province.root.id}/close", json={"valid_until": "2025-06-30"})
    assert root.status_code == 409


@pytest.mark.parametrize("who", ["district_organiser", "organiser", "operator", "technician", "stranger"])
async def test_only_administrators_end_units(browser: Browsers, province: Province, who: str) -> None:
    client = await browser(getattr(province, who))
    body: dict[str, Any] = {"valid_until": "2025-06-30", "successor_id": province.root.id}
    assert (await client.post(f"/api/units/{province.lac_duong.id}/close", json=body)).status_code == 403
    assert (await client.post(f"/api/units/{province.lac_duong.id}/reopen")).status_code == 403


async def test_both_schemes_of_codes(browser: Browsers, province: Province) -> None:
    admin = await browser(province.admin)
    url = f"/api/units/{province.lat.id}"
    kept = await admin.patch(url, json={"code": "H36.7.3", "former_code": "000.07.03.h36"})
    assert (kept.json()["code"], kept.json()["former_code"]) == ("H36.7.3", "000.07.03.H36")
    double = await admin.patch(f"/api/units/{province.da_sar.id}", json={"former_code": "000.07.03.H36"})
    assert double.json()["details"]["fields"] == {"former_code": f"Mã này đã dùng cho “{province.lat.name}”."}
    wrong = await admin.patch(url, json={"former_code": "H36.7.3"})
    assert "000.01.02.H36" in wrong.json()["details"]["fields"]["former_code"]
    assert (await admin.patch(url, json={"former_code": None})).json()["former_code"] is None


async def test_a_point_moves_to_another_unit_and_closed_ones_are_for_administrators(
    browser: Browsers, province: Province
) -> None:
    admin = await browser(province.admin)
    url = f"/api/points/{province.lat_hall.id}"
    line = {"main_line": "VNPT cáp quang 50 Mbit/s", "equipment": "Camera PTZ\nMáy tính dự phòng", "address": "Thôn 1"}
    assert (await admin.patch(url, json={"unit_id": province.da_sar.id, **line})).json()[
        "unit_id"
    ] == province.da_sar.id
    assert (await admin.patch(url, json={"closed": True})).status_code == 200

    async def seen(who: Any, query: str = "") -> dict[int, Any]:
        tree = (await (await browser(who)).get(f"/api/units{query}")).json()
        return {point["id"]: point for point in tree["points"]}

    assert province.lat_hall.id not in await seen(province.admin)
    assert (await seen(province.admin, "?closed=true"))[province.lat_hall.id]["closed_at"] is not None
    assert province.lat_hall.id not in await seen(province.technician, "?closed=true")
    await admin.patch(url, json={"closed": False})
    shown = (await seen(province.delegate)).get(province.lat_hall.id)
    assert shown is None or (shown["main_line"], shown["equipment"]) == (None, None)
    assert (await seen(province.technician))[province.lat_hall.id]["main_line"] == line["main_line"]


@pytest.mark.parametrize("carried", [True, False])
async def test_posts_and_groups_go_to_the_successor_or_end(
    *, browser: Browsers, province: Province, services: Services, carried: bool
) -> None:
    admin, organiser = await browser(province.admin), await browser(province.organiser)
    person = (await admin.post("/api/people", json={"unit_id": province.lat.id, "full_name": "Cán Bộ Xã"})).json()
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(Post(person_id=person["id"], unit_id=province.lat.id, title="Chủ tịch", position=0))
    for unit in (province.lat, province.da_sar):
        group = {"unit_id": unit.id, "name": "Các thôn", "point_ids": [province.lat_hall.id]}
        assert (await organiser.post("/api/point-groups", json=group)).status_code == 201
    uses = (await admin.get(f"/api/units/{province.lat.id}/uses")).json()
    assert (uses["posts"], uses["plans"]) == (1, 1)
    merge = {"valid_until": "2025-06-30"} | ({"successor_id": province.da_sar.id} if carried else {})
    assert (await admin.post(f"/api/units/{province.lat.id}/close", json=merge)).status_code == 200
    async with services.database.read() as session:
        post = (await session.scalars(select(Post).where(Post.person_id == person["id"]))).one()
    groups = {(each["unit_id"], each["name"]) for each in (await organiser.get("/api/point-groups")).json()}
    if carried:
        assert (post.unit_id, post.valid_until) == (province.da_sar.id, None)
        assert groups == {
            (province.da_sar.id, "Các thôn"),
            (province.da_sar.id, f"Các thôn ({province.lat.short_name})"),
        }
    else:
        assert (post.unit_id, str(post.valid_until)) == (province.lat.id, "2025-06-30")
        assert groups == {(province.lat.id, "Các thôn"), (province.da_sar.id, "Các thôn")}
