"""The console at work: what an operator has in reach on an ordinary laptop, and what each button does to the others."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.office import Office
from tests.e2e.people import until

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

LOST_MS = 40_000
LAPTOPS = [(1280, 800), (1366, 768), (1440, 900), (1920, 1080)]
TABLET = (1024, 768)

MEASURED = """(() => {
  const measure = CanvasRenderingContext2D.prototype.measureText;
  CanvasRenderingContext2D.prototype.measureText = function (text) {
    window.__measured = this.font;
    return measure.call(this, text);
  };
})();"""
"""Keeps the font that the page's last measured word had."""


async def enter(page: Page, office: Office, point_id: int) -> None:
    await page.goto(f"/hall/{office.meetings['running']}/{point_id}")
    await page.get_by_test_id("enter").click()
    await page.get_by_test_id("hall").wait_for()


async def whole(page: Page, found: Locator, name: str) -> None:
    """It lies in the window with all of it, not under the fold."""
    await expect(found).to_be_visible()
    box, size = await found.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["y"] >= 0, f"{name} at {size} begins at {box['y']}"
    assert box["y"] + box["height"] <= size["height"], f"{name} at {size} ends at {box['y'] + box['height']}"


async def open_console(page: Page, office: Office, state: str = "running") -> None:
    await page.goto(f"/meetings/{office.meetings[state]}/console")
    await page.get_by_test_id("wall").wait_for()


async def choose(page: Page, point_id: int) -> Locator:
    await page.get_by_test_id("wall").locator(f'[data-point="{point_id}"]').click()
    panel = page.get_by_test_id("point-panel")
    await expect(panel).to_have_attribute("data-point-id", str(point_id))
    return panel


async def test_on_a_laptop_and_a_tablet_what_one_presses_is_in_view(office: Office) -> None:
    async with office.window("hiep-an") as hall, office.window("chair") as page:
        await enter(hall, office, office.where.hiep_an_hall.id)
        await hall.mouse.move(200, 200)
        await hall.get_by_test_id("hand").click()
        await open_console(page, office)
        call = page.get_by_test_id("hand-call")
        await call.wait_for()
        for width, height in (*LAPTOPS, TABLET):
            await page.set_viewport_size({"width": width, "height": height})
            for name in ("hand-call", "agenda-next", "mute-all", "meeting-end", "present-open", "share", "sound"):
                await whole(page, page.get_by_test_id(name), name)
            await whole(page, page.get_by_test_id("attention").get_by_role("button").first, "attention")
            await whole(page, page.get_by_test_id("wall").get_by_role("gridcell").last, "the wall's last point")


async def test_the_wall_stands_still_when_a_point_is_opened(office: Office) -> None:
    async with office.window("chair") as page:
        await open_console(page, office)
        cells = page.get_by_test_id("wall").get_by_role("gridcell")
        places = (
            "all => all.map(cell => [cell.dataset.point, cell.offsetLeft, cell.offsetTop, cell.offsetWidth].join())"
        )
        before = await cells.evaluate_all(places)
        await choose(page, office.where.lat_hall.id)
        assert await cells.evaluate_all(places) == before


async def test_the_wall_measures_names_in_the_font_they_are_drawn_in(office: Office) -> None:
    """On a device without every local stand-in, as most are."""
    async with office.window("chair") as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.add_init_script(MEASURED)
        await open_console(page, office)
        await until(
            lambda: page.evaluate("() => window.__measured"), lambda font: "Be Vietnam" in (font or ""), 15, "the font"
        )
        assert faults == []


