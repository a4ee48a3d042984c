"""Somebody sets a second factor and signs in with it, on a phone."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from server.accounts.second_factor import STEP, code_at
from tests.e2e.audit import Audit
from tests.e2e.office import LOGIN, PASSWORD, Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

PHONE = 390


async def test_set_and_signed_in_with(office: Office) -> None:
    async with office.window(width=PHONE, height=844) as page:
        audit = Audit(page, refusals=("/api/session",))
        await page.goto("/sign-in?next=/account")
        await page.get_by_label("Tên đăng nhập").fill(LOGIN)
        await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Đăng nhập", exact=True).click()
        await page.get_by_role("button", name="Bật xác thực hai bước").click()
        await page.get_by_label("Mật khẩu của đồng chí").fill(PASSWORD)
        await page.get_by_role("button", name="Tiếp tục").click()
        key = base64.b32decode((await page.get_by_test_id("factor-key").inner_text()).replace(" ", ""))
        await audit.look("the key")
        await page.get_by_label("Mã sáu số trong ứng dụng").fill(code_at(key, datetime.now(UTC)))
        await page.get_by_role("button", name="Xác nhận và bật").click()
        codes = page.get_by_test_id("recovery-codes").get_by_role("listitem")
        await expect(codes).to_have_count(10)
        recovery = await codes.first.inner_text()
        await audit.look("recovery codes")
        await page.get_by_role("button", name="Tôi đã cất các mã này").click()
        await expect(page.get_by_text("Còn 10 mã dự phòng")).to_be_visible()
        audit.verdict()
    for code in (code_at(key, datetime.now(UTC) + timedelta(seconds=STEP)), recovery):
        async with office.window(width=PHONE, height=844) as page:
            audit = Audit(page, refusals=("/api/session",))
            await page.goto("/sign-in")
            await page.get_by_label("Tên đăng nhập").fill(LOGIN)
            await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
            await page.get_by_role("button", name="Đăng nhập", exact=True).click()
            await expect(page.get_by_label("Mã xác thực")).to_be_focused()
            await page.get_by_label("Mã xác thực").fill("000000")
            await page.get_by_role("button", name="Đăng nhập", exact=True).click()
            await expect(page.get_by_text("Mã xác thực chưa đúng")).to_be_visible()
            await audit.look("the code")
            await page.get_by_label("Mã xác thực").fill(code)
            await page.get_by_role("button", name="Đăng nhập", exact=True).click()
            await expect(page.get_by_role("button", name="Nguyễn Tổ Chức")).to_be_visible()
            audit.verdict()
