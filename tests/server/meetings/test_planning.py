from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.models import Person
from server.audit import queries as audit
from server.core.actor import SYSTEM
from server.core.services import Services
from server.live.models import MeetingEvent
from tests.builders import MORNING, Province, conference
from tests.conftest import Browsers


def plan(province: Province, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "hoi-nghi",
        "title": "Hội nghị quán triệt Nghị quyết",
        "description": "",
        "unit_id": province.root.id,
        "starts_at": MORNING.isoformat(),
        "ends_at": (MORNING + timedelta(hours=3)).isoformat(),
        "main_point_id": province.main.id,
        "chair_id": province.chair.id,
        "secretary_id": province.secretary.id,
        "agenda": [
            {"title": "Khai mạc", "minutes": 10},
            {"title": "Báo cáo", "minutes": 45, "presenter_id": province.presenter.id},
            {"title": "Kết luận", "minutes": 15, "presenter_text": "Chủ trì"},
        ],
        "points": [{"point_id": hall.id, "speaker": f"Đ/c {hall.name}"} for hall in province.halls],
        **changes,
    }


async def test_a_plan_comes_back_as_it_was_made(browser: Browsers, services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Person, province.chair.id)).title = "Phó Bí thư Thường trực Tỉnh ủy"
    client = await browser(province.organiser)
    made = (await client.post("/api/meetings", json=plan(province))).json()
    assert made == (await client.get(f"/api/meetings/{made['id']}")).json()
    assert made["state"] == "draft"
    assert made["version"] == 1
    assert made["unit_name"] == "Tỉnh Lâm Đồng"
    assert made["main_point_name"] == "Hội trường Tỉnh ủy"
    assert (made["chair_name"], made["secretary_name"]) == ("Phạm Chủ Trì", "Võ Thư Ký")
    assert (made["chair_title"], made["secretary_title"]) == ("Phó Bí thư Thường trực Tỉnh ủy", "")
    assert [item["title"] for item in made["agenda"]] == ["Khai mạc", "Báo cáo", "Kết luận"]
    assert made["agenda"][1]["presenter_name"] == "Đinh Báo Cáo"
    assert {each["point_id"]: each["speaker"] for each in made["points"]} == {
        hall.id: f"Đ/c {hall.name}" for hall in province.halls
    }
    assert made["my"]["organise"]
    assert made["my"]["conduct"]
    assert made["notices"] == []


