"""Votes from the first word to the published result, over HTTP."""

import asyncio
import io
import unicodedata
import uuid
import zipfile
from xml.etree import ElementTree

from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from server.accounts.models import Person
from server.audit.models import AuditEntry
from server.ballots.models import Electorate
from server.core.services import Services
from server.live.models import MeetingEvent
from server.meetings.models import Delegate
from tests import builders
from tests.conftest import Browsers
from tests.server.attendance.people.gathering import check
from tests.server.ballots.voting import ELECTION, QUESTION, Voting, code, voting


async def test_a_question_is_put_voted_on_and_published(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(QUESTION, opened=False)
    assert (await held.vote("An", "100")).status_code == 404  # nobody knows of it yet
    await held.step("open")
    for who, marks in (("Đại Biểu", "100"), ("An", "100"), ("Bình", "010"), ("Chi", "001"), ("Em", "100")):
        await held.voted(who, marks)
    await held.voted("Bình", "100")  # has thought better of it
    for marks in ("000", "110", "10", "1000", "2", ""):
        assert (await held.vote("Dũng", marks)).status_code == 422, marks
    assert (await held.vote("Giang", "100")).json()["code"] == "not-present"
    assert (await held.chair.post(f"{held.path}/{held.ballot_id}/vote", json={"marks": "100", "key": "a" * 8})).json()[
        "code"
    ] == "not-voter"
    secretary = await browser(province.secretary)
    await held.step("publish", 409)
    closed = await held.step("close")
    assert (await held.vote("Dũng", "100")).json()["code"] == "ballot-closed"
    result = closed["outcome"]
    assert [each["total"] for each in result["options"]] == [4, 0, 1]
    assert (result["summoned"], result["present"], result["quorum"], result["quorum_met"]) == (7, 6, 5, True)
    assert (result["base"], result["needed"], result["passed"]) == (6, 4, True)
    delegate = await browser(held.held.people["An"])
    assert (await delegate.get(f"{held.path}/{held.ballot_id}")).json()["outcome"] is None
    refused = await secretary.post(f"{held.path}/{held.ballot_id}/publish")
    assert refused.status_code == 403  # the chair alone
    published = await held.step("publish")
    assert published["shown"] is True
    [seen] = (await delegate.get(held.path)).json()["ballots"]
    assert seen["outcome"] == result
    async with services.database.read() as session:
        frozen = await session.get_one(Electorate, held.ballot_id)
        events = [each.kind for each in await session.scalars(select(MeetingEvent).order_by(MeetingEvent.seq))]
        said = [each.action for each in await session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert len(frozen.seats) == 6
    assert events[-1] == "ballot.published"
    assert said.count("ballot.voted") == 6


async def test_a_repeat_on_a_weak_line_counts_once(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    """Also one that comes after a change, and one that comes after the close."""
    held = await voting(services, province, browser)
    await held.put(QUESTION)
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    answers = await asyncio.gather(*(held.voted("An", "100", key=first) for _ in range(4)))
    assert {each["voters"] for each in answers} == {1}
    await held.voted("An", "010", key=second)
    await held.voted("An", "100", key=first)
    own = (await (await browser(held.held.people["An"])).get(f"{held.path}/{held.ballot_id}/vote")).json()
    assert own == {"may": True, "reason": "", "voted": True, "marks": "010"}
    closed = await held.step("close")
    assert [each["total"] for each in closed["outcome"]["options"]] == [0, 1, 0]
    await held.voted("An", "010", key=second)  # it had arrived
    assert (await held.vote("An", "100")).status_code == 409


async def test_a_substitute_votes_once_for_the_seat(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await check(held.chair, held.held, province.da_sar_hall, "out", "Bình", how="by-hand")
    body = {"delegate_id": held.held.delegates["Bình"], "full_name": "Thay Bình"}
    added = await held.chair.post(held.held.path(province.da_sar_hall, "substitutes"), json=body)
    assert added.status_code == 201, added.text
    number = held.held.delegates["Thay Bình"] = added.json()["delegate_id"]
    async with services.database.read() as session:
        found = select(Person).join(Delegate, Delegate.person_id == Person.id).where(Delegate.id == number)
        held.held.people["Thay Bình"] = (await session.scalars(found)).one()
    await check(held.chair, held.held, province.da_sar_hall, "in", "Thay Bình")
    await held.put(QUESTION)
    assert (await held.voted("Thay Bình", "100"))["voters"] == 1
    assert (await held.vote("Bình", "100")).json()["code"] == "not-voter"
    # He comes after all: the seat is his, and has one vote still.
    await check(held.chair, held.held, province.da_sar_hall, "in", "Bình")
    assert (await held.voted("Bình", "010"))["voters"] == 1
    assert (await held.vote("Thay Bình", "100")).json()["code"] == "not-voter"
    result = (await held.step("close"))["outcome"]
    assert (result["summoned"], result["present"], result["devices"]) == (7, 6, 1)
    assert [each["total"] for each in result["options"]] == [0, 1, 0]


async def test_two_of_three_are_elected_in_secret(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(ELECTION)
    codes = {who: code() for who in ("Đại Biểu", "An", "Bình", "Chi", "Dũng", "Em")}
    marks = ("110", "110", "110", "101", "110", "000")
    assert (await held.vote("An", "110")).status_code == 422  # without a code
    assert (await held.vote("An", "111", code=codes["An"])).status_code == 422  # more than seats
    for who, each in zip(codes, marks, strict=True):
        await held.voted(who, each, code=codes[who])
    assert (await held.vote("An", "001", code=code())).json()["code"] == "already-voted"
    delegate = await browser(held.held.people["An"])
    assert (await delegate.get(f"{held.path}/{held.ballot_id}/vote")).json()["marks"] is None
    closed = await held.step("close")
    assert (await delegate.get(f"{held.path}/{held.ballot_id}/codes")).status_code == 404
    assert [(each["total"], each["elected"]) for each in closed["outcome"]["options"]] == [
        (5, True),
        (4, True),
        (1, False),
    ]
    assert (closed["outcome"]["base"], closed["outcome"]["needed"]) == (7, 4)
    assert (closed["outcome"]["valid"], closed["outcome"]["invalid"]) == (5, 1)
    await held.step("publish")
    listed = (await delegate.get(f"{held.path}/{held.ballot_id}/codes")).json()
    assert {each["code"]: each["marks"] for each in listed["codes"]} == dict(zip(codes.values(), marks, strict=True))
    found = (await delegate.get(f"{held.path}/{held.ballot_id}/codes?code={codes['An'][:6]}")).json()
    assert [each["code"] for each in found["codes"]] == [codes["An"]]


async def test_hands_are_counted_of_those_who_have_not_voted_by_device(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put({**QUESTION, "hands": True})
    await held.voted("An", "100")
    hall = province.da_sar_hall
    entered = await held.count(hall, [2, 0, 0], province.hall_secretary)
    assert (entered["people"], entered["voted"], entered["to_count"]) == (3, 1, 2)
    [first] = entered["tallies"]
    assert (first["state"], first["own"]) == ("entered", True)
    own = await (await browser(province.hall_secretary)).post(
        f"{held.path}/{held.ballot_id}/tallies/{first['id']}/countersign"
    )
    assert own.status_code == 403
    differs = await held.count(hall, [1, 1, 0], hall)  # the hall's own device
    assert {each["state"] for each in differs["tallies"]} == {"entered"}
    agrees = await held.count(hall, [2, 0, 0], hall)
    assert [each["state"] for each in agrees["tallies"]] == ["accepted"]
    assert (await held.vote("Bình", "100")).json()["code"] == "counted-in-hall"
    await held.count(hall, [1, 0, 0], province.hall_secretary, 409)
    # One entry that is countersigned; more than the hall has are not.
    lat = province.lat_hall
    too_many = await held.count(lat, [3, 0, 0], province.organiser)
    [wrong] = too_many["tallies"]
    sign = f"{held.path}/{held.ballot_id}/tallies"
    refused = await held.chair.post(f"{sign}/{wrong['id']}/countersign")
    assert refused.json()["code"] == "too-many-counted"
    [right] = (await held.count(lat, [0, 2, 0], province.organiser))["tallies"]
    assert (await held.chair.post(f"{sign}/{right['id']}/countersign")).status_code == 204
    far = (await held.chair.get(f"{sign}?state=settled")).json()
    assert (far["settled"], far["waiting"]) == (2, 0)
    assert {each["name"] for each in far["halls"]} == {hall.name, lat.name}
    assert far["missing"] == len(province.halls) - 2
    await held.voted("Em", "001")
    result = (await held.step("close"))["outcome"]
    assert [(each["devices"], each["hands"]) for each in result["options"]] == [(1, 2), (0, 2), (1, 0)]
    assert (result["present"], result["valid"]) == (6, 6)


async def test_papers_are_issued_returned_valid_and_void(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put({**ELECTION, "papers": True, "devices": False})
    hall, who = province.da_sar_hall, province.hall_secretary
    good = {"kind": "papers", "issued": 3, "returned": 3, "void": 1}
    for counts, wrong in (
        ([2, 2, 0], {**good, "returned": 4}),
        ([3, 1, 0], good),
        ([1, 0, 0], good),
        ([2, 2, 0], {**good, "void": 4}),
    ):
        await held.count(hall, counts, who, 422, **wrong)
    await held.count(hall, [2, 1, 1], who, **good)
    await held.count(hall, [2, 1, 1], hall, **good)
    assert (await held.vote("An", "110", code=code())).status_code == 403
    result = (await held.step("close"))["outcome"]
    assert [each["papers"] for each in result["options"]] == [2, 1, 1]
    assert (result["issued"], result["returned"], result["valid"], result["invalid"]) == (3, 3, 2, 1)


async def test_steps_come_in_their_order_and_the_meeting_closes_what_is_open(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(QUESTION, opened=False)
    edited = await held.chair.put(f"{held.path}/{held.ballot_id}", json={**QUESTION, "title": "Khác", "revision": 1})
    assert edited.json()["title"] == "Khác"
    stale = await held.chair.put(f"{held.path}/{held.ballot_id}", json={**QUESTION, "revision": 1})
    assert stale.json()["code"] == "edited-meanwhile"
    await held.step("close", 409)
    await held.step("open")
    await held.step("open", 409)
    assert (await held.chair.put(f"{held.path}/{held.ballot_id}", json=QUESTION)).status_code == 409
    assert (await held.chair.delete(f"{held.path}/{held.ballot_id}")).status_code == 409
    called_off = await held.step("void", body={"reason": "Nhầm nội dung"})
    assert called_off["void_reason"] == "Nhầm nội dung"
    await held.step("close", 409)
    await held.put({**ELECTION, "title": "Còn mở"})
    await held.voted("An", "110", code=code())
    ended = await held.chair.post(f"/api/meetings/{held.held.meeting.id}/end")
    assert ended.status_code == 200, ended.text
    left = (await held.chair.get(f"{held.path}/{held.ballot_id}")).json()
    assert (left["state"], left["outcome"]["devices"]) == ("closed", 1)
    assert (await held.chair.post(held.path, json={**QUESTION, "options": ["A", "A"]})).status_code == 422


async def test_who_comes_meanwhile_is_in_the_electorate(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held: Voting = await voting(services, province, browser)
    await held.put(QUESTION)
    await held.voted("An", "100")
    await check(held.chair, held.held, province.da_sar_hall, "out", "An")
    await check(held.chair, held.held, province.lat_hall, "in", "Giang")
    await held.voted("Giang", "010")
    result = (await held.step("close"))["outcome"]
    assert result["present"] == 7  # An voted, so was there; Giang came


async def test_the_record_is_signed_on_paper_and_says_who_voted_how(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put({**QUESTION, "hands": True})
    await held.voted("An", "100")
    await held.count(province.lat_hall, [1, 1, 0], province.organiser)
    await held.count(province.lat_hall, [1, 1, 0], province.lat_hall)
    path = f"{held.path}/{held.ballot_id}"
    assert (await held.chair.get(f"{path}/record.pdf")).status_code == 404  # not before the close
    await held.step("close")
    await held.step("publish")
    paper = await held.chair.get(f"{path}/record.docx")
    with zipfile.ZipFile(io.BytesIO(paper.content)) as package:
        body = package.read("word/document.xml").decode()
    ElementTree.fromstring(body)  # noqa: S314  (our own)
    for words in ("BIÊN BẢN BIỂU QUYẾT", QUESTION["title"], "THƯ KÝ", "CHỦ TRÌ", province.chair.full_name, "Giơ tay"):
        assert str(words) in body
    pages = PdfReader(io.BytesIO((await held.chair.get(f"{path}/record.pdf")).content)).pages
    text = unicodedata.normalize("NFC", "".join(page.extract_text() for page in pages))
    for words in ("Không tán thành", "Kết luận", "CHỦ TRÌ", province.lat_hall.name):
        assert words in text
    book = CalamineWorkbook.from_filelike(io.BytesIO((await held.chair.get(f"{path}/votes.xlsx")).content))
    rows = book.get_sheet_by_name("Theo đại biểu").to_python()
    assert [row[5] for row in rows if row[1] == "An"] == ["Tán thành"]
    assert len([row for row in rows if row[5] == "Không biểu quyết trên máy"]) == 5
    await held.put(ELECTION)
    await held.voted("An", "110", code=code())
    await held.step("close")
    secret = f"{held.path}/{held.ballot_id}"
    assert (await held.chair.get(f"{secret}/votes.xlsx")).status_code == 404
    kept = PdfReader(io.BytesIO((await held.chair.get(f"{secret}/record.pdf")).content)).pages
    assert "BIÊN BẢN KIỂM PHIẾU" in unicodedata.normalize("NFC", kept[0].extract_text())
    operator = await browser(province.operator)
    assert (await operator.get(f"{path}/record.pdf")).status_code == 200  # is published
    assert (await operator.get(f"{secret}/record.pdf")).status_code == 404
