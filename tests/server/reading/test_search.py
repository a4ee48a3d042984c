"""Search over HTTP: what is found, in what order, and that the index keeps up with the pages by itself."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, select, update

from server.core.actor import SYSTEM
from server.core.fields import folded
from server.core.services import Services
from server.meetings.models import Meeting
from server.papers.models import Paper, PaperPage, PaperVersion
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers

PAGES = {
    "Nghị quyết số 18-NQ/TW": ["Về sắp xếp tổ chức bộ máy", "Điều khoản thi hành"],
    "Báo cáo kết quả": [
        "Thực hiện Nghị quyết số 18-NQ/TW của Trung ương, tỉnh đã",
        "18 xã đã có quyết định; đề nghị các xã còn lại báo cáo",
        "Đạ Sar, Lát, Đưng K’Nớ",
    ],
    "Tờ trình": ["Kinh phí 12 tỷ đồng theo Quyết định 12/QĐ-UBND"],
}


class World:
    def __init__(self, services: Services, province: Province, meeting: Meeting, papers: dict[str, Paper]) -> None:
        self.services, self.province, self.meeting, self.papers = services, province, meeting, papers


async def with_pages(services: Services, paper: Paper, texts: list[str]) -> None:
    async with services.transactions(SYSTEM) as tx:
        for number, text in enumerate(texts, 1):
            await tx.session.execute(
                update(PaperPage)
                .where(PaperPage.version_id == paper.current_version_id, PaperPage.number == number)
                .values(text=text, folded=folded(text))
            )


@pytest.fixture
async def world(services: Services, province: Province) -> World:
    meeting = await builders.conference(services, province, "running")
    papers = {}
    for position, (title, texts) in enumerate(PAGES.items()):
        async with services.transactions(SYSTEM) as tx:
            number = "12/QĐ-UBND" if title == "Tờ trình" else ""
            papers[title] = await library.paper(
                tx.session, meeting, title, pages=len(texts), position=position, number=number, kind="khac"
            )
        await with_pages(services, papers[title], texts)
    return World(services, province, meeting, papers)


async def ask(client: httpx2.AsyncClient, q: str, **more: Any) -> dict[str, Any]:
    answer = await client.get("/api/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def found(client: httpx2.AsyncClient, q: str, **more: Any) -> list[tuple[str, int]]:
    answer = await ask(client, q, **more)
    return [(hit["title"], hit["page"]) for hit in answer["hits"]]


async def test_what_is_found(world: World, browser: Browsers) -> None:
    chair = await browser(world.province.chair)
    resolution, report, proposal = PAGES
    cases: dict[str, list[tuple[str, int]]] = {
        "nghi quyet 18": [(resolution, 1), (report, 1), (report, 2)],
        "Nghị quyết số 18-NQ/TW": [(resolution, 1), (report, 1)],
        "18-nq/tw": [(resolution, 1), (report, 1)],
        "12/QĐ-UBND": [(proposal, 1)],
        "to chuc bo may": [(resolution, 1)],
        '"bo may to chuc"': [],
        "da sar": [(report, 3)],
        "đưng k": [(report, 3)],
        "thi han": [(resolution, 2)],
        "thi han ": [],
        "quyet dinh": [(report, 2), (proposal, 1)],
        "bao cao": [(report, 2)],
        "không có chữ này": [],
    }
    for q, expected in cases.items():
        assert await found(chair, q) == expected, q
        assert (await ask(chair, q))["total"] == len(expected), q
    for junk in (
        "",
        "   ",
        '"',
        "*",
        "🇻🇳",
        "a",
        "' OR 1=1 --",
        "NEAR(",
        "col:x",
        "^x",
        "x" * 300,
        "( & | ! )",
        "\\",
        "%",
    ):
        await ask(chair, junk)
    assert (await chair.get("/api/search", params={"q": "x" * 301})).status_code == 422

    hit = (await ask(chair, "nghi quyet 18-nq"))["hits"][1]
    assert [part["text"] for part in hit["snippet"] if part["mark"]] == ["Nghị", "quyết", "18-NQ"]
    assert hit["words"] == ["18", "nghi", "nq", "quyet"]
    assert (hit["meeting_id"], hit["meeting_title"]) == (world.meeting.id, world.meeting.title)


async def test_pages_of_the_list(world: World, browser: Browsers) -> None:
    chair = await browser(world.province.chair)
    every = await found(chair, "nghi quyet 18")
    assert [(await found(chair, "nghi quyet 18", limit=1, offset=n))[0] for n in range(3)] == every
    assert await found(chair, "nghi quyet 18", offset=3) == []


async def test_what_may_not_be_read_is_not_even_counted(world: World, browser: Browsers) -> None:
    """Every way and every reader: tests/server/papers/test_leaks.py."""
    async with world.services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, world.meeting, world.province.delegate, world.province.da_sar_hall)
        await library.policy(tx.session, world.meeting, world.papers["Báo cáo kết quả"], hidden=True)
        opens_at = MORNING + timedelta(hours=1)
        await library.policy(tx.session, world.meeting, world.papers["Tờ trình"], opens_at=opens_at)
    delegate = await browser(world.province.delegate)
    answer = await ask(delegate, "nghi quyet 18")
    assert (answer["total"], [hit["title"] for hit in answer["hits"]]) == (1, ["Nghị quyết số 18-NQ/TW"])
    for q in ("to trinh", "12/QĐ-UBND", "bao cao", "da sar"):
        assert await ask(delegate, q) == {"total": 0, "hits": []}, q


async def test_meetings(world: World, browser: Browsers) -> None:
    older = await builders.conference(world.services, world.province, "running")
    async with world.services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Meeting, older.id)).starts_at = MORNING.replace(year=2025)
        await library.paper(tx.session, older, "Tài liệu cũ", text="Nghị quyết 18", pages=1)
    chair = await browser(world.province.chair)
    hits = await found(chair, "nghi quyet 18")
    # The words in a row come before the words apart, whatever the meeting.
    assert [title for title, _ in hits] == [
        "Nghị quyết số 18-NQ/TW",
        "Tài liệu cũ",
        "Báo cáo kết quả",
        "Báo cáo kết quả",
    ]
    assert await found(chair, "nghi quyet 18", meeting_id=older.id) == [("Tài liệu cũ", 1)]
    assert await found(chair, "nghi quyet 18", meeting_id=999_999) == []


async def test_the_index_keeps_up(world: World, browser: Browsers) -> None:
    """With a new version, a changed page, one deleted, and what goes with its version."""
    chair = await browser(world.province.chair)
    paper = world.papers["Tờ trình"]
    await with_pages(world.services, paper, ["Kinh phí mười lăm tỷ"])
    assert await found(chair, "kinh phi muoi lam") == [("Tờ trình", 1)]
    assert await found(chair, "theo quyet dinh") == []
    async with world.services.transactions(SYSTEM) as tx:
        row = await tx.session.get_one(Paper, paper.id)
        old = row.current_version_id
        await library.version(tx.session, row, "Kinh phí hai mươi tỷ", pages=2)
    assert await found(chair, "muoi lam") == [], "an older version is not found"
    assert await found(chair, "hai muoi") == [("Tờ trình", 1), ("Tờ trình", 2)]
    async with world.services.transactions(SYSTEM) as tx:
        newest = (await tx.session.get_one(Paper, paper.id)).current_version_id
        await tx.session.execute(delete(PaperPage).where(PaperPage.version_id == newest, PaperPage.number == 1))
    assert await found(chair, "hai muoi") == [("Tờ trình", 2)]
    async with world.services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Paper, paper.id)).current_version_id = old
        await tx.session.execute(delete(PaperVersion).where(PaperVersion.id == newest))
        assert await tx.session.scalar(select(PaperPage.number).where(PaperPage.version_id == newest)) is None
    if world.services.database.is_sqlite:
        async with world.services.transactions(SYSTEM) as tx:
            # FTS5's own check: the index says exactly what the pages say.
            await (await tx.session.connection()).exec_driver_sql(
                "INSERT INTO paper_search (paper_search, rank) VALUES ('integrity-check', 1)"
            )
