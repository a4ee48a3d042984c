"""Receipts: what devices report in any order adds up, of papers that are theirs alone; the board; reminders."""

import asyncio
import io
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.core.spreadsheets.writing import HEADING_ROW
from server.meetings.models import Delegate, Meeting
from server.notifications.models import Mail, Notice
from server.papers.models import Paper
from server.reading.models import Receipt
from server.reading.receipts.merge import Seen, with_entries
from server.reading.receipts.schemas import ReceiptEntry
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock

ENTRIES = st.lists(
    st.builds(
        ReceiptEntry,
        version_id=st.just(1),
        delivered=st.booleans(),
        pages=st.lists(st.integers(1, 12), max_size=4),
        last_page=st.none() | st.integers(1, 12),
        seconds=st.integers(0, 60),
        at=st.integers(-50, 50).map(lambda minutes: MORNING + timedelta(minutes=minutes)),
    ),
    max_size=12,
)


@given(entries=ENTRIES, split=st.integers(0, 12), data=st.data())
def test_nothing_is_taken_back(entries: list[ReceiptEntry], split: int, data: st.DataObject) -> None:
    earliest, now = MORNING - timedelta(minutes=30), MORNING + timedelta(minutes=20)
    once = with_entries(Seen(), entries, 10, earliest, now)
    first = with_entries(Seen(), entries[:split], 10, earliest, now)
    then = with_entries(first, entries[split:], 10, earliest, now)
    for earlier, later in ((first, then), (Seen(), first)):
        assert later.pages & earlier.pages == earlier.pages
        assert (earlier.delivered_at is not None) <= (later.delivered_at is not None)
        assert (earlier.opened_at is not None) <= (later.opened_at is not None)
        assert later.seconds >= earlier.seconds
    assert (then.pages, then.opened_at, then.delivered_at) == (once.pages, once.opened_at, once.delivered_at)
    again = with_entries(once, data.draw(st.permutations(entries)), 10, earliest, now)
    assert again == once, "a report that came again changed something"
    for time in (once.delivered_at, once.opened_at, once.last_at):
        assert time is None or earliest <= time <= now
    assert once.pages < 1 << 10
    assert once.last_page <= 10


class World:
    """A conference with delegates in three halls and one online, and three papers: for all, for Lạc Dương's branch, for
    guests."""

    def __init__(self, services: Services, province: Province, meeting: Meeting) -> None:
        self.services = services
        self.province = province
        self.meeting = meeting
        self.people: dict[str, Person] = {}
        self.listed: dict[str, Delegate] = {}
        self.papers: dict[str, Paper] = {}

    def version(self, paper: str) -> int:
        found = self.papers[paper].current_version_id
        assert found is not None
        return found


@pytest.fixture
async def world(services: Services, province: Province) -> World:
    world = World(services, province, await builders.conference(services, province, "invited"))
    halls = {"da sar": province.da_sar_hall, "lat": province.lat_hall, "hiep an": province.hiep_an_hall, "online": None}
    async with services.transactions(SYSTEM) as tx:
        for name, hall in halls.items():
            who = await builders.person(tx.session, province.root, f"Đại biểu {name}")
            who.email = f"{name.replace(' ', '-')}@lamdong.example" if name != "lat" else None
            world.people[name] = who
            role = "guest" if name == "online" else "delegate"
            world.listed[name] = await library.delegate(tx.session, world.meeting, who, hall, role)
        world.papers["all"] = await library.paper(tx.session, world.meeting, "Báo cáo chung", pages=3)
        audiences: dict[str, dict[str, Any]] = {
            "branch": {"kind": "unit", "id": province.lac_duong.id},
            "guests": {"kind": "role", "role": "guest"},
        }
        for name, audience in audiences.items():
            paper = await library.paper(tx.session, world.meeting, f"Tài liệu {name}", position=1)
            await library.policy(tx.session, world.meeting, paper, audience=[audience])
            world.papers[name] = paper
    return world


def entry(version_id: int, **said: Any) -> dict[str, Any]:
    return {"version_id": version_id, "at": MORNING.isoformat(), **said}


async def fetched(client: httpx2.AsyncClient, *version_ids: int) -> None:
    """As a reader's page does before it has anything to report."""
    for version_id in version_ids:
        await client.get(f"/api/versions/{version_id}/text")


