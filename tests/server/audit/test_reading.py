"""The log as administrators read it: in sentences, filtered, page by page, each of the own branch; as files; whether it
is whole."""

import asyncio
import csv
import io

from fastapi import FastAPI
from python_calamine import CalamineWorkbook
from sqlalchemy import update

from server.accounts.models import Person
from server.audit.actions import record
from server.audit.anchors import Anchors
from server.audit.chaining import Chaining
from server.audit.log import AuditLog
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Actor, Role
from server.core.services import Services
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock


async def _act(services: Services, who: Person | None, action: str, kind: str, thing: object, **facts: object) -> None:
    actor = Actor(person_id=who.id, name=who.full_name, address="10.0.0.7") if who else SYSTEM
    async with services.transactions(actor) as tx:
        await record(tx, action, kind, thing, **facts)


async def _district_admin(services: Services, province: Province) -> Person:
    async with services.transactions(SYSTEM) as tx:
        return await builders.person(tx.session, province.lac_duong, "Kơ Să Quản Trị", Role.ADMIN)


async def test_entries_are_sentences(services: Services, province: Province, browser: Browsers) -> None:
    meeting = await builders.conference(services, province, "running")
    await _act(services, province.chair, "floor.given", "meeting", meeting.id, point_id=province.da_sar_hall.id)
    desk = await browser(province.admin)
    found = (await desk.get("/api/audit", params={"action": "floor.given"})).json()["entries"]
    assert len(found) == 1
    entry = found[0]
    assert entry["said"] == {
        "vi": f"Mời phát biểu: {province.da_sar_hall.name}",
        "en": f"Gave the floor to {province.da_sar_hall.name}",
    }
    assert entry["actor_name"] == province.chair.full_name
    assert entry["actor_unit"] == province.root.name
    assert entry["address"] == "10.0.0.7"
    assert entry["group"] == "conference"
    assert (entry["meeting_id"], entry["subject_name"]) == (meeting.id, meeting.title)


async def test_filters_and_pages(services: Services, province: Province, browser: Browsers, clock: Clock) -> None:
    meeting = await builders.conference(services, province, "running")
    other = await builders.conference(services, province, "running")
    began = clock.pass_(hours=1)
    await _act(services, province.technician, "point.edited", "point", province.da_sar_hall.id, name="Đạ Sar")
    clock.pass_(hours=1)
    await _act(services, province.chair, "floor.given", "meeting", meeting.id)
    await _act(services, province.secretary, "paper.recalled", "paper", 5, meeting=meeting.id)
    ended = clock.pass_(hours=1)
    await _act(services, province.chair, "floor.given", "meeting", other.id)
    desk = await browser(province.admin)

    async def actions(**asked: object) -> list[str]:
        answer = await desk.get("/api/audit", params={**asked, "since": began.isoformat()})
        return [each["action"] for each in answer.json()["entries"]]

    assert await actions(meeting_id=meeting.id) == ["paper.recalled", "floor.given"]
    assert await actions(group="units") == ["point.edited"]
    assert await actions(group="conference", person_id=province.chair.id) == ["floor.given", "floor.given"]
    assert await actions(until=ended.isoformat(), group="conference") == ["floor.given"]
    assert await actions(unit_id=province.lac_duong.id) == ["point.edited"]
    assert await actions(unit_id=province.duc_trong.id) == []
    first = (await desk.get("/api/audit", params={"limit": 2, "meeting_id": meeting.id})).json()
    seen = [each["id"] for each in first["entries"]]
    while first["more"]:
        first = (await desk.get("/api/audit", params={"limit": 2, "meeting_id": meeting.id, "before": seen[-1]})).json()
        seen += [each["id"] for each in first["entries"]]
    whole = (await desk.get("/api/audit", params={"limit": 200, "meeting_id": meeting.id})).json()
    assert seen == [each["id"] for each in whole["entries"]]
    assert (await desk.get("/api/audit", params={"group": "nothing"})).status_code == 422