async def test_the_main_microphone_can_be_closed_and_opened(office: Office) -> None:
    async with office.window("main") as hall, office.window("chair") as page:
        await enter(hall, office, office.where.main.id)
        await open_console(page, office)
        await page.get_by_test_id("main-mute").click()
        await expect(page.get_by_test_id("main-unmute")).to_be_visible()
        cell = page.get_by_test_id("wall").locator(f'[data-point="{office.where.main.id}"]')
        # Its picture is still before everybody, and nobody is told that it is heard.
        await expect(cell).to_have_attribute("data-state", "shown")
        await expect(page.get_by_test_id("stage-silent")).to_be_visible()
        await expect(hall.get_by_test_id("on-air")).to_have_count(0)
        await expect(hall.get_by_test_id("seen")).to_be_visible()
        await expect(hall.get_by_test_id("pane-stage")).to_contain_text("Micro đang tắt")
        panel = await choose(page, office.where.main.id)
        await expect(panel.get_by_test_id("call")).to_have_count(0)
        await panel.get_by_test_id("main-unmute").click()
        await expect(panel.get_by_test_id("main-mute")).to_be_visible()
        await expect(cell).to_have_attribute("data-state", "on-air")


async def test_a_call_says_whom_it_replaces_and_is_undone_or_adds_a_second_voice(office: Office) -> None:
    hiep_an, lat = office.where.hiep_an_hall, office.where.lat_hall
    async with (
        office.window("hiep-an") as first,
        office.window("lat") as second,
        office.window("chair") as page,
    ):
        await enter(first, office, hiep_an.id)
        await enter(second, office, lat.id)
        await open_console(page, office)
        panel = await choose(page, hiep_an.id)
        await expect(panel.get_by_test_id("call")).to_have_text("Mời phát biểu")
        await panel.get_by_test_id("call").click()
        stage = page.get_by_test_id("stage-name")
        await expect(stage).to_contain_text(hiep_an.short_name)

        panel = await choose(page, lat.id)
        await expect(panel.get_by_test_id("call")).to_have_text(f"Mời, thay {hiep_an.short_name}")
        await panel.get_by_test_id("call").click()
        await expect(stage).to_contain_text(lat.short_name)
        await page.get_by_role("button", name="Hoàn tác").click()
        await expect(stage).to_contain_text(hiep_an.short_name)

        await panel.get_by_test_id("call-too").click()
        await expect(stage).to_contain_text(lat.short_name)
        wall = page.get_by_test_id("wall")
        for point in (hiep_an, lat):
            await expect(wall.locator(f'[data-point="{point.id}"]')).to_have_attribute("data-state", "on-air")
        await page.get_by_test_id("end-speaking").click()
        await expect(stage).to_contain_text(hiep_an.short_name)
        await page.get_by_test_id("end-speaking").click()


async def test_a_recess_is_on_every_screen_until_the_meeting_goes_on(office: Office) -> None:
    async with office.window("main") as hall, office.window("presenter") as viewer, office.window("chair") as page:
        await enter(hall, office, office.where.main.id)
        await viewer.goto(f"/meetings/{office.meetings['running']}/view")
        await open_console(page, office)
        await page.get_by_test_id("mute-menu").click()
        await page.get_by_test_id("recess-15").click()
        for screen in (hall, viewer):
            await expect(screen.get_by_test_id("recess")).to_contain_text(
                re.compile(r"Giải lao.*Tiếp tục lúc \d\d:\d\d")
            )
        await page.get_by_test_id("mute-menu").click()
        await page.get_by_test_id("recess-own").click()
        dialog = page.get_by_role("alertdialog")
        await dialog.get_by_label("Họp tiếp lúc").fill("23h59")
        await dialog.get_by_label("Lời báo trên màn hình").fill("Mời các đồng chí ra sảnh chụp ảnh")
        await dialog.get_by_role("button", name="Đổi lời báo").click()
        for screen in (hall, viewer):
            await expect(screen.get_by_test_id("recess")).to_contain_text(
                re.compile(r"ra sảnh chụp ảnh.*Tiếp tục lúc 23:59")
            )
        await page.get_by_test_id("recess-end").click()
        for screen in (hall, viewer):
            await expect(screen.get_by_test_id("recess")).to_have_count(0)


