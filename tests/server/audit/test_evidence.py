"""What the log says of who came, took away and was refused; that it cannot be cut or rewritten unseen; who reads it."""

import asyncio
import io
import zipfile
from pathlib import Path

import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select, update

from server.audit import queries
from server.audit.actions import FIRST, chained_hash, record
from server.audit.anchors import Anchors, head_file, read_heads
from server.audit.chaining import Chaining
from server.audit.log import AGAIN_AFTER, REFUSALS_MOST, AuditLog
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Actor
from server.core.services import Services
from server.papers.models import PaperVersion
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.conftest import Join


async def entries(services: Services, action: str) -> list[AuditEntry]:
    async with services.database.read() as session:
        found = await session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        return list(found)


async def _five(services: Services) -> list[int]:
    for number in range(5):
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "paper.deleted", "paper", number)
    await Chaining(services).chain()
    async with services.database.read() as session:
        return list(await session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


async def broken(services: Services) -> queries.Broken | None:
    key = services.transactions.audit_key
    async with services.database.read() as session:
        return await queries.first_broken(session, key, read_heads(services.settings, key))


async def test_a_tail_that_is_cut_off_is_missed(services: Services) -> None:
    ids = await _five(services)
    await Anchors(services).drop()
    assert await broken(services) is None
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(AuditEntry).where(AuditEntry.id > ids[2]))
    assert await broken(services) == queries.Broken(ids[4], missing=True)
    # Going on from there hides nothing.
    await _five(services)
    await Anchors(services).drop()
    assert await broken(services) is not None


async def test_a_chain_computed_anew_without_the_key_is_seen(services: Services) -> None:
    ids = await _five(services)
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(AuditEntry).where(AuditEntry.id == ids[1]))
        last = FIRST
        for entry in await tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id)):
            entry.actor_name = "somebody else"
            last = entry.hash = chained_hash(last, entry, b"a guess")
    assert await broken(services) == queries.Broken(ids[0], missing=False)


async def test_entries_cannot_be_made_to_look_as_old_as_the_key_is_not(services: Services) -> None:
    """Without a key anybody can compute the hashes of before there was one."""
    ids = await _five(services)
    async with services.transactions(SYSTEM) as tx:
        before = await tx.session.get_one(AuditEntry, ids[3])
        last = await tx.session.get_one(AuditEntry, ids[4])
        last.keyed, last.actor_name = False, "somebody else"
        last.hash = chained_hash(before.hash, last, b"")
    assert await broken(services) == queries.Broken(ids[4], missing=False)


async def test_a_forged_head_counts_for_nothing(services: Services) -> None:
    ids = await _five(services)
    await Anchors(services).drop()
    path: Path = head_file(services.settings)
    assert path.stat().st_mode & 0o077 == 0
    genuine = path.read_text()
    path.write_text(genuine.replace(str(ids[4]), str(ids[3])))
    assert [head.id for head in read_heads(services.settings, services.transactions.audit_key)] == [ids[4]]  # daily one


