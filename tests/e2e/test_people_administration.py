"""An administrator keeps the province's people through the pages alone. One story, told in order."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit
from tests.e2e.engines import CHROMIUM
from tests.e2e.office import Office

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]


async def told(page: Page, text: str) -> None:
    await expect(page.get_by_role("status").filter(has_text=text).first).to_be_visible()


async def test_somebody_comes_in(office: Office) -> None:
    async with office.window("admin") as page:
        audit = Audit(page, refusals=("/api/people",))
        await page.goto("/administration/people")
        await expect(page.get_by_role("heading", name="Người dùng", level=1)).to_be_visible()
        await audit.look("the list")
        tabs = page.get_by_role("navigation", name="Các phần của quản trị")
        await expect(tabs.get_by_role("link", name="Người dùng")).to_have_attribute("aria-current", "page")
        await page.get_by_role("searchbox").last.fill("cil ha")
        await expect(page).to_have_url(re.compile(r"q=cil"))
        await expect(page.get_by_text("1 người")).to_be_visible()
        await expect(page.get_by_role("link", name="Cil Ha Kỹ Thuật")).to_be_visible()
        await page.get_by_label("Tình trạng").select_option("locked")
        await expect(page.get_by_text("Không có ai khớp")).to_be_visible()
        await audit.look("nobody fits")
        await page.get_by_role("button", name="Bỏ điều kiện lọc").click()
        await expect(page.get_by_role("link", name="Nguyễn Tổ Chức")).to_be_visible()

        await page.get_by_role("link", name="Thêm người").click()
        form = page.get_by_role("form", name="Thêm người")
        await form.get_by_role("button", name="Thêm người").click()
        await expect(form.get_by_label("Họ và tên")).to_have_accessible_description("Ghi họ và tên.")
        await form.get_by_label("Họ và tên").fill("Phạm Hữu Thành")
        await form.get_by_role("combobox", name="Đơn vị").press_sequentially("lat")
        await page.get_by_role("option", name="Xã Lát").click()
        await form.get_by_label("Chức vụ, không bắt buộc").fill("Bí thư Đảng ủy xã")
        await form.get_by_label("Xưng hô").select_option("male")
        await form.get_by_role("textbox", name="Ngày sinh").fill("2/9/1975")
        await form.get_by_label("Tên đăng nhập, không bắt buộc").fill("Phạm")
        await form.get_by_role("button", name="Thêm người").click()
        await expect(form.get_by_label("Tên đăng nhập, không bắt buộc")).to_have_attribute("aria-invalid", "true")
        await audit.look("a form with a fault")
        await form.get_by_label("Tên đăng nhập, không bắt buộc").fill("thanhph")
        await form.get_by_role("button", name="Thêm người").click()
        await told(page, "Đã thêm Phạm Hữu Thành")
        await expect(page.get_by_role("heading", name="Phạm Hữu Thành", level=1)).to_be_visible()
        await expect(page.get_by_text("02/09/1975")).to_be_visible()
        await audit.look("a person")
        audit.verdict()


async def open_person(page: Page, name: str) -> None:
    await page.goto("/administration/people")
    await page.get_by_role("searchbox").last.fill(name)
    await page.get_by_role("link", name=name).click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


async def test_positions_and_roles(office: Office) -> None:
    async with office.window("admin") as page:
        audit = Audit(page, refusals=("/api/people",))
        await open_person(page, "Phạm Hữu Thành")
        await page.get_by_role("button", name="Sửa chức vụ").click()
        form = page.get_by_role("form", name="Chức vụ")
        await form.get_by_role("button", name="Thêm chức vụ").click()
        await form.get_by_label("Chức vụ 2").fill("Tỉnh ủy viên")
        await form.get_by_role("textbox", name="Từ ngày").nth(1).fill("1/10/2025")
        await audit.look("positions being edited")
        await form.get_by_role("button", name="Đưa lên trên: Tỉnh ủy viên").click()
        await form.get_by_role("button", name="Lưu thay đổi").click()
        await told(page, "Đã lưu chức vụ")
        await expect(page.get_by_text("Tỉnh ủy viên (đang ghi bên họ tên)")).to_be_visible()
        await page.get_by_role("button", name="Giao vai trò").click()
        roles = page.get_by_role("form", name="Giao vai trò")
        await roles.get_by_label("Vai trò").select_option("organiser")
        await expect(roles.get_by_text("đặt quyền đọc")).to_be_visible()
        await audit.look("a role being given")
        await roles.get_by_role("button", name="Giao vai trò").click()
        await told(page, "Đã giao vai trò Ban tổ chức ở Xã Lát")
        await page.get_by_role("button", name="Thôi giao: Ban tổ chức ở Xã Lát").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Thôi giao").click()
        await told(page, "Đã thôi giao vai trò Ban tổ chức")
        audit.verdict()


async def test_coming_in_by_slip_and_being_locked_out(office: Office) -> None:
    async with office.window("admin") as page, office.window(width=390, height=844) as phone:
        audit = Audit(page, refusals=("/api/people",))
        await open_person(page, "Phạm Hữu Thành")
        await page.get_by_role("button", name="Mời đăng nhập…").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Tạo liên kết").click()
        address = page.get_by_test_id("slip-address")
        await expect(address).to_contain_text("/join/")
        await audit.look("a slip")
        link = (await address.inner_text()).strip()
        if office.engine is CHROMIUM:  # Firefox prints to paper only
            await page.emulate_media(media="print")
            await expect(page.get_by_role("heading", name="Phiếu đăng nhập")).to_be_visible()
            await expect(page.get_by_role("heading", name="Phạm Hữu Thành", level=1)).to_be_hidden()
            await page.emulate_media(media="screen")
        await phone.goto("/join/" + link.rsplit("/", 1)[1])
        await expect(phone.get_by_role("button", name="Phạm Hữu Thành")).to_be_visible()

        await page.get_by_role("button", name="Đặt lại mật khẩu…").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Đặt lại").click()
        password = await page.get_by_test_id("slip-password").inner_text()
        await phone.reload()
        await expect(phone).to_have_url(re.compile("/sign-in"))
        await phone.get_by_label("Tên đăng nhập").fill("thanhph")
        await phone.get_by_label("Mật khẩu", exact=True).fill(password)
        await phone.get_by_role("button", name="Đăng nhập", exact=True).click()
        await expect(phone.get_by_role("button", name="Phạm Hữu Thành")).to_be_visible()

        await page.reload()
        await expect(page.get_by_text("Đăng nhập bằng tên “thanhph” và mật khẩu.")).to_be_visible()
        await expect(page.get_by_role("button", name="Đăng xuất khỏi mọi thiết bị")).to_be_visible()
        await page.get_by_role("button", name="Khóa tài khoản").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Khóa tài khoản").click()
        await told(page, "Đã khóa tài khoản")
        await expect(page.get_by_text("Không có thiết bị nào đang đăng nhập.")).to_be_visible()
        await audit.look("locked")
        await phone.reload()
        await expect(phone).to_have_url(re.compile("/sign-in"))
        audit.verdict()


async def test_somebody_is_forgotten(office: Office) -> None:
    async with office.window("admin", width=390, height=844) as page:
        audit = Audit(page, refusals=("/api/people",))
        await open_person(page, "Phạm Hữu Thành")
        await page.get_by_role("button", name="Ẩn danh…").click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog.get_by_role("button", name="Ẩn danh")).to_be_disabled()
        await dialog.get_by_label("Gõ lại họ tên để xác nhận").fill("pham huu thanh")
        await audit.look("what goes and what stays")
        await dialog.get_by_role("button", name="Ẩn danh").click()
        await told(page, "Đã ẩn danh")
        await page.goto("/administration/people?q=pham+huu+thanh")
        await expect(page.get_by_text("Không có ai khớp")).to_be_visible()
        audit.verdict()