async def test_a_speaker_whose_line_is_cut_is_named_and_sent_home_with_one_button(office: Office) -> None:
    lat = office.where.lat_hall
    async with office.window("main") as hall, office.window("chair") as page:
        await enter(hall, office, office.where.main.id)
        await open_console(page, office)
        async with office.window("lat") as speaker:
            await enter(speaker, office, lat.id)
            panel = await choose(page, lat.id)
            await panel.get_by_test_id("call").click()
            await expect(page.get_by_test_id("stage-name")).to_contain_text(lat.short_name)
        await expect(page.get_by_test_id("stage-lost")).to_be_visible(timeout=LOST_MS)
        await expect(hall.get_by_test_id("pane-stage")).to_contain_text(f"Điểm cầu {lat.name} mất kết nối")
        home = page.get_by_test_id("end-speaking")
        await expect(home).to_have_text("Về điểm cầu chính")
        await home.click()
        await expect(page.get_by_test_id("stage-name")).to_contain_text(office.where.main.short_name)


async def test_a_new_hand_is_told_to_who_looks_elsewhere(office: Office) -> None:
    async with office.window("hiep-an") as hall, office.window("chair") as page:
        await enter(hall, office, office.where.hiep_an_hall.id)
        await open_console(page, office)
        await hall.mouse.move(200, 200)
        hand = hall.get_by_test_id("hand")
        if await page.get_by_test_id("hand-dismiss").count():
            await page.get_by_test_id("hand-dismiss").click()
            await expect(page.get_by_test_id("hand-call")).to_have_count(0)
        await hand.click()
        await expect(page.get_by_test_id("said")).to_contain_text(office.where.hiep_an_hall.name)
        await expect(page).to_have_title(re.compile(r"^\(1\) "))


async def test_a_start_without_the_main_point_is_warned_of(office: Office) -> None:
    async with office.window("chair") as page:
        await open_console(page, office, "open")
        await page.get_by_test_id("meeting-start").click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("chưa vào phòng họp")
        await expect(dialog).not_to_contain_text("mở micro ở mọi nơi")


async def test_after_the_end_nothing_is_missed_and_the_meeting_can_be_reopened(office: Office) -> None:
    async with office.window("chair") as page:
        await open_console(page, office, "ended")
        await expect(page.get_by_test_id("console-ended")).to_be_visible()
        await expect(page.get_by_test_id("who-was-there")).to_contain_text("Đã dự: 0 trên 6")
        states = (
            await page.get_by_test_id("wall")
            .get_by_role("gridcell")
            .evaluate_all("all => [...new Set(all.map((cell) => cell.dataset.state))]")
        )
        assert states == ["missed"]
        await expect(page.get_by_test_id("console")).not_to_contain_text("Chưa vào")
        for name in ("attention", "share", "present-open", "hands"):
            await expect(page.get_by_test_id(name)).to_have_count(0)
        await page.get_by_test_id("meeting-reopen").click()
        await page.get_by_label("Lý do mở lại").fill("Còn một nội dung chưa bàn")
        await page.get_by_test_id("confirm").click()
        await expect(page.get_by_test_id("meeting-end")).to_be_visible()


async def test_of_two_consoles_that_ask_at_once_the_second_is_told_that_it_is_done(office: Office) -> None:
    async with office.window("chair") as first, office.window("chair") as second:
        for page in (first, second):
            await open_console(page, office, "open")
            await page.get_by_test_id("meeting-start").click()
            await expect(page.get_by_role("alertdialog")).to_be_visible()
        await first.get_by_test_id("confirm").click()
        await expect(second.get_by_text("vừa được làm ở một bàn điều khiển khác").first).to_be_visible()
        for page in (first, second):
            await expect(page.get_by_role("alertdialog")).to_have_count(0)
            await expect(page.get_by_test_id("meeting-end")).to_be_visible()
        await expect(first.get_by_text("vừa được làm ở một bàn điều khiển khác")).to_have_count(0)