async def test_who_took_what_from_where_is_written_once(
    services: Services, province: Province, browser: Browsers
) -> None:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
        paper = await library.paper(tx.session, meeting)
        await library.policy(tx.session, meeting, paper, download=True)
        version = await tx.session.get_one(PaperVersion, paper.current_version_id)
    await library.store_stampable(services, version, "Báo cáo")
    phone = await browser(province.delegate)
    for _ in range(3):
        await phone.get(f"/api/versions/{paper.current_version_id}/download")
    [taken] = await entries(services, "paper.downloaded")
    assert (taken.actor_person_id, taken.subject_id) == (province.delegate.id, str(paper.id))
    assert taken.session_id is not None
    assert taken.address == "127.0.0.1"
    assert taken.facts == {"meeting_id": meeting.id, "version": 1, "form": "pdf"}
    desk = await browser(province.organiser)
    for path, action in (
        (f"/api/meetings/{meeting.id}/people.xlsx", "people.exported"),
        (f"/api/meetings/{meeting.id}/attendance.csv", "attendance.exported"),
        (f"/api/meetings/{meeting.id}/speeches.xlsx", "speeches.exported"),
        (f"/api/meetings/{meeting.id}/incidents.xlsx", "incidents.exported"),
    ):
        assert (await desk.get(path)).status_code == 200
        [entry] = await entries(services, action)
        assert (entry.actor_person_id, entry.subject_id) == (province.organiser.id, str(meeting.id))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_entries_to_a_meeting_and_previews_are_written(
    services: Services, province: Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    await join(meeting.id, province.lat_hall)
    await console.command("view.set", preview=province.lat_hall.id, tiles=[])
    await console.command("view.set", preview=province.lat_hall.id, tiles=[])
    async with asyncio.timeout(10):
        while len(await entries(services, "meeting.entered")) < 2:  # noqa: ASYNC110  (written a moment later; nothing tells)
            await asyncio.sleep(0.05)
    entered = {(each.actor_person_id, each.actor_point_id): each for each in await entries(services, "meeting.entered")}
    assert entered[province.operator.id, None].facts["audience"] == "console"
    assert entered[None, province.lat_hall.id].address == "127.0.0.1"
    [preview] = await entries(services, "point.previewed")
    assert (preview.actor_person_id, preview.subject_id) == (province.operator.id, str(province.lat_hall.id))


async def test_refusals_are_counted(app: FastAPI, services: Services, province: Province, browser: Browsers) -> None:
    log: AuditLog = app.state.services.components[AuditLog]
    meeting = await builders.conference(services, province, "running")
    stranger = await browser(province.stranger)
    for _ in range(30):
        assert (await stranger.get(f"/api/meetings/{meeting.id}/papers")).status_code == 404
    nobody = await browser()
    for number in range(7):
        await nobody.post("/api/session/link", json={"token": f"{number}" * 43})
    await log.write_refusals()
    found = {(each.actor_person_id, each.facts["code"]): each for each in await entries(services, "access.refused")}
    papers = found[province.stranger.id, "not-found"]
    assert papers.facts["times"] == 30
    assert papers.subject_id == "GET /api/meetings/{meeting_id}/papers"
    assert papers.session_id is not None
    [link] = [each for (person, _), each in found.items() if person is None]
    assert (link.facts["times"], link.subject_id, link.address) == (7, "POST /api/session/link", "127.0.0.1")
    for number in range(REFUSALS_MOST * 3):
        log.refused(Actor(address=f"10.0.0.{number}"), "not-found", "GET /")
    await log.write_refusals()
    assert len(await entries(services, "access.refused")) == len(found) + REFUSALS_MOST + 1


async def test_administrators_of_the_root_read_the_log(
    services: Services, province: Province, browser: Browsers
) -> None:
    ids = await _five(services)
    desk = await browser(province.admin)
    first = (await desk.get("/api/audit", params={"action": "paper.", "limit": 3})).json()
    assert [each["id"] for each in first["entries"]] == ids[:1:-1]
    assert first["more"]
    rest = (await desk.get("/api/audit", params={"action": "paper.", "before": ids[2]})).json()
    assert [each["id"] for each in rest["entries"]] == ids[1::-1]
    assert not rest["more"]
    one = (await desk.get("/api/audit", params={"subject_type": "paper", "subject_id": "3"})).json()
    assert [each["id"] for each in one["entries"]] == [ids[3]]
    for who in (province.organiser, province.operator, province.chair, province.delegate):
        assert (await (await browser(who)).get("/api/audit")).status_code == 403


async def test_old_entries_stay_as_they_were(services: Services) -> None:
    ids = await _five(services)
    async with services.transactions(SYSTEM) as tx:
        last = FIRST
        for entry in await tx.session.scalars(
            select(AuditEntry).where(AuditEntry.id <= ids[1]).order_by(AuditEntry.id)
        ):
            entry.keyed = False
            last = entry.hash = chained_hash(last, entry, b"")
        await tx.session.execute(delete(AuditEntry).where(AuditEntry.id > ids[1]))
    await _five(services)
    assert await broken(services) is None
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(AuditEntry).where(AuditEntry.id == ids[0]).values(address="10.1.1.1"))
    assert await broken(services) is None  # said nothing of addresses then


async def test_the_log_of_one_meeting_goes_into_a_file(
    services: Services, province: Province, browser: Browsers
) -> None:
    meeting = await builders.conference(services, province, "running")
    other = await builders.conference(services, province, "running")
    async with services.transactions(
        Actor(person_id=province.chair.id, name="=HYPERLINK(1)", address="10.0.0.9")
    ) as tx:
        await record(tx, "floor.given", "meeting", meeting.id, point_id=3)
        await record(tx, "paper.recalled", "paper", 17, meeting=meeting.id)
        await record(tx, "delegate.removed", "delegate", 5, meeting_id=meeting.id)
        await record(tx, "floor.taken", "meeting", other.id)
        await record(tx, "paper.recalled", "paper", meeting.id, meeting=other.id)
    organiser = await browser(province.organiser)
    answer = await organiser.get(f"/api/meetings/{meeting.id}/audit.xlsx")
    assert answer.status_code == 200
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
    rows = [row for row in sheet.to_python() if isinstance(row[0], float)]
    assert [row[6] for row in rows] == ["floor.given", "paper.recalled", "delegate.removed"]
    assert {(row[2], row[8]) for row in rows} == {("=HYPERLINK(1)", "10.0.0.9")}
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert len(await entries(services, "audit.exported")) == 1


def test_what_was_noted_is_forgotten_in_time_and_in_number(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr("server.audit.log._REMEMBERED", 100)
    log = AuditLog(services)
    assert log._new(("first",))
    assert not log._new(("first",))
    now += AGAIN_AFTER - 1
    assert not log._new(("first",))
    now += 2 * AGAIN_AFTER
    assert log._new(("first",))
    for number in range(100_000):
        log._new((number,))
    assert len(log._noted) + len(log._noted_before) <= 200
