"""From an empty database to a system that people sign in to, through the pages alone. One story, told in order."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.deployment import Deployment
from tests.e2e.audit import Audit
from tests.e2e.chromium import shared_chromium
from tests.e2e.office import PATIENCE_MS

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
    await expect(media).to_contain_text("TCP: máy chủ chưa cung cấp")
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