async def test_a_districts_administrator_reads_of_the_district(
    services: Services, province: Province, browser: Browsers
) -> None:
    small = await _district_admin(services, province)
    await _act(services, province.technician, "point.edited", "point", province.da_sar_hall.id)
    await _act(services, province.admin, "person.edited", "person", province.organiser.id)
    await _act(services, None, "stage.returned", "meeting", 1)
    # Done by one of the district to somebody who is not of it: whose name is not told.
    await _act(services, province.technician, "person.edited", "person", province.chair.id)
    desk = await browser(small)
    entries = (await desk.get("/api/audit")).json()["entries"]
    done = [(each["action"], each["subject_name"]) for each in entries if not each["action"].startswith("session.")]
    assert done == [("person.edited", ""), ("point.edited", province.da_sar_hall.name)]
    for unit in (province.root, province.duc_trong):
        assert (await desk.get("/api/audit", params={"unit_id": unit.id})).status_code == 403
    assert (await desk.get("/api/audit", params={"unit_id": province.da_sar.id})).status_code == 200
    assert (await desk.get("/api/audit", params={"unit_id": 99999})).status_code == 404
    # All of it, for who administers the only root.
    everything = (await (await browser(province.admin)).get("/api/audit")).json()["entries"]
    assert {"stage.returned", "person.edited", "point.edited"} <= {each["action"] for each in everything}


async def test_reading_and_taking_away_are_logged_once(
    *, app: FastAPI, services: Services, province: Province, browser: Browsers
) -> None:
    desk = await browser(province.admin)
    for _ in range(3):
        await desk.get("/api/audit", params={"group": "papers"})
    await desk.get("/api/audit", params={"group": "papers", "before": 1})
    await desk.get("/api/audit", params={"action": "audit.", "subject_id": "log"})
    await asyncio.sleep(0.3)
    log: AuditLog = app.state.services.components[AuditLog]
    await log.write_refusals()
    found = (await desk.get("/api/audit", params={"action": "audit.read"})).json()["entries"]
    assert [each["facts"]["filter"] for each in found] == [
        '{"action":"audit.","subject_id":"log"}',
        '{"group":"papers"}',
    ]


async def test_the_log_as_files(services: Services, province: Province, browser: Browsers) -> None:
    await _act(services, province.admin, "unit.created", "unit", 3, name="=HYPERLINK(1)")
    desk = await browser(province.admin)
    book = await desk.get("/api/audit.xlsx", params={"group": "units"})
    assert book.status_code == 200
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    [row] = [row for row in sheet.to_python() if isinstance(row[0], float)]
    assert row[2:7:2] == [province.admin.full_name, "Thêm đơn vị =HYPERLINK(1)", "unit.created"]
    plain = await desk.get("/api/audit.csv", params={"group": "units"})
    lines = list(csv.reader(io.StringIO(plain.content.decode("utf-8-sig")), delimiter=";"))
    assert lines[0][:3] == ["Số", "Lúc", "Người hoặc điểm cầu"]
    assert [line[6] for line in lines[1:]] == ["unit.created"]
    exported = (await desk.get("/api/audit", params={"action": "audit.exported"})).json()["entries"]
    assert [each["facts"]["form"] for each in exported] == ["csv", "xlsx"]


async def test_a_broken_chain_is_shown(services: Services, province: Province, browser: Browsers) -> None:
    for number in range(5):
        await _act(services, province.admin, "paper.deleted", "paper", number, title="A")
    await Chaining(services).chain()
    await Anchors(services).drop()
    desk = await browser(province.admin)
    assert (await desk.get("/api/audit/chain")).json()["checked_at"] is None

    async def checked() -> dict[str, object]:
        state = (await desk.get("/api/audit/chain")).json()
        while state["running"] is not None or state["checked_at"] is None:
            await asyncio.sleep(0.02)
            state = (await desk.get("/api/audit/chain")).json()
        return dict(state)

    state = await checked()
    assert state["broken"] is None
    assert int(str(state["checked"])) >= 5
    entries = (await desk.get("/api/audit", params={"action": "paper.deleted"})).json()["entries"]
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(AuditEntry).where(AuditEntry.id == entries[2]["id"]).values(actor_name="Somebody else")
        )
    assert (await desk.post("/api/audit/chain")).status_code == 202
    async with asyncio.timeout(20):
        state = await checked()
        while state["broken"] is None:  # the state of before, until this check has begun
            state = await checked()
    assert state["broken"] == {"entry": entries[2]["id"], "missing": False}
