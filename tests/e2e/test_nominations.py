"""Each point names its own delegates: the organiser asks, a contact without an account answers from a telephone, the
list is locked. One story."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from server.core.clock import utc_now
from tests.e2e.audit import Audit
from tests.e2e.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


async def posted(office: Office, page: Page, path: str, body: dict[str, object]) -> dict[str, object]:
    """What the API answers, past the page."""
    answer = await page.request.post(path, data=body, headers={"X-Nhipcau": "1", "Origin": office.deployment.url})
    assert answer.ok, await answer.text()
    found: dict[str, object] = await answer.json()
    return found


async def test_points_name_their_own_delegates(office: Office) -> None:
    starts = (utc_now() + timedelta(days=2)).replace(microsecond=0)
    where = office.where
    async with office.window("organiser") as page, office.window(width=390, height=844) as phone:
        made = await posted(
            office,
            page,
            "/api/meetings",
            {
                "kind": "hoi-nghi",
                "title": "Hội nghị giao ban tháng 12",
                "unit_id": where.root.id,
                "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=3)).isoformat(),
                "main_point_id": where.main.id,
                "points": [{"point_id": each.id} for each in where.halls],
            },
        )
        meeting = made["id"]
        await posted(office, page, f"/api/meetings/{meeting}/invite", {})
        audit = Audit(page)
        await page.goto(f"/meetings/{meeting}/delegates")
        await page.get_by_role("button", name="Điểm cầu lập").click()
        await page.get_by_label("Khi danh sách đã khóa, gọi ai").fill("Lê Thị Mai, 0263 3822 111")
        await page.get_by_label("Lời dặn điểm cầu").fill("Mỗi xã cử Bí thư và Chủ tịch.")
        await audit.look("asking the points")
        await page.get_by_role("button", name="Yêu cầu các điểm cầu lập danh sách").click()
        await expect(page.get_by_text("0/6 điểm cầu đã gửi danh sách")).to_be_visible()
        await page.get_by_role("button", name="Đầu mối: Lát").click()
        question = page.get_by_role("alertdialog")
        await question.get_by_label("Họ tên").fill("Nguyễn Thị Liên")
        await question.get_by_role("button", name="Lưu").click()
        await expect(page.get_by_text("Nguyễn Thị Liên")).to_be_visible()
        await audit.look("the board")

        link = f"/api/meetings/{meeting}/points/{where.lat_hall.id}/nomination/link"
        path = str((await posted(office, page, link, {}))["path"])
        own = Audit(phone, refusals=("/nomination/people",))
        await phone.goto(path)
        await expect(phone.get_by_text("Mỗi xã cử Bí thư và Chủ tịch.")).to_be_visible()
        await phone.get_by_label("Hoặc gõ, dán danh sách").fill("1. Đ/c K' Brông, Bí thư\n2. Đ/c Lơ Mu Hà, Chủ tịch\n3")
        await expect(phone.get_by_text("Dòng 3: chưa đọc được họ tên.")).to_be_visible()
        await own.look("pasting a list")
        await phone.get_by_role("button", name="Thêm 2 đại biểu").click()
        people = phone.get_by_test_id("own-list").get_by_role("listitem")
        await expect(people).to_have_count(2)
        await phone.get_by_role("button", name="Bỏ: Lơ Mu Hà").click()
        await expect(people).to_have_count(1)
        # Whoever was named once is known to the unit from then on, and found without diacritics.
        await phone.get_by_role("combobox", name="Chọn người của Xã Lát").press_sequentially("lo mu ha")
        await phone.get_by_role("option", name="Lơ Mu Hà").click()
        await expect(people).to_have_count(2)
        await phone.get_by_role("button", name="Gửi danh sách").click()
        await expect(phone.get_by_text("Đã gửi danh sách", exact=False).first).to_be_visible()
        await own.look("handed in")

        await page.reload()
        await expect(page.get_by_text("1/6 điểm cầu đã gửi danh sách")).to_be_visible()
        await expect(page.get_by_test_id("nomination-rows")).to_contain_text("Nguyễn Thị Liên (liên kết của điểm cầu)")
        await page.get_by_role("button", name="Khóa danh sách").click()
        await question.get_by_role("button", name="Khóa danh sách").click()
        await expect(page.get_by_role("button", name="Mở lại: Lát")).to_be_visible()
        await phone.reload()
        await expect(phone.get_by_text("Cần sửa, gọi Lê Thị Mai, 0263 3822 111.")).to_be_visible()
        await expect(phone.get_by_role("button", name="Gửi lại danh sách")).to_have_count(0)
        await own.look("locked")
        audit.verdict()
        own.verdict()
