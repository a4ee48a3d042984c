"""Templates of meetings, groups of points, and the lists of an earlier meeting."""

from typing import Any

from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.copying import copy_job
from server.jobs.workers import Workers
from server.meetings.models import Delegate
from server.organisations.models import BridgePoint
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers


def plan(where: Province, **more: Any) -> dict[str, Any]:
    return {
        "kind": "cuoc-hop",
        "title": "Giao ban tuần {tuần}",
        "start": "08:00",
        "minutes": 90,
        "main_point_id": where.main.id,
        "chair_id": where.chair.id,
        "agenda": [
            {"title": "Báo cáo", "minutes": 30, "presenter_id": where.presenter.id},
            {"title": "Kết luận", "minutes": 10, "presenter_text": "Thường trực"},
        ],
        "points": [{"point_id": where.main.id}, {"point_id": where.lat_hall.id, "speaker": "Đ/c Bí thư"}],
        **more,
    }


async def test_a_template_is_what_can_be_used_of_it_now(
    browser: Browsers, province: Province, services: Services
) -> None:
    client = await browser(province.organiser)
    body = {"unit_id": province.root.id, "name": "Giao ban", "plan": plan(province)}
    made = (await client.post("/api/meeting-templates", json=body)).json()
    assert made["plan"]["agenda"][0]["presenter_id"] == province.presenter.id
    assert made["people"][str(province.chair.id)] == "Phạm Chủ Trì"
    assert (await client.post("/api/meeting-templates", json=body)).json()["code"] == "template-there"
    longer = {**body, "plan": plan(province, minutes=120), "replace": True}
    again = await client.post("/api/meeting-templates", json=longer)
    assert again.json()["id"] == made["id"]
    assert again.json()["plan"]["minutes"] == 120
    async with services.transactions(SYSTEM) as tx:
        lat = await tx.session.get_one(BridgePoint, province.lat_hall.id)
        lat.closed_at = MORNING
        chair = await tx.session.get_one(type(province.chair), province.chair.id)
        chair.disabled_at = MORNING
    [listed] = (await client.get("/api/meeting-templates")).json()
    used = (await client.get(f"/api/meeting-templates/{listed['id']}")).json()
    assert [point["point_id"] for point in used["plan"]["points"]] == [province.main.id]
    assert used["plan"]["chair_id"] is None
    assert (await client.delete(f"/api/meeting-templates/{listed['id']}")).status_code == 204
    assert (await client.get("/api/meeting-templates")).json() == []


async def test_a_group_of_points_is_kept_and_replaced(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    both = [province.lac_duong_hall.id, province.duc_trong_hall.id]
    body = {"unit_id": province.root.id, "name": "Các huyện", "point_ids": both}
    [made] = (await client.post("/api/point-groups", json=body)).json()
    assert made["point_ids"] == both
    assert (await client.post("/api/point-groups", json=body)).json()["code"] == "group-there"
    [made] = (await client.post("/api/point-groups", json={**body, "point_ids": both[:1], "replace": True})).json()
    assert made["point_ids"] == both[:1]
    district = await browser(province.district_organiser)
    assert (await district.get("/api/point-groups")).json() == []
    outside = {"unit_id": province.lac_duong.id, "name": "Xa", "point_ids": [province.hiep_an_hall.id]}
    assert (await district.post("/api/point-groups", json=outside)).status_code in (403, 422)


async def test_the_lists_of_an_earlier_meeting_are_taken_over(
    browser: Browsers, province: Province, services: Services
) -> None:
    earlier = await builders.conference(services, province, "ended")
    async with services.transactions(SYSTEM) as tx:
        later = await builders.meeting(tx.session, province.root, [province.main, province.da_sar_hall])
        people = [await builders.person(tx.session, province.da_sar, f"Đại Biểu {n}") for n in range(5)]
        for place, person in enumerate(reversed(people)):
            listed = await library.delegate(tx.session, earlier, person, province.da_sar_hall)
            listed.position = place
        elsewhere = await builders.person(tx.session, province.lat, "Ở Lát")
        await library.delegate(tx.session, earlier, elsewhere, province.lat_hall)
        gone = await library.delegate(
            tx.session, earlier, await builders.person(tx.session, province.da_sar, "Đã Bỏ"), province.da_sar_hall
        )
        gone.removed_at = MORNING
        there = await library.delegate(tx.session, later, people[0], None)
    client = await browser(province.organiser)
    path = f"/api/meetings/{later.id}/delegates/copy"
    assert (await client.post(path, json={"meeting_id": earlier.id})).json() == {"queued": 5}
    assert (await (await browser(province.operator)).post(path, json={"meeting_id": earlier.id})).status_code in (
        403,
        404,
    )
    assert await Workers(services, [copy_job]).run_due() == 1
    async with services.database.read() as session:
        rows = await session.execute(
            select(Delegate.person_id, Delegate.point_id)
            .where(Delegate.meeting_id == later.id)
            .order_by(Delegate.point_id.nulls_first(), Delegate.position)
        )
        found = [tuple(row) for row in rows]
    hall = province.da_sar_hall.id
    assert found == [(there.person_id, None), *((person.id, hall) for person in reversed(people[1:]))]