async def receipts(world: World, who: str) -> dict[int, Receipt]:
    async with world.services.database.read() as session:
        found = await session.scalars(select(Receipt).where(Receipt.person_id == world.people[who].id))
        return {row.version_id: row for row in found}


async def test_devices_report(world: World, browser: Browsers, clock: Clock) -> None:
    phone = await browser(world.people["da sar"])
    ahead = (MORNING + timedelta(days=3)).isoformat()
    every, branch, guests = (world.version(name) for name in ("all", "branch", "guests"))
    said = [
        entry(every, delivered=True, at=(MORNING - timedelta(hours=2)).isoformat()),
        entry(every, pages=[1, 3, 400], last_page=3, seconds=40, at=ahead),
        entry(branch, delivered=True),
        entry(guests, delivered=True, pages=[1]),
        entry(999_999, pages=[1]),
    ]
    assert (await phone.post("/api/receipts", json={"entries": said})).status_code == 204
    assert await receipts(world, "da sar") == {}, "nobody has read what was never handed out"
    await fetched(phone, every, branch, guests)
    for _ in range(2):
        assert (await phone.post("/api/receipts", json={"entries": said})).status_code == 204
    found = await receipts(world, "da sar")
    assert set(found) == {every, branch}, "a paper for others gets no receipt"
    row = found[every]
    assert (row.delivered_at, row.opened_at) == (MORNING, MORNING), "not before it was handed out"
    assert (row.pages_seen, row.seen_count, row.last_page, row.seconds) == ("5", 2, 3, 40)
    own = (await phone.get(f"/api/meetings/{world.meeting.id}/my-receipts")).json()["versions"]
    assert own[str(every)]["seen_count"] == 2
    assert own[str(branch)]["opened_at"] is None
    hall = await browser(world.province.da_sar_hall)
    assert (await hall.post("/api/receipts", json={"entries": said})).status_code == 403

    # Read without a line, recalled meanwhile: what was read was read. Nobody new gets a receipt for it.
    await fetched(await browser(world.people["lat"]), every)
    async with world.services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Paper, world.papers["all"].id)).recalled_at = MORNING
    later = clock.pass_(minutes=5).isoformat()
    said = [entry(every, pages=[2], at=later)]
    for who, expected in (("da sar", 3), ("lat", 1)):
        client = await browser(world.people[who])
        assert (await client.post("/api/receipts", json={"entries": said})).status_code == 204
        assert (await receipts(world, who))[every].seen_count == expected
    stranger = await browser(world.province.stranger)
    assert (await stranger.post("/api/receipts", json={"entries": said})).status_code == 204
    async with world.services.database.read() as session:
        assert await session.scalar(select(Receipt).where(Receipt.person_id == world.province.stranger.id)) is None


async def test_what_is_handed_out_is_noted_without_a_word_of_the_device(world: World, browser: Browsers) -> None:
    """Words, a page's picture, the file: the first of them writes the receipt."""
    version = world.version("all")
    for who, path in (("da sar", f"/api/versions/{version}/text"), ("lat", f"/api/versions/{version}/pages/1/image")):
        client = await browser(world.people[who])
        await client.get(path)
        async with asyncio.timeout(10):
            while not (found := await receipts(world, who)):  # noqa: ASYNC110  (written a moment later)
                await asyncio.sleep(0.05)
        assert (found[version].served_at, found[version].delivered_at) == (MORNING, MORNING)
        assert found[version].opened_at is None