async def test_the_main_point_is_added_and_said(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    made = (await client.post("/api/meetings", json=plan(province, points=[{"point_id": province.lat_hall.id}]))).json()
    assert [each["point_id"] for each in made["points"]] == [province.main.id, province.lat_hall.id]
    assert "Hội trường Tỉnh ủy" in made["notices"][0]["vi"]


async def test_agenda_items_keep_their_identity_when_reordered(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    made = (await client.post("/api/meetings", json=plan(province))).json()
    first, second, third = (item["id"] for item in made["agenda"])
    agenda = [
        {"id": third, "title": "Kết luận", "minutes": 20},
        {"id": first, "title": "Khai mạc hội nghị", "minutes": 5},
        {"title": "Thảo luận", "minutes": 30},
    ]
    edited = (await client.patch(f"/api/meetings/{made['id']}", json={"version": 1, "agenda": agenda})).json()
    assert [item["id"] for item in edited["agenda"][:2]] == [third, first]
    assert edited["agenda"][1]["title"] == "Khai mạc hội nghị"
    assert edited["agenda"][2]["id"] not in (first, second, third)
    assert edited["version"] == 2
    assert edited["points"] == made["points"]


async def test_two_editors_never_overwrite_each_other(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    made = (await client.post("/api/meetings", json=plan(province))).json()
    path = f"/api/meetings/{made['id']}"
    assert (await client.patch(path, json={"version": 1, "title": "Bản của tôi"})).status_code == 200
    stale = await client.patch(path, json={"version": 1, "title": "Bản của người khác"})
    assert stale.status_code == 409
    assert stale.json()["code"] == "conflict"
    details = stale.json()["details"]
    assert (details["version"], details["changed_by"]) == (2, province.organiser.full_name)
    assert datetime.fromisoformat(details["changed_at"]).tzinfo is not None
    assert (await client.get(path)).json()["title"] == "Bản của tôi"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"title": "   "}, "title", "Không được để trống."),
        ({"title": "x" * 301}, "title", "tối đa 300 ký tự"),
        ({"title": "a\u0000b"}, "title", "ký tự điều khiển"),
        ({"ends_at": MORNING.isoformat()}, "ends_at", "sau giờ bắt đầu"),
        ({"ends_at": (MORNING + timedelta(days=40)).isoformat()}, "ends_at", "14 ngày"),
        ({"starts_at": "2026-11-20T07:30:00"}, "starts_at", "múi giờ"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at", "2000"),
        ({"starts_at": 5}, "starts_at", "Thời gian"),
        ({"kind": "dam-cuoi"}, "kind", "danh sách"),
        ({"chair_id": 999_999}, "chair_id", "Không tìm thấy người này"),
        ({"main_point_id": 999_999}, "main_point_id", "Chọn lại"),
        ({"main_point_id": 2**40}, "main_point_id", "Tối đa"),
        ({"agenda": [{"title": "", "minutes": 5}]}, "agenda.0.title", "Không được để trống."),
        ({"agenda": [{"title": "A", "minutes": -1}]}, "agenda.0.minutes", "từ 0 trở lên"),
        ({"agenda": [{"id": 999_999, "title": "A", "minutes": 1}]}, "agenda.0.id", "không còn trong chương trình"),
        ({"points": [{"point_id": 999_999}]}, "points.1.point_id", "không còn được sử dụng"),
        ({"unit_id": 999_999}, "unit_id", "Đơn vị này không còn"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    browser: Browsers, province: Province, changes: dict[str, Any], field: str, says: str
) -> None:
    client = await browser(province.organiser)
    answer = await client.post("/api/meetings", json=plan(province, **changes))
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert says in answer.json()["details"]["fields"][field]
    assert (await client.get("/api/meetings")).json() == []


async def test_a_point_twice_is_refused(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    twice = [{"point_id": province.main.id}, {"point_id": province.main.id}]
    answer = await client.post("/api/meetings", json=plan(province, points=twice))
    assert answer.json()["details"]["fields"] == {"points.1.point_id": "Điểm cầu này có hai lần."}


async def test_an_organiser_plans_within_the_own_branch_only(browser: Browsers, province: Province) -> None:
    client = await browser(province.district_organiser)
    own = plan(
        province,
        unit_id=province.duc_trong.id,
        main_point_id=province.duc_trong_hall.id,
        points=[{"point_id": province.hiep_an_hall.id}],
        chair_id=province.district_organiser.id,
        secretary_id=None,
        agenda=[],
    )
    assert (await client.post("/api/meetings", json=own)).status_code == 201
    assert (await client.post("/api/meetings", json={**own, "unit_id": province.root.id})).status_code == 403
    foreign = await client.post("/api/meetings", json={**own, "points": [{"point_id": province.da_sar_hall.id}]})
    assert foreign.status_code == 403
    assert foreign.json()["details"]["points"] == [province.da_sar_hall.id]


async def test_only_drafts_are_deleted(browser: Browsers, province: Province, services: Services) -> None:
    client = await browser(province.organiser)
    made = (await client.post("/api/meetings", json=plan(province))).json()
    path = f"/api/meetings/{made['id']}"
    assert (await client.post(f"{path}/invite")).json()["state"] == "invited"
    refused = await client.delete(path)
    assert refused.status_code == 409
    assert "thu hồi" in refused.json()["vi"]
    assert (await client.post(f"{path}/withdraw")).json()["state"] == "draft"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    async with services.database.read() as session:
        actions = [entry.action for entry in await audit.entries_about(session, "meeting", made["id"])]
        assert actions == ["meeting.created", "meeting.invited", "meeting.withdrawn", "meeting.deleted"]
        assert await audit.first_broken(session, services.transactions.audit_key) is None


async def test_an_open_meeting_keeps_its_time_and_main_point(
    browser: Browsers, province: Province, services: Services
) -> None:
    meeting = await conference(services, province, "running")
    client = await browser(province.organiser)
    path = f"/api/meetings/{meeting.id}"
    refused = await client.patch(path, json={"version": 1, "main_point_id": province.lat_hall.id})
    assert refused.status_code == 422
    assert list(refused.json()["details"]["fields"]) == ["main_point_id"]
    edited = await client.patch(path, json={"version": 1, "title": "Tên mới", "chair_id": None})
    assert (edited.json()["title"], edited.json()["chair_id"]) == ("Tên mới", None)


async def test_an_ended_meeting_is_history(browser: Browsers, province: Province, services: Services) -> None:
    meeting = await conference(services, province, "ended")
    client = await browser(province.organiser)
    assert (await client.patch(f"/api/meetings/{meeting.id}", json={"version": 1, "title": "X"})).status_code == 409


async def test_an_edit_appends_one_event_with_what_changed(
    browser: Browsers, province: Province, services: Services
) -> None:
    client = await browser(province.organiser)
    made = (await client.post("/api/meetings", json=plan(province))).json()
    first = made["agenda"][0]
    agenda = [{**{key: first[key] for key in ("id", "title")}, "minutes": 99}, *made["agenda"][1:]]
    for item in agenda:
        item.pop("presenter_name", None)
        item.pop("presenter_title", None)
        item.pop("begins_at", None)
    points = [{"point_id": province.main.id}, {"point_id": province.hiep_an_hall.id}]
    answer = await client.patch(f"/api/meetings/{made['id']}", json={"version": 1, "agenda": agenda, "points": points})
    assert answer.status_code == 200
    async with services.database.read() as session:
        events = list(
            await session.scalars(
                select(MeetingEvent).where(MeetingEvent.meeting_id == made["id"]).order_by(MeetingEvent.seq)
            )
        )
    assert [(event.seq, event.kind) for event in events] == [(1, "meeting.created"), (2, "meeting.edited")]
    assert events[1].actor_name == "Nguyễn Tổ Chức"
    changes = {(change["collection"], change["key"]): change["value"] for change in events[1].changes}
    assert changes[("agenda", str(first["id"]))]["minutes"] == 99
    gone = {province.lac_duong.id, province.da_sar.id, province.lat.id}
    assert {key for key in changes if key[0] == "units"} == {("units", str(unit_id)) for unit_id in gone}
    assert all(changes[("units", str(unit_id))] is None for unit_id in gone)


async def test_the_list_shows_what_runs_first(browser: Browsers, province: Province, services: Services) -> None:
    ended = await conference(services, province, "ended")
    draft = await conference(services, province, "draft")
    invited = await conference(services, province, "invited")
    running = await conference(services, province, "running")
    shown = (await (await browser(province.organiser)).get("/api/meetings")).json()
    assert [each["id"] for each in shown] == [running.id, invited.id, draft.id, ended.id]
    assert (shown[0]["point_count"], shown[0]["agenda_count"]) == (6, 3)
    seen_by_hall = (await (await browser(province.da_sar_hall)).get("/api/meetings")).json()
    assert [each["id"] for each in seen_by_hall] == [running.id, invited.id, ended.id]
    assert seen_by_hall[0]["my"]["points"] == [province.da_sar_hall.id]
