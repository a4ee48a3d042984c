"""Personal copies and packs: whose name is on every page, what is in whose pack, and files that any reader opens."""

import asyncio
import io
from pathlib import Path

import httpx2
import numpy as np
import pikepdf
import pypdf
import pypdfium2
import pytest
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.workers import Workers
from server.meetings.models import Meeting
from server.papers.actions import papers
from server.papers.models import Paper, PaperVersion
from server.reading.models import Receipt
from server.wiring import JOBS
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.papers import pdf

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def meeting(services: Services, province: Province) -> Meeting:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
    return meeting


async def real(services: Services, meeting: Meeting, title: str, pages: int = 2, **more: object) -> PaperVersion:
    """A paper whose file is a PDF that says its title; `more`: facts of its policy, `item`, `signed`."""
    item, signed = more.pop("item", None), more.pop("signed", False)
    seal = {"signer": "Trần Văn B", "intact": True, "covers_whole": signed != "added", "trusted": True}
    facts = {"signatures": [seal]} if signed else {}
    async with services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, meeting, title, item=item, text=None)  # type: ignore[arg-type]
        version = await library.version(tx.session, paper, title, pages=pages, **facts)
        await library.policy(tx.session, meeting, paper, **more)  # type: ignore[arg-type]
    content = pdf(pages, about=title, paragraphs=1)
    for name in ("original", "reading.pdf"):
        await services.storage.put(f"{version.folder}/{name}", content)
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(PaperVersion, version.id)).size = len(content)
    return version


def texts(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def words(text: str) -> str:
    return " ".join(text.split())


async def build(services: Services) -> None:
    await Workers(services, JOBS).run_due()


async def test_a_copy_bears_its_readers_name_on_every_page(
    services: Services, province: Province, browser: Browsers, meeting: Meeting, clock: Clock
) -> None:
    version = await real(services, meeting, "Báo cáo kinh tế", 3, download=True)
    path = f"/api/versions/{version.id}/download"
    mine = await (await browser(province.delegate)).get(path)
    assert mine.status_code == 200, mine.text
    assert mine.headers["content-type"] == "application/pdf"
    assert mine.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert mine.headers["cache-control"] == "private, no-store"
    for text in texts(mine.content):
        assert "Liêng Đại Biểu" in text
        assert "Xã Đạ Sar" in text
        assert "07:30 20/11/2026" in text
    assert "Báo cáo kinh tế" in words(texts(mine.content)[0])
    clock.pass_(minutes=5)
    chairs = await (await browser(province.chair)).get(path)
    assert all("Phạm Chủ Trì" in text and "07:35" in text and "Liêng" not in text for text in texts(chairs.content))
    stampable = await services.storage.get(f"{version.folder}/stampable.pdf")
    for copy in (mine.content, chairs.content):
        assert copy.startswith(stampable), "a copy is the prepared file, byte for byte, and an ending"
        assert len(copy) - len(stampable) < 2000
        with pikepdf.open(io.BytesIO(copy)) as opened:
            assert opened.check_pdf_syntax() == []
    device = await (await browser(province.da_sar_hall)).get(path)
    assert "Điểm cầu Đạ Sar" in texts(device.content)[0]


async def test_ranges_and_names(services: Services, province: Province, browser: Browsers, meeting: Meeting) -> None:
    version = await real(services, meeting, 'Tờ trình 45/TTr "về đất": <1>', 1, download=True)
    client = await browser(province.delegate)
    path = f"/api/versions/{version.id}/download"
    whole = await client.get(path)
    assert "%2F" not in whole.headers["content-disposition"]
    assert "%22" not in whole.headers["content-disposition"]
    size = len(whole.content)
    for asked, first, end in (
        ("bytes=0-9", 0, 10),
        (f"bytes={size - 700}-", size - 700, size),
        ("bytes=-5", size - 5, size),
    ):
        part = await client.get(path, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, whole.content[first:end])
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    later = await client.get(path, headers={"Range": "bytes=5-", "If-Range": whole.headers["etag"]})
    assert (later.status_code, later.content) == (206, whole.content[5:])
    other = await client.get(path, headers={"Range": "bytes=5-", "If-Range": '"another"'})
    assert (other.status_code, other.content) == (200, whole.content)
    for nonsense in (f"bytes={size}-", "bytes=9-3", "bytes=" + "9" * 4000 + "-"):
        assert (await client.get(path, headers={"Range": nonsense})).status_code == 416
    assert (await client.get(path, headers={"Range": "lines=1-2"})).status_code == 200


async def test_signed_and_view_only_papers(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    signed = await real(services, meeting, "Quyết định", signed=True, download=True)
    shown = await real(services, meeting, "Chỉ xem")
    delegate, chair = await browser(province.delegate), await browser(province.chair)

    async def ask(client: httpx2.AsyncClient, version: PaperVersion, form: str) -> httpx2.Response:
        return await client.get(f"/api/versions/{version.id}/download?form={form}")

    original = await services.storage.get(f"{signed.folder}/original")
    for form in ("pdf", "original"):
        assert (await ask(delegate, signed, form)).json()["code"] == "view-only"
        assert (await ask(delegate, shown, form)).json()["code"] == "view-only"
        assert (await ask(chair, signed, form)).content == original, "never stamped"
    assert (await ask(chair, shown, "original")).content == await services.storage.get(f"{shown.folder}/original")
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Paper, signed.paper_id)).signed_as = "clean"
    assert (await ask(delegate, signed, "pdf")).content == original
    assert (await ask(delegate, signed, "original")).content == original
    assert not await services.storage.exists(f"{signed.folder}/stampable.pdf")


