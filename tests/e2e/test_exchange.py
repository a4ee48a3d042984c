"""An administrator brings people in from a spreadsheet: what is wrong is named, what is right is looked at, applied,
and undone. One story, told in order."""

import io

import pytest
import python_calamine
from playwright.async_api import FilePayload, Page, expect

from tests.e2e.audit import Audit
from tests.e2e.office import Office
from tests.server.exchange.files import PEOPLE, workbook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file(name: str, *rows: list[str]) -> FilePayload:
    return {"name": name, "mimeType": XLSX, "buffer": workbook(PEOPLE, *rows)}


async def send(page: Page, payload: FilePayload) -> None:
    await page.get_by_test_id("import-file").set_input_files(payload)
    await expect(page.get_by_role("heading", name=payload["name"], level=1)).to_be_visible()


async def test_people_come_in_from_a_spreadsheet_and_go_again(office: Office) -> None:
    async with office.window("admin") as page:
        audit = Audit(page)
        await page.goto("/administration/units")
        await page.get_by_role("link", name="Nhập và xuất dữ liệu").click()
        await expect(page.get_by_text("Chưa có lần nhập nào.")).to_be_visible()
        await page.get_by_text("Người", exact=True).click()
        await audit.look("nothing sent in yet")
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Tải tệp mẫu").click()
        sheet = python_calamine.CalamineWorkbook.from_filelike(
            io.BytesIO((await (await download.value).path()).read_bytes())
        )
        assert sheet.sheet_names[0] == "Người"
        await send(
            page,
            file(
                "danh-sach-sai.xlsx",
                ["Nguyễn Thị Hạnh", "Văn thư", "Xã Lát", "không phải"],
                ["Trần Văn Bốn", "", "Xã Lạt"],
                ["Lê Thị Tốt", "", "Xã Lát"],
            ),
        )
        await expect(page.get_by_text("2 dòng cần sửa. Chưa có gì được ghi.")).to_be_visible()
        row = page.get_by_role("row").filter(has_text="Nguyễn Thị Hạnh")
        await expect(row).to_contain_text("Địa chỉ e-mail chưa đúng.")
        await audit.look("rows to put right")
        async with page.expect_download() as bad:
            await page.get_by_role("link", name="Tải các dòng cần sửa").click()
        assert (await bad.value).suggested_filename.startswith("dong-can-sua-")
        await page.get_by_role("link", name="Gửi tệp khác").click()
        await expect(page.get_by_label("Người", exact=True)).to_be_checked()
        await send(
            page,
            file(
                "danh-sach.xlsx",
                ["Nguyễn Thị Hạnh", "Văn thư", "Xã Lát", "hanh@hop.test", "0912345678"],
                [office.where.delegate.full_name, "Trưởng thôn", "Xã Đạ Sar"],
                [office.where.stranger.full_name, "", "Xã Hiệp An"],
            ),
        )
        await expect(page.get_by_role("button", name="Áp dụng 2 thay đổi")).to_be_visible()
        await audit.look("the preview")
        await page.get_by_text("Sửa (1)").click()
        await expect(page.get_by_role("row").filter(has_text="Trưởng thôn")).to_be_visible()
        await expect(page.get_by_role("row").filter(has_text="Nguyễn Thị Hạnh")).to_have_count(0)
        await page.get_by_role("button", name="Áp dụng 2 thay đổi").click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("Thêm 1, sửa 1, kết thúc 0.")
        await dialog.get_by_role("button", name="Áp dụng").click()
        await expect(page.get_by_text("Đã áp dụng lúc")).to_be_visible()
        found = await page.request.get("/api/people?q=nguyen thi hanh")
        assert [each["unit_name"] for each in await found.json()] == ["Xã Lát"]
        await page.get_by_role("button", name="Hoàn tác lần nhập này…").click()
        await audit.look("asked before it is undone")
        await dialog.get_by_role("button", name="Hoàn tác").click()
        await expect(page.get_by_text("Đã hoàn tác lúc")).to_be_visible()
        assert await (await page.request.get("/api/people?q=nguyen thi hanh")).json() == []
        await page.get_by_role("link", name="Gửi tệp khác").click()
        past = page.get_by_role("region", name="Các lần nhập")
        await expect(past.get_by_role("link").first).to_contain_text("Đã hoàn tác")
        await audit.look("what was sent in")
        audit.verdict()
