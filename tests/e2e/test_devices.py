"""A hall's machine is set up once, and never touched again. One story, told in order."""

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.e2e.audit import Audit
from tests.e2e.engines import CHROMIUM, NotInFirefox
from tests.e2e.kiosk import Machine
from tests.e2e.office import PATIENCE_MS, Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

LAT = "Lát"


async def a_code(page: Page, *, part: str, audit: Audit | None = None) -> str:
    """Handed out on the administrator's page."""
    await page.get_by_role("button", name=f"Cấp mã cài đặt cho điểm cầu {LAT}").click()
    dialog = page.get_by_role("alertdialog")
    await dialog.get_by_label("Máy dùng làm gì").select_option(label=part)
    if audit:
        await audit.look("asked for which machine")
    await dialog.get_by_role("button", name="Tạo mã").click()
    code = await page.get_by_test_id("code").inner_text()
    if audit:
        await audit.look("a code that was made")
    await page.get_by_role("button", name="Xong").click()
    return code


async def type_in(page: Page, code: str) -> None:
    """As on a keyboard: the field has no need of the mouse."""
    field = page.get_by_label("Mã cài đặt")
    await field.press_sequentially(code.lower().replace("-", ""))
    assert await field.input_value() == code
    await field.press("Enter")


@pytest.mark.not_in_firefox(NotInFirefox.KIOSK)
async def test_a_machine_is_set_up_once_and_comes_back_by_itself(office: Office, tmp_path: Path) -> None:
    machine = Machine.made(tmp_path, office.deployment.url)
    async with office.window("admin") as desk, async_playwright() as playwright:
        audit = Audit(desk)
        await desk.goto("/")
        await desk.get_by_role("button", name="Trần Quản Trị").click()
        await desk.get_by_role("menuitem", name="Quản trị").click()
        await desk.get_by_role("link", name="Thiết bị điểm cầu").click()
        row = desk.get_by_test_id("point").filter(has=desk.get_by_role("heading", name=LAT, exact=True))
        await desk.get_by_label("Tìm điểm cầu").fill("lat")
        await expect(desk.get_by_test_id("point")).to_have_count(1)
        code = await a_code(desk, part="Màn hình chính", audit=audit)
        async with machine.on(playwright, pulled=False) as hall:
            await expect(hall.get_by_test_id("no-device")).to_be_visible(timeout=PATIENCE_MS)
            await type_in(hall, code)
            await is_in(hall)
        # From here on nothing is typed and nothing clicked.
        async with machine.on(playwright, pulled=True) as hall:
            await is_in(hall)
        async with machine.on(playwright, pulled=True) as hall:
            await is_in(hall)
            await desk.reload()
            await desk.get_by_label("Tìm điểm cầu").fill("lat")
            await expect(row.get_by_text("Đang bật").first).to_be_visible()
            await expect(row.get_by_text("Trang mới nhất").first).to_be_visible()
            await audit.look("a machine that is on")
            ways = row.get_by_role("button", name="Thu hồi máy")
            for left in reversed(range(await ways.count())):
                await ways.first.click()
                await desk.get_by_test_id("confirm").click()
                await expect(ways).to_have_count(left)
            await expect(hall.get_by_role("alert")).to_contain_text("không còn thuộc điểm cầu Lát")
            await expect(hall.get_by_role("alert")).to_contain_text("Trần Quản Trị đã thu hồi")
        audit.verdict()


async def is_in(hall: Page) -> None:
    """In the running conference, with a camera that nobody allowed by hand."""
    screen = hall.get_by_test_id("hall")
    await expect(screen).to_have_attribute("data-media", "connected", timeout=40_000)
    await expect(screen).to_have_attribute("data-state", "off", timeout=40_000)
    camera = "navigator.permissions.query({ name: 'camera' }).then(({ state }) => state)"
    assert await hall.evaluate(camera) == "granted"


async def test_a_second_machine_never_throws_the_first_out(office: Office) -> None:
    async with office.window("admin") as desk, office.window() as papers, office.window() as spare:
        await desk.goto("/administration/devices")
        await desk.get_by_label("Tìm điểm cầu").fill("lat")
        await expect(desk.get_by_test_id("point")).to_have_count(1)
        audits = [Audit(papers, themes=("dark",), refusals=("/api/",)), Audit(spare, themes=("dark",))]
        await papers.goto("/device")
        await type_in(papers, await a_code(desk, part="Màn hình tài liệu"))
        await expect(papers.get_by_test_id("papers-screen")).to_have_attribute("data-state", "running")
        await expect(papers.get_by_text("Chưa có trang nào đang trình chiếu")).to_be_visible()
        await audits[0].look("papers alone")
        await spare.goto(f"/device#{await a_code(desk, part='Máy dự phòng')}")
        await expect(spare.get_by_text("Chỉ bấm tiếp trên máy nối với màn hình")).to_be_visible()
        await spare.get_by_role("button", name="Nhận điểm cầu").click()
        await expect(spare.get_by_test_id("home-spare")).to_be_visible()
        await audits[1].look("a spare that waits")
        for audit in audits:
            audit.verdict()
        await spare.get_by_test_id("take-over").click()
        await expect(spare.get_by_test_id("hall")).to_have_attribute("data-state", "off", timeout=40_000)


async def test_guides_fit_on_a_page(office: Office) -> None:
    async with office.window() as page:
        audit = Audit(page)
        for path, heading in (
            ("/device/guide", "Hướng dẫn kỹ thuật điểm cầu"),
            ("/device/kiosk", "Cài máy chuyên dùng cho hội trường"),
            ("/device", "Cài đặt máy của hội trường"),
        ):
            await page.goto(path)
            await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
            await audit.look(path)
            if path != "/device" and office.engine is CHROMIUM:  # Firefox prints to paper only
                pages = (await page.pdf(prefer_css_page_size=True)).count(b"/Type /Page\n")
                assert pages == 1, (path, pages)
        audit.verdict()
