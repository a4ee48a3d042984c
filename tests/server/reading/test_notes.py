"""Notes over HTTP: whose they are, what is refused, what a withdrawn paper leaves, the signal to other devices, and the
export."""

import asyncio
import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pypdf
import pypdfium2
import pytest

from server.accounts.actions.links import make_bound_links
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from server.papers.models import AccessPolicy, Paper
from server.reading.notes import sync as notes_sync
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock
from tests.server.conftest import Join

NOTE = {"x": 0.5, "y": 0.25, "text": "Hỏi lại số liệu thu ngân sách", "color": "yellow"}
INK = {"points": [[0.1, 0.1, 0.5], [0.2, 1.4, 0.5], [0.3, 0.2, 0.7]], "color": "red", "size": 0.005}
MARK = {"rects": [[0.1, 0.1, 0.5, 0.02]], "text": "tăng trưởng 8,2%", "color": "green"}


class World:
    def __init__(self, services: Services, province: Province, meeting: Meeting, paper: Paper) -> None:
        self.services, self.province, self.meeting, self.paper = services, province, meeting, paper

    def change(self, body: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
        return {
            "id": str(uuid4()),
            "base": 0,
            "paper_id": self.paper.id,
            "version_id": self.paper.current_version_id,
            "page": 1,
            "kind": "note",
            "body": body,
            "written_at": MORNING.isoformat(),
            **facts,
        }

    async def set(self, **facts: Any) -> None:
        async with self.services.transactions(SYSTEM) as tx:
            paper = await tx.session.get_one(Paper, self.paper.id)
            for name, value in facts.items():
                setattr(paper, name, value)


@pytest.fixture
async def world(services: Services, province: Province) -> World:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
        return World(services, province, meeting, await library.paper(tx.session, meeting, "Báo cáo", pages=3))


async def exchange(client: httpx2.AsyncClient, *changes: dict[str, Any], since: int = 0, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/notes/sync", json={"since": since, "changes": list(changes), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_notes_are_their_owners_alone(world: World, browser: Browsers) -> None:
    phone = await browser(world.province.delegate)
    change = world.change(NOTE)
    first = await exchange(phone, change, world.change(INK, kind="ink"), world.change(MARK, kind="highlight"))
    assert [each["kind"] for each in first["changes"]] == ["note", "ink", "highlight"]
    assert first["changes"][1]["body"]["points"][1] == [0.2, 1.0, 0.5], "a pen that leaves the page ends at its edge"
    assert not first["more"]
    tablet = await browser(world.province.delegate)
    assert (await exchange(tablet))["changes"] == first["changes"]
    assert (await exchange(tablet, since=first["seq"]))["changes"] == []
    for who in ("admin", "organiser", "chair", "secretary", "operator", "hall_secretary", "presenter"):
        other = await browser(getattr(world.province, who))
        assert (await exchange(other))["changes"] == [], who
        # The same id names another note: theirs.
        stolen = await exchange(other, {**change, "base": 1, "body": None})
        assert NOTE["text"] not in str(stolen), who
    assert (await exchange(tablet))["changes"] == first["changes"]
    hall = await browser(world.province.da_sar_hall)
    assert (await hall.post("/api/notes/sync", json={"since": 0, "changes": []})).status_code == 403


async def come_by_link(world: World, browser: Browsers, who: Person, meeting: Meeting) -> httpx2.AsyncClient:
    async with world.services.transactions(SYSTEM) as tx:
        until = MORNING + timedelta(days=1)
        made = await make_bound_links(tx, meeting.id, [who.id], next_path="/", expires_at=until)
    client = await browser()
    answer = await client.post("/api/session/link", json={"token": made[who.id].path.removeprefix("/join/")})
    assert answer.status_code == 200, answer.text
    return client


async def test_a_personal_link_reaches_the_notes_of_its_meeting(world: World, browser: Browsers) -> None:
    who = world.province.delegate
    full = await browser(who)
    change = world.change(NOTE)
    await exchange(full, change)
    other_meeting = await builders.conference(world.services, world.province, "running")
    async with world.services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, other_meeting, who, world.province.da_sar_hall)
    here = await come_by_link(world, browser, who, world.meeting)
    elsewhere = await come_by_link(world, browser, who, other_meeting)
    assert len((await exchange(here))["changes"]) == 1
    there = await exchange(elsewhere)
    assert there["changes"] == []
    assert there["scope"] != (await exchange(full))["scope"]
    refused = await exchange(elsewhere, {**change, "base": 1, "body": None}, world.change(NOTE))
    assert [each["code"] for each in refused["refused"]] == ["not-readable", "not-readable"]
    assert refused["changes"] == []
    assert (await exchange(full))["changes"][0]["body"] == NOTE
    answer = await elsewhere.get(f"/api/notes/export.pdf?paper_id={world.paper.id}")
    assert answer.status_code == 404


async def test_what_is_refused_alone(world: World, browser: Browsers, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.services.transactions(SYSTEM) as tx:
        hidden = await library.paper(tx.session, world.meeting, "Kín")
        await library.policy(tx.session, world.meeting, hidden, hidden=True)
    phone = await browser(world.province.delegate)
    good = world.change({**NOTE, "text": "dán từ \x0b Word\r\n\x00"})
    wrong = {
        "bad-body": [
            world.change({**NOTE, "text": "x" * 10_001}),
            world.change({**INK, "points": [[0, 0, 0]] * 2_001}, kind="ink"),
            world.change({**NOTE, "kind": "x"}),
            world.change(NOTE, kind="ink"),
            world.change({**NOTE, "x": "giữa"}),
        ],
        "no-such-page": [world.change(NOTE, page=4)],
        "not-readable": [
            world.change(NOTE, paper_id=hidden.id, version_id=hidden.current_version_id),
            world.change(NOTE, version_id=hidden.current_version_id),
            world.change(NOTE, paper_id=99_999, version_id=99_999),
        ],
    }
    answer = await exchange(phone, *(each for some in wrong.values() for each in some), good)
    assert [each["code"] for each in answer["refused"]] == [code for code, some in wrong.items() for _ in some]
    assert all(each["vi"] and each["en"] for each in answer["refused"])
    assert [each["body"]["text"] for each in answer["changes"]] == ["dán từ  Word\n"]
    monkeypatch.setattr(notes_sync, "NOTES", 3)
    answer = await exchange(phone, *(world.change(NOTE) for _ in range(4)))
    assert [each["code"] for each in answer["refused"]] == ["too-many", "too-many"]
    edited = await exchange(phone, {**good, "base": 1, "body": NOTE})
    assert edited["refused"] == [], "a note that is there can always be changed"
    for body in ({"since": 0, "changes": [world.change(NOTE)] * 501}, {"since": -1, "changes": []}, {}):
        assert (await phone.post("/api/notes/sync", json=body)).status_code == 422


async def test_a_paper_withdrawn_takes_its_words_and_leaves_the_notes(world: World, browser: Browsers) -> None:
    phone = await browser(world.province.delegate)
    highlight = world.change(MARK, kind="highlight")
    await exchange(phone, highlight, world.change(NOTE))
    for withdrawn, returned in (
        ({"recalled_at": MORNING}, {"recalled_at": None}),
        ({"deleted_at": MORNING}, {"deleted_at": None}),
    ):
        await world.set(**withdrawn)
        tablet = await browser(world.province.delegate)
        answer = await exchange(tablet)
        texts = {(each["kind"], each["body"]["text"]) for each in answer["changes"]}
        assert {("highlight", ""), ("note", NOTE["text"])} <= texts
        assert MARK["text"] not in str(texts)
        # Written without a line, before the device knew: it is taken all the same.
        assert (await exchange(tablet, world.change({**NOTE, "text": "viết lúc mất mạng"})))["refused"] == []
        # A new colour does not wipe the words that the device did not get.
        revision = next(each["revision"] for each in answer["changes"] if each["kind"] == "highlight")
        colour = "pink" if "recalled_at" in withdrawn else "blue"
        changed = {**highlight, "base": revision, "body": {**MARK, "text": "", "color": colour}}
        assert MARK["text"] not in str(await exchange(tablet, changed))
        await world.set(**returned)
        back = {each["kind"]: each["body"] for each in (await exchange(tablet))["changes"]}
        assert (back["highlight"]["text"], back["highlight"]["color"]) == (MARK["text"], colour)


async def test_the_rules_by_name(world: World, browser: Browsers) -> None:
    """The cases that people meet; every order of everything is in test_notes_merge."""
    phone, tablet = await browser(world.province.delegate), await browser(world.province.delegate)
    note = world.change(NOTE)
    await exchange(phone, note)

    def text(said: str | None, base: int, minutes: int = 0) -> dict[str, Any]:
        body = None if said is None else {**NOTE, "text": said}
        at = (MORNING + timedelta(minutes=minutes)).isoformat()
        return {**note, "base": base, "body": body, "written_at": at}

    # Both edit: the later one is kept as a second note, and is told so again when its answer is lost.
    await exchange(phone, text("của điện thoại", 1))
    for _ in range(2):
        answer = await exchange(tablet, text("của máy tính bảng", 1, -90))
        assert len(answer["kept"]) == 1
        found = {each["id"]: each["body"]["text"] for each in answer["changes"]}
        assert found == {note["id"]: "của điện thoại", answer["kept"][0]["kept_as"]: "của máy tính bảng"}
    # The same edit is no second note.
    assert (await exchange(tablet, text("của điện thoại", 1)))["kept"] == []
    # An edit beats a delete, whichever comes first.
    await exchange(phone, text(None, 2))
    answer = await exchange(tablet, text("vẫn cần", 2))
    assert (answer["kept"], answer["changes"][-1]["body"]["text"]) == ([], "vẫn cần")
    answer = await exchange(phone, text(None, 3))
    assert answer["changes"][-1]["body"]["text"] == "vẫn cần"
    # The device that made a note writes on, never having heard an answer; until another device wrote too.
    made = world.change(NOTE)
    await exchange(phone, made)
    answer = await exchange(phone, {**made, "body": {**NOTE, "text": "viết tiếp"}})
    assert (answer["kept"], answer["changes"][-1]["body"]["text"]) == ([], "viết tiếp")
    await exchange(tablet, {**made, "base": 2, "body": {**NOTE, "text": "máy khác"}})
    at = (MORNING + timedelta(hours=1)).isoformat()
    answer = await exchange(phone, {**made, "body": {**NOTE, "text": "viết tiếp nữa"}, "written_at": at})
    assert len(answer["kept"]) == 1


async def test_more_than_one_answer_holds(world: World, browser: Browsers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.reading.notes.queries.ROWS", 4)
    phone = await browser(world.province.delegate)
    made = [world.change(NOTE) for _ in range(10)]
    own = await exchange(phone, *made)
    assert own["more"]
    assert {each["id"] for each in own["changes"]} == {each["id"] for each in made}, "what was sent is answered at once"
    seen, since, asked = [], 0, 0
    while True:
        answer = await exchange(phone, since=since)
        seen += [each["id"] for each in answer["changes"]]
        since, asked = answer["seq"], asked + 1
        if not answer["more"]:
            break
    assert (seen, asked) == ([each["id"] for each in made], 3)
    # The database came from a backup: the device knows a later number than there is.
    assert len((await exchange(phone, since=10_000))["changes"]) == 4


async def test_other_devices_are_told(world: World, browser: Browsers, join: Join) -> None:
    own = await join(world.meeting.id, world.province.delegate, "member")
    other = await join(world.meeting.id, world.province.organiser, "console")
    phone = await browser(world.province.delegate)
    answer = await exchange(phone, world.change(NOTE))
    await own.until(lambda: own.signalled("notes") == [{"seq": answer["seq"]}])
    await exchange(phone, since=answer["seq"])
    await asyncio.sleep(0.05)
    assert len(own.signalled("notes")) == 1, "nobody is told of nothing"
    assert other.signalled("notes") == []


async def test_export(world: World, browser: Browsers, clock: Clock) -> None:
    phone = await browser(world.province.delegate)
    paths = [f"/api/notes/export.pdf?paper_id={world.paper.id}", f"/api/notes/export.pdf?meeting_id={world.meeting.id}"]
    assert (await phone.get(paths[0])).json()["code"] == "nothing-written"
    assert (await phone.get("/api/notes/export.pdf")).status_code == 422
    await exchange(
        phone,
        world.change({**NOTE, "text": "Dòng một #strong[đậm] $x$\nĐề nghị làm rõ “ướt”"}),
        world.change(INK, kind="ink", page=2),
        world.change({**INK, "points": [[0.5, 0.5, 0.5]]}, kind="ink", page=2),
        world.change(MARK, kind="highlight", page=2),
    )
    for path in paths:
        text = await pdf_text(phone, path)
        for said in (
            "#strong[đậm] $x$",
            "Đề nghị làm rõ “ướt”",
            MARK["text"],
            "Trang 1",
            "2 nét bút",
            "Báo cáo",
            "07:30",
        ):
            assert said in text, (path, said)
    await world.set(recalled_at=MORNING)
    text = await pdf_text(phone, paths[0])
    assert "Đề nghị làm rõ" in text
    assert MARK["text"] not in text
    await world.set(recalled_at=None)
    async with world.services.transactions(SYSTEM) as tx:
        tx.session.add(AccessPolicy(meeting_id=world.meeting.id, paper_id=world.paper.id, hidden=True))
    text = await pdf_text(phone, paths[0])
    assert "Đề nghị làm rõ" in text
    assert "Báo cáo" not in text
    for who in ("admin", "organiser", "chair"):
        client = await browser(getattr(world.province, who))
        assert [(await client.get(path)).status_code for path in paths] == [404, 404]


async def pdf_text(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert len(pypdf.PdfReader(io.BytesIO(answer.content)).pages) >= 1
    pages = pypdfium2.PdfDocument(answer.content)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())
