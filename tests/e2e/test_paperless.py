"""The paperless meeting, from the upload to the receipt, in real browsers: a phone, a desk, a hall."""

import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit
from tests.e2e.engines import Engine
from tests.e2e.people import until
from tests.e2e.reading_room import DESK, PHONE, ReadingRoom

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

FIRST_NOTE, PHONE_NOTE, TABLET_NOTE = "Hỏi về chỉ tiêu", "Viết trên điện thoại khi mất mạng", "Viết trên máy tính bảng"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[ReadingRoom]:
    async with ReadingRoom.running(tmp_path_factory.mktemp("papers"), engine) as made:
        yield made


async def write_note(page: Page, text: str, *, at: tuple[float, float]) -> None:
    """Where one taps on the first page, as parts of it."""
    await page.get_by_role("button", name="Viết", exact=True).click()
    await page.get_by_test_id("mark-bar").get_by_role("button", name="Ghi chú").click()
    sheet = page.locator('section[data-page="1"]')
    box = await sheet.bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1])
    editor = page.get_by_test_id("note-editor")
    await editor.locator("textarea").fill(text)
    await editor.get_by_role("button", name="Xong").click()


async def notes_on(page: Page) -> set[str]:
    pins = page.get_by_test_id("pin")
    return {await pins.nth(index).get_attribute("title") or "" for index in range(await pins.count())}


async def test_a_paper_is_uploaded_read_and_written_into_with_and_without_a_line(
    room: ReadingRoom, tmp_path: Path
) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.delegate() as phone, room.delegate(DESK) as tablet:
        await phone.goto(room.address("/delegate/papers"))
        row = phone.locator(f'[data-testid="paper-row"][data-paper="{paper}"]')
        await expect(row).to_have_attribute("data-saved", "true")
        await row.get_by_role("link").click()
        await expect(phone.locator('section[data-page="1"][data-drawn="true"]')).to_be_visible()
        await expect(phone.get_by_test_id("watermark").first).to_be_attached()
        await write_note(phone, FIRST_NOTE, at=(0.3, 0.3))
        await tablet.goto(room.address(f"/papers/{paper}"))
        await until(lambda: notes_on(tablet), lambda seen: seen == {FIRST_NOTE}, 30, "the note on the other device")

        for device in (phone, tablet):
            await device.context.set_offline(True)
            await device.reload()
            await expect(device.locator('section[data-page="1"][data-drawn="true"]')).to_be_visible()
        await write_note(phone, PHONE_NOTE, at=(0.5, 0.45))
        await write_note(tablet, TABLET_NOTE, at=(0.5, 0.3))
        for device in (phone, tablet):
            await device.context.set_offline(False)
        everything = {FIRST_NOTE, PHONE_NOTE, TABLET_NOTE}
        for device in (phone, tablet):
            await until(
                lambda seen=device: notes_on(seen), lambda seen: seen == everything, 60, "notes after the return"
            )

    async with room.window("organiser") as desk:
        await desk.goto(room.address("/receipts"))
        board: Any = await until_read(room, desk)
        reader = next(each for each in board["people"] if each["person_id"] == room.where.delegate.id)
        assert reader["opened"] == 1
        await expect(desk.get_by_role("main")).to_contain_text(re.compile("đã mở|Đã mở|đã đọc", re.IGNORECASE))


async def until_read(room: ReadingRoom, desk: Page) -> object:
    async def board() -> Any:
        return await room.ask(desk, "GET", f"/api{room.address('/receipts')}")

    await until(board, lambda found: found["papers"][0]["opened"] == 1, 60, "the receipt")
    return await board()