async def test_the_board(world: World, browser: Browsers) -> None:
    said = {
        "da sar": {"all": {"pages": [1, 2, 3]}, "branch": {"delivered": True}},
        "online": {"guests": {"pages": [1]}},
    }
    for who, papers in said.items():
        client = await browser(world.people[who])
        await fetched(client, *map(world.version, papers))
        entries = [entry(world.version(name), **facts) for name, facts in papers.items()]
        assert (await client.post("/api/receipts", json={"entries": entries})).status_code == 204
    path = f"/api/meetings/{world.meeting.id}/receipts"
    organiser = await browser(world.province.organiser)
    board = (await organiser.get(path)).json()

    def counts(of: dict[str, Any]) -> tuple[int, ...]:
        return tuple(of[name] for name in ("expected", "delivered", "opened", "finished"))

    assert {paper["title"]: counts(paper) for paper in board["papers"]} == {
        "Báo cáo chung": (4, 1, 1, 1),
        "Tài liệu branch": (2, 1, 0, 0),
        "Tài liệu guests": (1, 1, 1, 0),
    }
    assert {unit["name"]: counts(unit) for unit in board["units"]} == {
        "Tỉnh Lâm Đồng": (5, 2, 1, 1),
        "Huyện Lạc Dương": (4, 2, 1, 1),
        "Xã Đạ Sar": (2, 2, 1, 1),
        "Xã Lát": (2, 0, 0, 0),
        "Huyện Đức Trọng": (1, 0, 0, 0),
        "Xã Hiệp An": (1, 0, 0, 0),
    }
    opened = [1 - point["opened"] / max(1, point["expected"]) for point in board["points"] if point["people"]]
    assert opened == sorted(opened, reverse=True), "gaps first"
    assert {point["point_id"] for point in board["points"]} == {None, *(hall.id for hall in world.province.halls)}
    assert board["people"][0]["full_name"] == "Đại biểu lat"
    at_da_sar = next(person for person in board["people"] if person["full_name"] == "Đại biểu da sar")
    assert counts(at_da_sar) == (2, 2, 1, 1)
    progress = at_da_sar["papers"][str(world.papers["all"].id)]
    assert (progress["seen"], progress["pages"], progress["opened"]) == (3, 3, True)

    branch = (await organiser.get(f"{path}?paper_id={world.papers['branch'].id}")).json()
    assert {person["full_name"] for person in branch["people"]} == {"Đại biểu da sar", "Đại biểu lat"}
    assert branch["people_total"] == 2
    online = (await organiser.get(f"{path}?point_id=0")).json()
    assert [person["full_name"] for person in online["people"]] == ["Đại biểu online"]
    named = (await organiser.get(f"{path}?q=dai bieu HIỆP&limit=1")).json()
    assert [person["full_name"] for person in named["people"]] == ["Đại biểu hiep an"]
    assert (await organiser.get(f"{path}?paper_id=999999")).status_code == 404

    # A hall's secretary: the own hall, and no paper that he may not read.
    secretary = await browser(world.province.hall_secretary)
    own = (await secretary.get(path)).json()
    assert [person["full_name"] for person in own["people"]] == ["Đại biểu da sar"]
    assert {paper["title"] for paper in own["papers"]} == {"Báo cáo chung", "Tài liệu branch"}
    assert {point["name"] for point in own["points"]} == {"Đạ Sar"}
    assert (await secretary.get(f"{path}?paper_id={world.papers['guests'].id}")).status_code == 404
    assert (await secretary.post(f"/api/meetings/{world.meeting.id}/reminders", json={})).status_code == 403


async def test_the_board_as_a_workbook_says_the_same(world: World, browser: Browsers) -> None:
    client = await browser(world.people["da sar"])
    await fetched(client, world.version("all"), world.version("branch"))
    entries = [entry(world.version("all"), pages=[1, 2, 3]), entry(world.version("branch"), delivered=True)]
    assert (await client.post("/api/receipts", json={"entries": entries})).status_code == 204

    def sheets(answer: httpx2.Response) -> list[list[dict[str, Any]]]:
        assert answer.status_code == 200, answer.text
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        found = []
        for name in book.sheet_names:
            heading, *rows = book.get_sheet_by_name(name).to_python()[HEADING_ROW:]
            found.append([dict(zip(map(str, heading), row, strict=True)) for row in rows])
        return found

    path = f"/api/meetings/{world.meeting.id}/receipts.xlsx"
    people, points, papers = sheets(await (await browser(world.province.organiser)).get(path))
    assert len(people) == 4
    row = next(each for each in people if each["Họ và tên"] == "Đại biểu da sar")
    assert (row["Phải đọc"], row["Đã mở"], row["Đọc hết"]) == (2, 1, 1)
    assert (row["Báo cáo chung"], row["Tài liệu branch"], row["Tài liệu guests"]) == ("Đọc hết", "Đã tải", "")
    assert [each["Điểm cầu"] for each in people][-1] == "Trực tuyến"
    figures = ("Số người", "Lượt phải đọc", "Đã tải về máy", "Đã mở", "Đã đọc hết")
    assert {each["Tài liệu"]: tuple(each[name] for name in figures) for each in papers} == {
        "Báo cáo chung": (4, 4, 1, 1, 1),
        "Tài liệu branch": (2, 2, 1, 0, 0),
        "Tài liệu guests": (1, 1, 0, 0, 0),
    }
    assert sum(each["Lượt phải đọc"] for each in points) == 7
    own, _, seen = sheets(await (await browser(world.province.hall_secretary)).get(path))
    assert ([each["Họ và tên"] for each in own], len(seen)) == (["Đại biểu da sar"], 2)


