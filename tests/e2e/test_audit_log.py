"""An administrator looks into the log: at the desk and on a phone."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.e2e.audit import Audit
from tests.e2e.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

PHONE = 390


async def after(event: asyncio.Event, route: Route) -> None:
    await event.wait()
    await route.continue_()


async def test_who_did_what(office: Office) -> None:
    async with office.window("admin") as page:
        audit = Audit(page)
        await page.goto("/administration")
        await page.get_by_role("link", name="Nhật ký").click()
        await expect(page.get_by_role("heading", name="Nhật ký hệ thống", level=1)).to_be_visible()
        await expect(page.get_by_text("Nhật ký nguyên vẹn")).to_be_visible()
        entries = page.get_by_role("list", name="Các mục nhật ký, mới nhất trước")
        await audit.look("the whole log")
        await page.get_by_label("Nhóm việc").select_option(label="Cuộc họp")
        await page.get_by_role("button", name="Lọc", exact=True).click()
        await expect(page).to_have_url(re.compile(r"/administration/audit\?group=meetings$"))
        row = entries.get_by_role("listitem").filter(has_text="Bắt đầu cuộc họp").first
        await row.locator("summary").click()
        await expect(row.get_by_text("meeting.started")).to_be_visible()
        await audit.look("an entry's details")
        await row.get_by_role("link", name="Chỉ xem cuộc họp này").click()
        await expect(page.get_by_text("Chỉ cuộc họp:")).to_be_visible()
        async with page.expect_download() as made:
            await page.get_by_role("link", name="Xuất CSV").click()
        assert (await (await made.value).path()).read_text("utf-8-sig").count("meeting.started") == 1
        # Who types while the entries are still on their way keeps what was typed.
        typed = asyncio.Event()
        await page.route("**/api/audit", lambda route: after(typed, route))
        await page.get_by_role("button", name="Bỏ lọc").click()
        await expect(page.get_by_text("Chỉ cuộc họp:")).to_be_hidden()
        since = page.get_by_role("textbox", name="Từ ngày")
        await since.fill("01/01/2030")
        typed.set()
        await expect(entries.get_by_text("Đăng nhập", exact=True).first).to_be_visible()
        await expect(since).to_have_value("01/01/2030")
        await page.get_by_role("button", name="Lọc", exact=True).click()
        await expect(page.get_by_text("Không có mục nào")).to_be_visible()
        audit.verdict()


async def test_on_a_phone(office: Office) -> None:
    async with office.window("admin", width=PHONE, height=844) as page:
        audit = Audit(page)
        await page.goto("/administration/audit")
        await expect(page.get_by_role("listitem").filter(has_text="Bắt đầu cuộc họp").first).to_be_visible()
        await audit.look("the log")
        widths = await page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1]
        audit.verdict()


async def test_it_is_not_for_others(office: Office) -> None:
    async with office.window("organiser") as page:
        await page.goto("/administration/audit")
        await expect(page.get_by_text("Các trang quản trị dành cho")).to_be_visible()
