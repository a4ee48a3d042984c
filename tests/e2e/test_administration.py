"""An administrator brings a province in and reorders it, through the pages alone. One story, told in order."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit
from tests.e2e.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

PHONE = 390


async def in_tree(page: Page, name: str) -> None:
    await page.get_by_role("searchbox", name="Tìm đơn vị, mã hoặc điểm cầu").fill(name)
    await page.get_by_role("navigation", name="Cây đơn vị").get_by_role("link", name=name).first.click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


async def test_a_commune_and_its_hall_come_in(office: Office) -> None:
    async with office.window("admin") as page:
        audit = Audit(page, refusals=("/api/units",))
        await page.goto("/")
        await page.get_by_role("button", name="Trần Quản Trị").click()
        await page.get_by_role("menuitem", name="Quản trị").click()
        await audit.look("nothing chosen")
        await in_tree(page, "Huyện Lạc Dương")
        await audit.look("a unit")
        await page.get_by_role("button", name="Thêm đơn vị trực thuộc").click()
        form = page.get_by_role("form", name="Thêm đơn vị trực thuộc")
        await form.get_by_role("button", name="Thêm đơn vị trực thuộc").click()
        await expect(form.get_by_label("Tên đầy đủ")).to_have_accessible_description("Ghi tên.")
        await form.get_by_label("Tên đầy đủ").fill("Xã Đạ Chais")
        await form.get_by_label("Mã định danh, không bắt buộc", exact=True).fill("36H")
        await form.get_by_role("button", name="Thêm đơn vị trực thuộc").click()
        await expect(form.get_by_label("Mã định danh, không bắt buộc", exact=True)).to_have_accessible_description(
            "Mã định danh có dạng H36.1.2 (chữ A–Z, số, cách nhau bằng dấu chấm) hoặc 000.01.02.H36."
        )
        await audit.look("a form with a fault")
        await form.get_by_label("Mã định danh, không bắt buộc", exact=True).fill("h36.7.9")
        await form.get_by_role("button", name="Thêm đơn vị trực thuộc").click()
        await expect(page.get_by_role("status").filter(has_text="Đã thêm Xã Đạ Chais").first).to_be_visible()
        await in_tree(page, "Xã Đạ Chais")
        await expect(page.get_by_text("H36.7.9")).to_be_visible()
        await page.get_by_role("button", name="Thêm điểm cầu").click()
        hall = page.get_by_role("form", name="Thêm điểm cầu")
        await expect(hall.get_by_label("Tên điểm cầu")).to_have_value("Đạ Chais")
        await hall.get_by_label("Số chỗ ngồi, không bắt buộc").fill("nhiều")
        await hall.get_by_role("button", name="Thêm điểm cầu").click()
        await expect(hall.get_by_label("Số chỗ ngồi, không bắt buộc")).to_have_attribute("aria-invalid", "true")
        await hall.get_by_label("Số chỗ ngồi, không bắt buộc").fill("1.200")
        await hall.get_by_label("Cán bộ kỹ thuật, không bắt buộc").fill("Cil Ha")
        await hall.get_by_label("Điện thoại, không bắt buộc").fill("0263 555 0001")
        await hall.get_by_role("button", name="Thêm điểm cầu").click()
        row = page.get_by_role("listitem").filter(has_text="1.200 chỗ")
        await expect(row.get_by_role("link", name="0263 555 0001")).to_have_attribute("href", "tel:02635550001")
        await audit.look("a unit with a point")
        audit.verdict()


async def test_a_district_ends_and_its_communes_go_on(office: Office) -> None:
    async with office.window("admin") as page:
        audit = Audit(page)
        await page.goto(f"/administration/units/{office.where.lac_duong.id}")
        await page.get_by_role("button", name="Kết thúc hoạt động…").click()
        dialog = page.get_by_role("alertdialog")
        await dialog.get_by_role("textbox", name="Ngày cuối cùng hoạt động").fill("30/06/2025")
        successor = dialog.get_by_label("Đơn vị tiếp nhận, không bắt buộc")
        await successor.press_sequentially(office.where.root.name)
        await page.get_by_role("option", name=office.where.root.name).first.click()
        await expect(dialog.get_by_label("Đơn vị trực thuộc (3)")).to_be_checked()
        await audit.look("what is handed over")
        await dialog.get_by_role("button", name="Kết thúc hoạt động", exact=True).click()
        await expect(page.get_by_role("status").filter(has_text="tiếp nhận").first).to_be_visible()
        await expect(page.get_by_text("Chưa có đơn vị trực thuộc.")).to_be_visible()
        await page.get_by_label("Hiện cả nơi đã ngừng hoạt động").check()
        tree = page.get_by_role("navigation", name="Cây đơn vị")
        await expect(tree.get_by_role("link", name="Huyện Lạc Dương")).to_contain_text("đến 30/06/2025")
        await tree.get_by_role("link", name="Xã Đạ Sar").click()
        await expect(page.get_by_role("heading", name="Xã Đạ Sar", level=1)).to_be_visible()
        audit.verdict()


async def test_two_administrators_at_one_unit(office: Office) -> None:
    address = f"/administration/units/{office.where.hiep_an.id}"
    async with office.window("admin") as page, office.window("admin", width=PHONE, height=844) as other:
        for window in (page, other):
            await window.goto(address)
            await window.get_by_role("button", name="Sửa", exact=True).first.click()
        await page.get_by_label("Tên ngắn", exact=True).fill("Hiệp An 1")
        await page.get_by_role("button", name="Lưu thay đổi").click()
        await expect(page.get_by_role("status").filter(has_text="Đã lưu").first).to_be_visible()
        await other.get_by_label("Tên ngắn", exact=True).fill("Hiệp An 2")
        await other.get_by_role("button", name="Lưu thay đổi").click()
        await expect(other.get_by_text("“Hiệp An 1”")).to_be_visible()
        widths = await other.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1]
        await other.get_by_role("button", name="Lưu phần tôi sửa trên bản mới").click()
        await expect(other.get_by_role("status").filter(has_text="Đã lưu").first).to_be_visible()


async def test_it_is_not_for_others(office: Office) -> None:
    async with office.window("organiser") as page:
        await page.goto("/")
        await page.get_by_role("button", name="Nguyễn Tổ Chức").click()
        await page.get_by_role("menuitem", name="Đăng xuất").wait_for()
        await expect(page.get_by_role("menuitem", name="Quản trị")).to_have_count(0)
        for address in ("/administration", "/administration/units"):
            await page.goto(address)
            refused = page.get_by_role("heading", name="Trang này không dành cho tài khoản của đồng chí")
            await expect(refused).to_be_visible()
            await expect(page.get_by_role("navigation", name="Cây đơn vị")).to_have_count(0)