async def test_every_device_is_on_the_presenter_s_page(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.window("chair", (1440, 900)) as console, room.delegate() as phone:
        await room.present(console, paper)
        shown = phone.get_by_test_id("presented-page")
        await expect(shown).to_have_attribute("data-page", "1")
        for _ in range(2):
            await console.get_by_test_id("present-next").click()
        await expect(shown).to_have_attribute("data-page", "3")

        await phone.get_by_test_id("leave-follow").click()
        await console.get_by_test_id("present-next").click()
        await expect(console.get_by_test_id("present-page")).to_have_attribute("data-page", "4")
        await expect(shown).to_have_attribute("data-page", "3")
        await phone.get_by_test_id("follow-again").click()
        await expect(shown).to_have_attribute("data-page", "4")

        async with room.delegate() as late:
            await expect(late.get_by_test_id("presented-page")).to_have_attribute("data-page", "4")
        assert await phone.evaluate("performance.getEntriesByType('resource').every(e => !/turn:|stun:/.test(e.name))")
        await console.get_by_test_id("present-stop").click()
        await expect(phone.get_by_test_id("nothing-presented")).to_be_visible()


UPRIGHT, ACROSS = (390, 844), (844, 390)


async def in_window(page: Page, testid: str) -> dict[str, float]:
    """The box of what lies in the window with all of it."""
    found = page.get_by_test_id(testid)
    await expect(found).to_be_in_viewport(ratio=1)
    box, size = await found.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    return {"of_width": box["width"] / size["width"], "of_height": box["height"] / size["height"]}


async def test_a_presenter_turns_pages_on_a_phone_held_either_way(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.window("presenter", UPRIGHT) as phone:
        await phone.goto(room.address("/view"))
        await phone.get_by_test_id("present-open").click()
        await phone.locator(f'[data-testid="present-paper"][data-paper="{paper}"]').click()
        shown = phone.get_by_test_id("present-page")
        turned = 1
        for size in (UPRIGHT, ACROSS):
            await phone.set_viewport_size({"width": size[0], "height": size[1]})
            for button in ("present-previous", "present-next", "present-more"):
                await in_window(phone, button)
            page = await in_window(phone, "present-page")
            assert page["of_height"] > 0.5, f"the page takes {page} of {size}"
            turned += 1
            await phone.get_by_test_id("present-next").click()
            await expect(shown).to_have_attribute("data-page", str(turned))
        await phone.set_viewport_size({"width": UPRIGHT[0], "height": UPRIGHT[1]})
        await in_window(phone, "present-other-half")
        await phone.get_by_test_id("present-other-half").click()
        await expect(phone.get_by_test_id("present-other-half")).to_have_text("Chiếu nửa trên")
        await phone.get_by_test_id("present-more").click()
        await phone.get_by_test_id("present-stop").click()
        await expect(shown).to_have_count(0)


async def test_a_delegate_s_phone_held_across_shows_the_page_alone(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.window("chair", (1440, 900)) as console, room.delegate() as phone:
        await room.present(console, paper)
        await expect(phone.get_by_test_id("presented-page")).to_be_visible()
        await expect(phone.get_by_role("navigation")).to_be_visible()
        await phone.set_viewport_size({"width": ACROSS[0], "height": ACROSS[1]})
        page = await in_window(phone, "presented-page")
        assert page["of_height"] > 0.95
        await expect(phone.get_by_role("navigation")).to_be_hidden()
        await in_window(phone, "leave-follow")
        await console.get_by_test_id("present-stop").click()


async def test_who_attends_online_finds_picture_and_sound(room: ReadingRoom) -> None:
    async with room.delegate() as phone:
        await phone.get_by_test_id("go-online").click()
        await phone.get_by_test_id("watch").click()
        await expect(phone.get_by_test_id("viewer")).to_be_visible()


async def test_the_hall_s_code_checks_in_and_a_stranger_has_to_ask(room: ReadingRoom) -> None:
    point = room.where.da_sar_hall.id
    async with room.window("hall") as hall, room.delegate() as phone, room.window(size=PHONE) as stranger:
        code: Any = await room.ask(hall, "GET", f"/api{room.address(f'/points/{point}/code')}")
        await phone.goto(code["path"])
        await expect(phone.get_by_test_id("checked-in")).to_have_attribute("data-point", str(point))
        await phone.get_by_test_id("open-meeting").click()
        await expect(phone.get_by_test_id("my-attendance")).to_have_attribute("data-state", "present")

        await stranger.goto(code["path"])
        await expect(stranger.get_by_test_id("request-form")).to_be_visible()
        assert "Hội nghị thử" not in await stranger.content()
        await room.knock(stranger)
        await expect(stranger.get_by_test_id("request-waiting")).to_be_visible()
        async with room.window("organiser") as desk:
            waiting: Any = await room.ask(desk, "GET", f"/api{room.address('/requests')}")
            await room.ask(desk, "POST", f"/api/requests/{waiting[0]['id']}/grant", {"point_id": point})
            await expect(stranger.get_by_test_id("checked-in").or_(stranger.get_by_test_id("delegate"))).to_be_visible()
            turnout: Any = await room.ask(desk, "GET", f"/api{room.address('/people')}")
        assert next(each for each in turnout["points"] if each["point_id"] == point)["present"] >= 1


async def test_a_recalled_paper_leaves_every_device(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.delegate() as phone, room.delegate() as away, room.window("organiser") as desk:
        for device in (phone, away):
            await device.goto(room.address(f"/papers/{paper}"))
            await expect(device.locator('section[data-page="1"][data-drawn="true"]')).to_be_visible()
        await away.context.set_offline(True)
        await room.ask(desk, "POST", f"/api/papers/{paper}/recall", {"reason": "Có sai sót ở bảng 2"})
        await expect(phone.get_by_test_id("closed")).to_be_visible()
        await away.context.set_offline(False)
        await expect(away.get_by_test_id("closed")).to_be_visible()
        for device in (phone, away):
            await until(lambda on=device: saved_pages(on), lambda left: left == 0, 30, "saved pages after the recall")
        await room.ask(desk, "POST", f"/api/papers/{paper}/restore")


async def saved_pages(page: Page) -> int:
    """How many page pictures lie in the device's own store."""
    return await stored(page, "pictures")


async def stored(page: Page, *stores: str) -> int:
    """How many entries these stores of the device's own database hold together."""
    count: int = await page.evaluate(
        """async (stores) => {
          let total = 0;
          for (const { name } of await indexedDB.databases()) {
            const db = await new Promise((done, fail) => {
              const asked = indexedDB.open(name);
              asked.onsuccess = () => done(asked.result);
              asked.onerror = () => fail(asked.error);
            });
            for (const store of stores.filter((each) => db.objectStoreNames.contains(each)))
              total += await new Promise((done) => {
                const asked = db.transaction(store).objectStore(store).count();
                asked.onsuccess = () => done(asked.result);
              });
            db.close();
          }
          return total;
        }""",
        stores,
    )
    return count


async def test_no_page_of_it_has_a_barrier(room: ReadingRoom, tmp_path: Path) -> None:
    """Each on a phone and on a desk, by day and by night."""
    paper = await room.uploaded(tmp_path)
    point = room.where.da_sar_hall.id
    async with room.window("organiser") as page:
        audit = Audit(page)
        for rest in ("/papers", "/delegates", "/receipts", "/attendance", f"/points/{point}/people"):
            await page.goto(room.address(rest))
            await page.get_by_role("heading", level=1).first.wait_for()
            await audit.look(f"organiser {rest}")
        await page.goto("/search?q=ket qua cong tac")
        await page.get_by_role("main").get_by_role("link").first.wait_for()
        await audit.look("search")
        audit.verdict()
    async with room.delegate() as page:
        audit = Audit(page)
        for rest in ("/delegate", "/delegate/agenda", "/delegate/papers", "/delegate/me", f"/papers/{paper}"):
            await page.goto(room.address(rest))
            await page.get_by_role("heading").first.wait_for()
            await audit.look(f"delegate {rest}")
        audit.verdict()
    async with room.window() as page:
        audit = Audit(page, refusals=(f"/api/m/{room.code}",))
        await page.goto(f"/m/{room.code}")
        await page.get_by_test_id("request-form").wait_for()
        await audit.look("door")
        audit.verdict()


async def test_large_type_lies_in_order_and_stays_on_its_page(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.delegate() as phone:
        await phone.evaluate("localStorage.setItem('nhipcau.reader', JSON.stringify({flow: true}))")
        await phone.goto(room.address(f"/papers/{paper}?page=5"))
        await phone.locator('[data-testid="flow"] section[data-page="5"] .text').first.wait_for()
        await expect(phone.get_by_test_id("tab-pages")).to_have_text("5 / 6")

        async def overlapping() -> list[Any]:
            sheets: Any = await phone.eval_on_selector_all(
                '[data-testid="flow"] section', "all => all.map(one => [one.offsetTop, one.offsetHeight])"
            )
            return [pair for pair in itertools.pairwise(sheets) if pair[0][0] + pair[0][1] > pair[1][0] + 1]

        await until(overlapping, lambda found: not found, 15, "pages one below the other")
        await expect(phone.get_by_test_id("tab-pages")).to_have_text("5 / 6")


async def test_signing_out_leaves_nothing_on_the_device(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with room.delegate() as phone:
        await phone.goto(room.address("/delegate/papers"))
        row = phone.locator(f'[data-testid="paper-row"][data-paper="{paper}"]')
        await expect(row).to_have_attribute("data-saved", "true")
        await phone.get_by_role("link", name="Của tôi").click()
        await phone.get_by_role("button", name="Đăng xuất").click()
        await phone.wait_for_url("**/sign-in*")

        await until(
            lambda: stored(phone, "pictures", "texts", "notes", "answers"),
            lambda count: count == 0,
            10,
            "an empty device",
        )