async def test_a_file_the_press_cannot_read_is_said_so(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    version = await real(services, meeting, "Hỏng", download=True)
    await services.storage.put(f"{version.folder}/reading.pdf", b"%PDF-1.7 nothing of the kind")
    answer = await (await browser(province.delegate)).get(f"/api/versions/{version.id}/download")
    assert (answer.status_code, answer.json()["code"]) == (503, "not-prepared")
    assert not any((services.settings.var / "conversion").iterdir()), "the press leaves nothing behind"


async def test_a_pack_holds_what_its_reader_may_take_and_nothing_else(
    services: Services, province: Province, browser: Browsers, meeting: Meeting, tmp_path: Path
) -> None:
    async with services.database.read() as session:
        items = await library.items(session, meeting)
    everybody = await real(services, meeting, "Chương trình chung", 2, download=True)
    await real(services, meeting, "Tờ trình đất đai", 3, item=items[1], download=True, signed=True)
    await real(services, meeting, "Chỉ xem thôi", 1, item=items[1])
    await real(services, meeting, "Bí mật ẩn kín", 1, item=items[0], download=True, hidden=True)
    for_lat = [{"kind": "point", "id": province.lat_hall.id}]
    await real(services, meeting, "Riêng xã Lát", 1, item=items[0], download=True, audience=for_lat)
    delegate, chair = await browser(province.delegate), await browser(province.chair)
    path = f"/api/meetings/{meeting.id}/pack"
    assert (await delegate.get(path)).json()["state"] == "none"
    assert (await delegate.get(f"{path}.pdf")).json()["code"] == "pack-not-ready"
    ordered = (await delegate.post(path, json={})).json()
    assert (ordered["state"], ordered["papers"]) == ("queued", 2)
    assert [(each["title"], each["en"]) for each in ordered["left_out"]] == [
        ("Chỉ xem thôi", "May be read on screen only.")
    ]
    assert (await delegate.post(path, json={})).json() == ordered
    assert (await chair.post(path, json={})).json()["papers"] == 5
    await build(services)
    state = (await delegate.get(path)).json()
    assert (state["state"], state["page_count"]) == ("ready", 2 + 2 + 3)
    pack = (await delegate.get(f"{path}.pdf")).content
    pages = [words(text) for text in texts(pack)]
    assert len(pages) == 7
    assert all("Liêng Đại Biểu" in page for page in pages)
    assert "07:50" in pages[1], "the hour of the second item"
    assert "Chương trình chung" in pages[2]
    assert "Tờ trình đất đai" in pages[4]
    assert [f"{number} / 7" in page for number, page in enumerate(pages, 1)] == [False] * 2 + [True] * 5
    assert "Bản gốc có chữ ký số là tệp riêng" in pages[4]
    assert not any(secret in page for page in pages for secret in ("Chỉ xem", "ẩn kín", "xã Lát"))
    _check_bookmarks_and_links(pack)
    everything = " ".join(words(text) for text in texts((await chair.get(f"{path}.pdf")).content))
    assert all(title in everything for title in ("Chỉ xem thôi", "Bí mật ẩn kín", "Riêng xã Lát"))
    # Who may take exactly the same shares the file, under another name.
    hall = await browser(province.da_sar_hall)
    assert (await hall.get(path)).json()["state"] == "ready"
    assert "Điểm cầu Đạ Sar" in texts((await hall.get(f"{path}.pdf")).content)[6]
    # A recalled paper is in nobody's pack from that moment on.
    async with services.database.read() as session:
        actor = await builders.actor_of(session, province.chair)
    async with services.transactions(actor) as tx:
        await papers.recall(tx, everybody.paper_id, "Sai số liệu")
    assert (await delegate.get(f"{path}.pdf")).json()["code"] == "pack-not-ready"
    again = (await delegate.post(path, json={})).json()
    assert (again["state"], again["papers"]) == ("queued", 1)
    assert [each["en"] for each in again["left_out"]] == ["Has been recalled.", "May be read on screen only."]
    await build(services)
    left = " ".join(texts((await delegate.get(f"{path}.pdf")).content))
    assert "Chương trình chung" not in words(left)
    assert len(list((services.settings.var / "papers").glob("pack-*"))) == 1, "the old ones are swept away"


def _check_bookmarks_and_links(pack: bytes) -> None:
    document = pypdfium2.PdfDocument(pack)
    marks = [(mark.get_title(), mark.get_dest().get_index(), mark.level) for mark in document.get_toc()]
    assert marks[:3] == [("Chương trình", 0, 0), ("Tài liệu chung", 2, 0), ("Chương trình chung", 2, 1)]
    assert ("Tờ trình đất đai", 4, 1) in marks
    with pikepdf.open(io.BytesIO(pack)) as opened:
        links = opened.pages[1].obj["/Annots"]
        targets = {[page.obj.objgen for page in opened.pages].index(link["/Dest"][0].objgen) for link in links}
        assert targets == {2, 4}
        assert "pack.invalid" not in str([dict(link) for link in links])


async def test_a_pack_calls_only_that_signed_which_is_sound(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    await real(services, meeting, "Tờ trình", 1, download=True, signed=True)
    await real(services, meeting, "Báo cáo", 1, download=True, signed="added")
    delegate = await browser(province.delegate)
    await delegate.post(f"/api/meetings/{meeting.id}/pack", json={})
    await build(services)
    _, front, sound, added = map(words, texts((await delegate.get(f"/api/meetings/{meeting.id}/pack.pdf")).content))
    assert (front.count("ký số riêng"), front.count("chưa xác minh")) == (1, 1)
    assert "Bản gốc có chữ ký số" in sound
    assert "Bản gốc có chữ ký số" not in added
    assert "chưa xác minh" in added


async def test_who_has_the_pack_has_a_receipt_for_each_of_its_papers(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    taken = [await real(services, meeting, title, 1, download=True) for title in ("Báo cáo", "Tờ trình")]
    await real(services, meeting, "Chỉ xem thôi", 1)
    delegate = await browser(province.delegate)
    await delegate.post(f"/api/meetings/{meeting.id}/pack", json={})
    await build(services)
    assert (await delegate.get(f"/api/meetings/{meeting.id}/pack.pdf")).status_code == 200
    delivered: set[int] = set()
    async with asyncio.timeout(10):
        while len(delivered) < 2:
            await asyncio.sleep(0.1)
            async with services.database.read() as session:
                receipts = select(Receipt.version_id).where(Receipt.person_id == province.delegate.id)
                delivered = set(await session.scalars(receipts))
    assert delivered == {each.id for each in taken}


async def test_the_print_set_of_a_hall_is_what_all_its_delegates_may_read(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    async with services.transactions(SYSTEM) as tx:
        second = await builders.person(tx.session, province.da_sar, "Đại Biểu Hai")
        await library.delegate(tx.session, meeting, second, province.da_sar_hall)
    only_one = [{"kind": "person", "id": province.delegate.id}]
    await real(services, meeting, "Cho mọi người", 1, download=True)
    await real(services, meeting, "Cho một người", 1, download=True, audience=only_one)
    await real(services, meeting, "Chỉ xem thôi", 1)
    path = f"/api/meetings/{meeting.id}/pack"
    hall = {"point_id": province.da_sar_hall.id}
    secretary, organiser = await browser(province.hall_secretary), await browser(province.organiser)
    assert (await (await browser(province.delegate)).post(path, json=hall)).status_code == 403
    assert (await secretary.post(path, json={"point_id": province.lat_hall.id})).status_code == 403
    assert (await organiser.post(path, json={"point_id": 4711})).status_code == 404
    mine = (await secretary.post(path, json=hall)).json()
    assert (mine["papers"], [each["title"] for each in mine["left_out"]]) == (1, ["Chỉ xem thôi"])
    theirs = (await organiser.post(path, json=hall)).json()
    assert (theirs["papers"], [each["title"] for each in theirs["left_out"]]) == (2, ["Cho một người"])
    await build(services)
    printed = await secretary.get(f"{path}.pdf", params=hall)
    assert "Bản in cho Đạ Sar" in words(texts(printed.content)[0])
    assert "Cho mọi người" in words(" ".join(texts(printed.content)))


async def test_a_pack_that_cannot_be_bound_says_so_and_can_be_ordered_again(
    services: Services, province: Province, browser: Browsers, meeting: Meeting, clock: Clock
) -> None:
    version = await real(services, meeting, "Hỏng", 1, download=True)
    good = await services.storage.get(f"{version.folder}/reading.pdf")
    await services.storage.put(f"{version.folder}/reading.pdf", b"%PDF-1.7 nothing of the kind")
    client = await browser(province.delegate)
    path = f"/api/meetings/{meeting.id}/pack"
    await client.post(path, json={})
    await build(services)
    clock.pass_(hours=1)
    await build(services)
    failed = (await client.get(path)).json()
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "pack-failed")
    await services.storage.put(f"{version.folder}/reading.pdf", good)
    assert (await client.post(path, json={})).json()["state"] == "queued"
    await build(services)
    assert (await client.get(path)).json()["state"] == "ready"


async def test_a_large_pack_goes_out_in_volumes(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    """Each is a file of its own, says which of how many it is, and where the papers of the others are."""
    made = [await real(services, meeting, title, 2, download=True) for title in ("Báo cáo", "Tờ trình", "Đề án")]
    async with services.transactions(SYSTEM) as tx:
        for version, size in zip(made, (300, 300, 700), strict=True):
            (await tx.session.get_one(PaperVersion, version.id)).pdf_size = size * 1024 * 1024
    services.settings.disk_reserve_mb = 0
    delegate = await browser(province.delegate)
    path = f"/api/meetings/{meeting.id}/pack"
    await delegate.post(path, json={})
    # As much as a volume holds; the last one is larger than that by itself.
    services.settings.pack_volume_mb = 600
    await build(services)
    pack = (await delegate.get(path)).json()
    assert [(each["papers"], each["page_count"]) for each in pack["volumes"]] == [(2, 6), (1, 4)]
    assert (pack["state"], pack["page_count"], pack["papers_done"]) == ("ready", 10, 3)
    answer = await delegate.get(f"{path}.pdf", params={"volume": 2})
    assert "T%E1%BA%ADp%202%20c%E1%BB%A7a%202.pdf" in answer.headers["content-disposition"]
    second = [words(text) for text in texts(answer.content)]
    assert "TẬP 2/2" in second[0].upper()
    assert "Báo cáo" in second[1]
    assert second[1].count("Tập 1") == 2
    assert "Đề án" in second[2]
    assert all("Liêng Đại Biểu" in page for page in second)
    first = [words(text) for text in texts((await delegate.get(f"{path}.pdf")).content)]
    assert len(first) == 6
    assert "Tập 2" in first[1]
    assert (await delegate.get(f"{path}.pdf", params={"volume": 3})).status_code == 404


async def test_a_pack_without_room_on_the_disk_says_so(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    await real(services, meeting, "Báo cáo", 1, download=True)
    services.settings.disk_reserve_mb = 1024 * 1024 * 1024
    delegate = await browser(province.delegate)
    path = f"/api/meetings/{meeting.id}/pack"
    await delegate.post(path, json={})
    await build(services)
    failed = (await delegate.get(path)).json()
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "pack-no-room")
    services.settings.disk_reserve_mb = 0
    await delegate.post(path, json={})
    await build(services)
    assert (await delegate.get(path)).json()["state"] == "ready"


async def test_a_pack_that_is_called_off_stops_and_leaves_nothing(
    services: Services, province: Province, browser: Browsers, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By who ordered it, as long as nobody else waits for it; by who leads the papers."""
    for title in ("Báo cáo", "Tờ trình"):
        await real(services, meeting, title, 1, download=True)
    delegate, hall = await browser(province.delegate), await browser(province.da_sar_hall)
    organiser = await browser(province.organiser)
    path = f"/api/meetings/{meeting.id}/pack"
    assert (await delegate.delete(path)).status_code == 409, "nothing is under way"
    assert (await delegate.post(path, json={})).json()["can_cancel"]
    assert (await delegate.delete(path)).json()["state"] == "none"
    await build(services)
    assert (await delegate.get(path)).json()["state"] == "none"
    await delegate.post(path, json={})
    await hall.post(path, json={})
    for client in (delegate, hall):
        assert not (await client.get(path)).json()["can_cancel"], "both wait for it"
        assert (await client.delete(path)).status_code == 409
    assert (await organiser.delete(path)).json()["state"] == "none"
    # While it is in the making: what it says next, it says to nobody.
    services.settings.pack_volume_mb = 1
    async with services.transactions(SYSTEM) as tx:
        for version in await tx.session.scalars(select(PaperVersion)):
            version.pdf_size = 1024 * 1024
    await delegate.post(path, json={})
    put = services.storage.put_folder
    seen = []

    async def first_then_called_off(prefix: str, folder: Path) -> int:
        size = await put(prefix, folder)
        seen.append((await delegate.get(path)).json()["papers_done"])
        assert (await delegate.delete(path)).status_code == 200
        return size

    monkeypatch.setattr(services.storage, "put_folder", first_then_called_off)
    await build(services)
    assert len(seen) == 1, "the second volume is not begun"
    assert (await delegate.get(path)).json()["state"] == "none"
    assert not list((services.settings.var / "papers").glob("pack-*"))


async def test_a_pack_goes_on_where_a_server_ended(
    services: Services,
    province: Province,
    browser: Browsers,
    meeting: Meeting,
    *,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:
    for title in ("Báo cáo", "Tờ trình"):
        await real(services, meeting, title, 1, download=True)
    services.settings.pack_volume_mb = 1
    async with services.transactions(SYSTEM) as tx:
        for version in await tx.session.scalars(select(PaperVersion)):
            version.pdf_size = 1024 * 1024
    delegate = await browser(province.delegate)
    path = f"/api/meetings/{meeting.id}/pack"
    await delegate.post(path, json={})
    put = services.storage.put_folder
    bound: list[str] = []

    async def fails_once(prefix: str, folder: Path) -> int:
        bound.append(prefix.rpartition("/")[2])
        if len(bound) == 2:
            raise OSError("the store is away")
        return await put(prefix, folder)

    monkeypatch.setattr(services.storage, "put_folder", fails_once)
    await build(services)
    assert (await delegate.get(path)).json()["papers_done"] == 1
    clock.pass_(hours=1)
    await build(services)
    assert bound == ["1", "2", "2"]
    assert (await delegate.get(path)).json()["state"] == "ready"


async def test_nothing_to_take(services: Services, province: Province, browser: Browsers, meeting: Meeting) -> None:
    await real(services, meeting, "Chỉ xem thôi", 1)
    client = await browser(province.delegate)
    answer = await client.post(f"/api/meetings/{meeting.id}/pack", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-take")
    assert [each["title"] for each in answer.json()["details"]["left_out"]] == ["Chỉ xem thôi"]


async def test_a_marked_paper_has_its_readers_name_burnt_in(
    services: Services, province: Province, browser: Browsers, meeting: Meeting
) -> None:
    """Whatever is cut off, no page without the name comes to light, nor content that could be taken apart."""
    version = await real(services, meeting, "Dự thảo nghị quyết", 2, download=True, marked=True)
    delegate = await browser(province.delegate)
    answer = await delegate.get(f"/api/versions/{version.id}/download")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
    content = answer.content
    assert content.count(b"%%EOF") == 1, "no earlier state of the file lies in it"
    plain = pypdfium2.PdfDocument(await services.storage.get(f"{version.folder}/reading.pdf"))
    marked = pypdfium2.PdfDocument(content)
    assert len(marked) == 2
    for was, page in zip(plain, marked, strict=True):
        assert [each.type for each in page.get_objects()] == [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
        assert page.get_size() == pytest.approx(was.get_size(), abs=0.1)
        before = np.asarray(was.render(scale=1, grayscale=True).to_pil(), dtype=int)
        after = np.asarray(page.render(scale=1, grayscale=True).to_pil(), dtype=int)
        bands = np.array_split(before - after > 8, 8)
        assert all(band.mean() > 0.005 for band in bands), "on every part of the page"
    pack = (await delegate.post(f"/api/meetings/{meeting.id}/pack", json={})).json()
    assert pack["code"] == "nothing-to-take"
    assert [each["title"] for each in pack["details"]["left_out"]] == ["Dự thảo nghị quyết"]
    # Who manages it takes it as everything else.
    organiser = await browser(province.organiser)
    assert b"%%EOF" in (await organiser.get(f"/api/versions/{version.id}/download", params={"form": "pdf"})).content
