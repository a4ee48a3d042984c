"""From an empty database to the record of the first conference, through the pages alone. One story, told in order."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from python_calamine import CalamineWorkbook

from tests.deployment import Deployment
from tests.e2e.audit import Audit
from tests.e2e.chromium import shared_chromium
from tests.e2e.office import PATIENCE_MS
from tests.server.exchange.files import workbook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

PASSWORD = "Cầu sắt ba nhịp qua suối"


class Empty:
    """A server that was just started on nothing."""

    def __init__(self, deployment: Deployment, browser: Browser) -> None:
        self.deployment = deployment
        self.browser = browser

    async def link(self) -> str:
        """As it stands on the screen of who started the server."""
        for _ in range(100):
            if found := re.search(r"http://\S+/setup#\S+", self.deployment.tail(20_000)):
                return found.group()
            await asyncio.sleep(0.1)
        raise AssertionError(self.deployment.tail())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Empty]:
    folder: Path = tmp_path_factory.mktemp("empty")
    deployment = Deployment(folder)
    del deployment.environment["NHIPCAU_PUBLIC_URL"]
    deployment.start()
    try:
        await deployment.ready()
        async with async_playwright() as playwright, shared_chromium(playwright) as browser:
            yield Empty(deployment, browser)
    finally:
        deployment.stop()


async def test_only_the_link_opens_an_empty_system(empty: Empty) -> None:
    page = await empty.browser.new_page(base_url=empty.deployment.url, locale="vi-VN", reduced_motion="reduce")
    page.set_default_timeout(PATIENCE_MS)
    audit = Audit(page, refusals=("/api/session",))
    await page.goto("/")
    await expect(page.get_by_text("chưa có ai đăng nhập được")).to_be_visible()
    await audit.look("sign-in of an empty system")
    await page.get_by_role("link", name="Cách thiết lập").click()
    await expect(page.get_by_role("heading", name="Cần liên kết thiết lập")).to_be_visible()
    await audit.look("no link")
    audit.verdict()
    await page.close()


async def _checks_really(page: Page, audit: Audit) -> None:
    """The list that the first administrator meets: what it says is so."""

    def line(name: str) -> Locator:
        heading = page.get_by_role("heading", name=name, level=2, exact=True)
        return page.locator("main li[data-state]").filter(has=heading)

    await expect(line("Địa chỉ của hệ thống")).to_have_attribute("data-state", "bad")
    await expect(line("Nút hình ảnh")).to_have_attribute("data-state", "good")
    await expect(line("Sao lưu")).to_contain_text("Chưa thấy sao lưu nào")
    await audit.look("system state, nothing tried")
    await page.get_by_role("button", name="Kiểm tra tất cả").click()
    media = line("Hình và tiếng tới trình duyệt này")
    await expect(media).to_have_attribute("data-state", "good", timeout=30_000)
    figures = re.search(r"gửi (\d+) gói, nhận lại (\d+) gói", await media.inner_text())
    assert figures is not None
    assert min(map(int, figures.groups())) > 50
    await expect(media).to_contain_text("TCP: có cung cấp")
    await expect(line("Nhật ký kiểm toán")).to_have_attribute("data-state", "good", timeout=30_000)
    await expect(line("Chuyển đổi tài liệu")).to_have_attribute("data-state", "good", timeout=90_000)
    await page.get_by_role("button", name="Sửa địa chỉ và múi giờ").click()
    await page.get_by_label("Địa chỉ chính thức, không bắt buộc").fill("hop.lamdong")
    await page.get_by_role("button", name="Lưu thay đổi").click()
    await expect(page.get_by_label("Địa chỉ chính thức, không bắt buộc")).to_have_attribute("aria-invalid", "true")
    await audit.look("system state, tried")
    await page.get_by_role("button", name="Hủy", exact=True).click()


async def _nothing_is_a_dead_end(page: Page, audit: Audit) -> None:
    """Of an empty system: each page leads on to what is missing."""
    await page.goto("/")
    await expect(page.get_by_role("heading", name="Chuẩn bị cho hội nghị đầu tiên")).to_be_visible()
    await audit.look("home of a system without units")
    await page.goto("/meetings/new")
    await expect(page.get_by_text("Mỗi cuộc họp cần một điểm cầu chính")).to_be_visible()
    await audit.look("planning without points")
    await page.get_by_role("main").get_by_role("link", name="Thêm điểm cầu").first.click()
    await expect(page).to_have_url(re.compile("/administration/units"))
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
    await page.goto("/khong-co-trang-nay")
    await expect(page.get_by_role("button", name="Trần Văn Quản")).to_be_visible()
    await audit.look("a page that is not there, signed in")
    await page.get_by_role("button", name="Trần Văn Quản").click()
    await page.get_by_role("menuitem", name="Hướng dẫn").click()
    await page.get_by_role("link", name="Quản trị").first.click()
    await expect(page.get_by_role("img", name="Hình chụp trang thật: Quản trị")).to_be_visible()
    assert (
        await page.get_by_role("img", name="Hình chụp trang thật: Quản trị").evaluate(
            "it => it.decode().then(() => it.naturalWidth)"
        )
        > 300
    )
    await audit.look("help")


async def test_the_first_administrator_comes_in(empty: Empty) -> None:
    page = await empty.browser.new_page(base_url=empty.deployment.url, locale="vi-VN", reduced_motion="reduce")
    page.set_default_timeout(PATIENCE_MS)
    audit = Audit(page, refusals=("/api/setup", "/api/session", "/api/system"))
    await page.goto(await empty.link())
    await page.get_by_role("button", name="Thiết lập và đăng nhập").click()
    await expect(page.get_by_label("Tên đầy đủ")).to_be_focused()
    await audit.look("nothing typed")
    await page.get_by_label("Tên đầy đủ").fill("Tỉnh Lâm Đồng")
    await page.get_by_label("Mã định danh, không bắt buộc").fill("h36")
    await page.get_by_label("Họ và tên").fill("Trần Văn Quản")
    await page.get_by_label("Mật khẩu", exact=True).fill("lamdong2025")
    await page.get_by_role("button", name="Thiết lập và đăng nhập").click()
    await expect(page.get_by_label("Mật khẩu", exact=True)).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    await page.get_by_label("Địa chỉ chính thức, không bắt buộc").fill("https://hop.example")
    await expect(page.get_by_text("Đồng chí đang mở trang ở")).to_be_visible()
    await audit.look("another address")
    await page.get_by_label("Địa chỉ chính thức, không bắt buộc").fill("")
    await page.get_by_role("button", name="Thiết lập và đăng nhập").click()
    await expect(page.get_by_role("heading", name="Tình trạng hệ thống", level=1)).to_be_visible()
    await expect(page.get_by_role("button", name="Trần Văn Quản")).to_be_visible()
    await _checks_really(page, audit)
    await _nothing_is_a_dead_end(page, audit)
    audit.verdict()
    await page.goto(await empty.link())
    await expect(page.get_by_role("heading", name="Hệ thống đã được thiết lập")).to_be_visible()
    await page.close()


class Story:
    """Who takes part in the first conference, each at a window of their own."""

    def __init__(self, empty: Empty) -> None:
        self._empty = empty

    async def window(self) -> Page:
        context = await self._empty.browser.new_context(
            base_url=self._empty.deployment.url,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            reduced_motion="reduce",
            permissions=["camera", "microphone"],
        )
        context.set_default_timeout(PATIENCE_MS)
        return await context.new_page()

    async def bring_in(self, page: Page, kind: str, header: list[str], *rows: list[str]) -> None:
        """A spreadsheet as an office has it: looked at, then applied."""
        name = f"{kind}.xlsx"
        await page.goto(f"/administration/exchange?kind={kind}")
        await page.get_by_test_id("import-file").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": workbook(header, *rows)}
        )
        await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        await page.get_by_role("button", name=f"Áp dụng {len(rows)} thay đổi").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Áp dụng").click()
        await expect(page.get_by_text("Đã áp dụng lúc")).to_be_visible()

    async def invited(self, admin: Page, name: str) -> Page:
        """The window of somebody whom the administrator hands a link."""
        await admin.goto("/administration/people")
        await admin.get_by_role("searchbox").last.fill(name)
        await admin.get_by_role("link", name=name).click()
        await admin.get_by_role("button", name="Mời đăng nhập…").click()
        await admin.get_by_role("alertdialog").get_by_role("button", name="Tạo liên kết").click()
        address = (await admin.get_by_test_id("slip-address").inner_text()).strip()
        page = await self.window()
        await page.goto(f"/join/{address.rsplit('/', 1)[1]}")
        await expect(page.get_by_role("button", name=name)).to_be_visible()
        return page


async def test_a_province_holds_its_first_conference(empty: Empty, tmp_path: Path) -> None:
    """Spreadsheets, a plan, an invitation, a code for the hall's machine, the conference, the record of attendance."""
    story = Story(empty)
    admin = await story.window()
    await admin.goto("/sign-in")
    await admin.get_by_label("Tên đăng nhập").fill("quantri")
    await admin.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    await admin.get_by_role("button", name="Đăng nhập", exact=True).click()
    await expect(admin.get_by_role("button", name="Trần Văn Quản")).to_be_visible()
    await story.bring_in(
        admin,
        "units",
        ["Tên đầy đủ", "Mã định danh", "Cấp", "Thuộc đơn vị"],
        ["Huyện Lạc Dương", "H36.7", "Huyện", "Tỉnh Lâm Đồng"],
        ["Xã Đạ Sar", "H36.7.2", "Xã, phường, đặc khu", "Huyện Lạc Dương"],
    )
    await story.bring_in(
        admin,
        "points",
        ["Tên điểm cầu", "Đơn vị"],
        ["Hội trường Tỉnh ủy", "Tỉnh Lâm Đồng"],
        ["Đạ Sar", "Xã Đạ Sar"],
    )
    await story.bring_in(
        admin,
        "people",
        ["Họ và tên", "Chức vụ", "Đơn vị", "Tên đăng nhập", "Vai trò"],
        ["Nguyễn Thị Hoa", "Chánh Văn phòng", "Tỉnh Lâm Đồng", "hoant", "Ban tổ chức"],
        ["Phạm Văn Chủ", "Bí thư Tỉnh ủy", "Tỉnh Lâm Đồng", "", ""],
        ["Cil Múp Thảo", "Bí thư Đảng ủy xã", "Xã Đạ Sar", "", ""],
    )
    clerk = await story.invited(admin, "Nguyễn Thị Hoa")

    # Planned, published, a delegate on the hall's list with an invitation of her own.
    await clerk.goto("/meetings/new")
    title = "Hội nghị trực tuyến đầu tiên"
    await clerk.get_by_label("Tên cuộc họp", exact=True).fill(title)
    chair = clerk.get_by_label("Chủ trì, không bắt buộc")
    await chair.press_sequentially("pham van chu")
    await clerk.get_by_role("option", name="Phạm Văn Chủ").click()
    await clerk.get_by_role("checkbox", name="Huyện Lạc Dương").check()
    await clerk.get_by_role("button", name="Lưu bản nháp").click()
    await expect(clerk.get_by_role("heading", name=title, level=1)).to_be_visible()
    meeting = clerk.url.rsplit("/", 1)[1]
    question = clerk.get_by_role("alertdialog")

    async def step(name: str) -> None:
        await clerk.goto(f"/meetings/{meeting}")
        await clerk.get_by_role("button", name=name).click()
        await question.get_by_role("button", name=name).click()
        await expect(question).to_be_hidden()

    await step("Công bố hội nghị")
    await clerk.goto(f"/meetings/{meeting}/delegates")
    await clerk.get_by_role("button", name=re.compile("^Đạ Sar")).click()
    pick = clerk.get_by_role("combobox", name="Chọn từ danh bạ")
    await pick.press_sequentially("cil mup")
    await clerk.get_by_role("option", name="Cil Múp Thảo").click()
    await expect(clerk.get_by_role("status").filter(has_text="Đã thêm 1 đại biểu").first).to_be_visible()

    # The hall's machine: a code, typed once.
    await admin.goto("/administration/devices")
    await admin.get_by_role("button", name="Cấp mã cài đặt cho điểm cầu Đạ Sar").click()
    await admin.get_by_role("alertdialog").get_by_role("button", name="Tạo mã").click()
    code = await admin.get_by_test_id("code").inner_text()
    hall = await story.window()
    await hall.goto("/device")
    await hall.get_by_label("Mã cài đặt").press_sequentially(code.replace("-", ""))
    await hall.get_by_label("Mã cài đặt").press("Enter")
    await expect(hall.get_by_text(title).first).to_be_visible()

    # It goes in by itself when the rooms open; the conference is held.
    await step("Mở phòng họp thử")
    await expect(hall.get_by_test_id("hall")).to_have_attribute("data-media", "connected", timeout=40_000)
    await step("Bắt đầu hội nghị")
    await clerk.goto(f"/meetings/{meeting}/attendance")
    row = clerk.get_by_role("row").filter(has=clerk.get_by_role("rowheader", name="Đạ Sar"))
    await expect(row).to_contain_text("Đang có mặt")
    await step("Kết thúc hội nghị")
    await clerk.goto(f"/meetings/{meeting}/attendance")
    async with clerk.expect_download() as coming:
        await clerk.get_by_role("link", name="Tải bảng Excel").click()
    path = tmp_path / "attendance.xlsx"
    await (await coming.value).save_as(path)
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    [line] = [row for row in rows if "Đạ Sar" in row]
    [absent] = [row for row in rows if "Hội trường Tỉnh ủy" in row]
    assert re.search(r"\d\d:\d\d", " ".join(map(str, line))), line
    assert line[-1] != absent[-1] or line != absent
    for page in (admin, clerk, hall):
        await page.context.close()