async def test_a_new_version_is_read_anew(world: World, browser: Browsers) -> None:
    client = await browser(world.people["lat"])
    await fetched(client, world.version("all"))
    said = {"entries": [entry(world.version("all"), pages=[1, 2, 3])]}
    assert (await client.post("/api/receipts", json=said)).status_code == 204
    async with world.services.transactions(SYSTEM) as tx:
        await library.version(tx.session, await tx.session.get_one(Paper, world.papers["all"].id), "Bản mới")
    organiser = await browser(world.province.organiser)
    board = (await organiser.get(f"/api/meetings/{world.meeting.id}/receipts")).json()
    assert board["papers"][0]["opened"] == 0


async def test_reminders(world: World, browser: Browsers, clock: Clock) -> None:
    client = await browser(world.people["hiep an"])
    await fetched(client, world.version("all"))
    said = {"entries": [entry(world.version("all"), pages=[1])]}
    assert (await client.post("/api/receipts", json=said)).status_code == 204
    organiser = await browser(world.province.organiser)
    path = f"/api/meetings/{world.meeting.id}/reminders"

    async def remind(**body: Any) -> tuple[int, ...]:
        answer = await organiser.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return tuple(answer.json()[name] for name in ("people", "mail", "in_app", "without_email", "recent"))

    world.services.settings.smtp_url = "smtp://127.0.0.1:9"
    assert await remind(delegate_ids=[world.listed["lat"].id], dry_run=True) == (1, 0, 1, 1, 0)
    assert await remind(delegate_ids=[world.listed["lat"].id]) == (1, 0, 1, 1, 0)
    for _ in range(2):
        assert await remind(dry_run=True) == (2, 2, 2, 0, 1), "a question tells nobody"
    assert await remind() == (2, 2, 2, 0, 1), "who opened all is not reminded, nor whoever just was"
    assert await remind() == (0, 0, 0, 0, 3)
    clock.pass_(minutes=61)
    assert await remind(gap="unfinished") == (4, 3, 4, 1, 0)

    async with world.services.database.read() as session:
        mails = list(await session.scalars(select(Mail).where(Mail.kind == "papers.reminder").order_by(Mail.id)))
        notices = list(await session.scalars(select(Notice).where(Notice.person_id == world.people["lat"].id)))
    mail = next(each for each in mails if each.to_address == "da-sar@lamdong.example")
    assert "Báo cáo chung" in mail.text
    assert "Tài liệu branch" in mail.text
    assert "guests" not in mail.text
    assert mail.secret
    assert notices[0].data == {"count": 2, "titles": ["Báo cáo chung", "Tài liệu branch"]}
    assert notices[0].path == f"/meetings/{world.meeting.id}/delegate/papers"

    # The link works for who has no password.
    link = next(word for word in mail.text.split() if "/join/" in word)
    guest = await browser()
    answer = await guest.post("/api/session/link", json={"token": link.rsplit("/", 1)[1]})
    assert answer.status_code == 200, answer.text
    assert (await guest.get(f"/api/meetings/{world.meeting.id}/papers")).status_code == 200


async def test_without_a_mail_server_reminders_stay_in_the_app(world: World, browser: Browsers) -> None:
    organiser = await browser(world.province.organiser)
    for dry_run in (True, False):
        answer = await organiser.post(f"/api/meetings/{world.meeting.id}/reminders", json={"dry_run": dry_run})
        done = answer.json()
        assert (done["mail"], done["in_app"], done["mail_ready"]) == (0, done["people"], False)
        assert done["people"] > 0
    async with world.services.database.read() as session:
        assert list(await session.scalars(select(Mail))) == []


async def test_nobody_is_reminded_of_a_draft(browser: Browsers, services: Services, province: Province) -> None:
    draft = await builders.conference(services, province, "draft")
    organiser = await browser(province.organiser)
    assert (await organiser.post(f"/api/meetings/{draft.id}/reminders", json={})).status_code == 409
