"""Every page and each of its important states: accessible to WCAG 2.2 AA, no wider than a phone, silent in the console,
by day and by night."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit, Theme
from tests.e2e.office import TITLES, Office

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

# The rooms of a conference have one look, seen from afar.
ROOM: tuple[Theme, ...] = ("dark",)


async def ready(page: Page, heading: str | re.Pattern[str]) -> None:
    await expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    await expect(page.get_by_text("Đang tải…")).to_have_count(0)


# The desk.


async def test_sign_in(office: Office) -> None:
    async with office.window() as page:
        audit = Audit(page, refusals=("/api/session",))
        await page.goto("/sign-in")
        await ready(page, "Đăng nhập")
        await audit.look("sign-in")
        await page.get_by_role("button", name="Đăng nhập").click()
        await audit.look("sign-in, nothing typed")
        await page.get_by_label("Tên đăng nhập").fill("ai đó")
        await page.get_by_label("Mật khẩu", exact=True).fill("sai")
        await page.get_by_role("button", name="Đăng nhập").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await audit.look("sign-in refused")
        audit.verdict()


async def test_ended_link(office: Office) -> None:
    async with office.window() as page:
        audit = Audit(page, refusals=("/api/session/link",))
        await page.goto(office.ended_link)
        await ready(page, "Liên kết không dùng được nữa")
        await audit.look("ended link")
        audit.verdict()


async def test_list(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto("/")
        await expect(page.get_by_text(TITLES["running"])).to_be_visible()
        await audit.look("list")
        await page.get_by_role("button", name="Nguyễn Tổ Chức").click()
        await page.get_by_role("menuitem", name="Đăng xuất").wait_for()
        await audit.look("account menu")
        audit.verdict()


async def test_no_such_page(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto("/khong-co")
        await ready(page, "Không có trang này")
        await audit.look("no such page")
        audit.verdict()


async def test_planning(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto("/meetings/new")
        await page.get_by_label("Tên cuộc họp", exact=True).wait_for()
        await audit.look("new")
        await page.get_by_role("button", name="Mở Huyện Lạc Dương").click()
        await page.get_by_role("checkbox", name="Huyện Lạc Dương").check()
        await page.get_by_role("button", name="Thêm nội dung").click()
        await page.get_by_role("button", name="Lưu bản nháp").click()
        await expect(page.get_by_text("Còn 2 ô cần sửa.")).to_be_visible()
        await audit.look("new with faults")
        await page.get_by_label("Chủ trì, không bắt buộc").press_sequentially("thu ky")
        await page.get_by_role("option", name="Võ Thư Ký").wait_for()
        await audit.look("people found")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Chọn từ lịch").click()
        await page.get_by_role("application", name=re.compile("^Ngày họp")).wait_for()
        await expect(page.get_by_role("button", name="Tháng sau")).to_be_visible()
        await audit.look("calendar")
        await page.keyboard.press("Escape")
        await page.get_by_role("link", name="Hủy").click()
        await page.get_by_role("alertdialog").wait_for()
        await audit.look("leaving unsaved")
        audit.verdict()


async def test_editing(office: Office) -> None:
    address = f"/meetings/{office.meetings['invited']}/edit"
    async with office.window("organiser") as page, office.window("colleague") as other:
        audit = Audit(page, refusals=(f"/api/meetings/{office.meetings['invited']}",))
        await page.goto(address)
        await page.get_by_label("Tên cuộc họp", exact=True).fill("Hội nghị quán triệt")
        await audit.look("edit")
        await other.goto(address)
        await other.get_by_label("Ghi chú cho các điểm cầu").fill("Đúng giờ.")
        await other.get_by_role("button", name="Lưu thay đổi").click()
        await ready(other, re.compile("Hội nghị trực tuyến"))
        await page.get_by_role("button", name="Lưu thay đổi").click()
        await page.get_by_role("button", name="Lưu phần tôi sửa trên bản mới").wait_for()
        await audit.look("two edited at once")
        audit.verdict()


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("draft", "Công bố hội nghị"),
        ("invited", "Mở phòng họp thử"),
        ("open", "Bắt đầu hội nghị"),
        ("running", "Kết thúc hội nghị"),
        ("ended", "Mở lại cuộc họp"),
    ],
)
async def test_meeting(office: Office, state: str, action: str) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto(f"/meetings/{office.meetings[state]}")
        await page.get_by_role("heading", level=1).wait_for()
        await page.get_by_text("Hội trường Tỉnh ủy").last.wait_for()
        await audit.look(f"meeting, {state}")
        await page.get_by_role("button", name=action).click()
        await page.get_by_role("alertdialog").wait_for()
        await audit.look(f"meeting, {state}, asked before the step")
        audit.verdict()


@pytest.mark.parametrize("state", ["running", "ended"])
async def test_attendance(office: Office, state: str) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto(f"/meetings/{office.meetings[state]}/attendance")
        await ready(page, "Điểm danh")
        await audit.look(f"attendance, {state}")
        await page.get_by_label("Tìm điểm cầu").fill("không nơi nào")
        await expect(page.get_by_text("Không có điểm cầu nào khớp")).to_be_visible()
        await audit.look(f"attendance, {state}, nothing found")
        audit.verdict()


async def test_account(office: Office) -> None:
    async with office.window("technician") as page, office.window("technician"):
        audit = Audit(page)
        await page.goto("/account")
        await expect(page.get_by_text("Thiết bị này")).to_be_visible()
        await audit.look("account")
        await page.get_by_label("Chữ lớn").check()
        await page.get_by_role("button", name="Đổi mật khẩu").click()
        await expect(page.get_by_text("Nhập mật khẩu hiện tại.")).to_be_visible()
        await audit.look("account in large type, with faults")
        audit.verdict()


async def test_no_line(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto(f"/meetings/{office.meetings['draft']}/edit")
        await page.get_by_label("Tên cuộc họp", exact=True).wait_for()
        await audit.cut_line()
        await expect(page.get_by_role("alert")).to_contain_text("Mất kết nối tới máy chủ")
        await audit.look("no line")
        audit.verdict()


# The rooms.


async def test_choosing_a_hall(office: Office) -> None:
    async with office.window("technician") as page:
        audit = Audit(page, themes=ROOM)
        await page.goto("/hall?choose")
        await page.get_by_role("link", name=re.compile("Huyện ủy Lạc Dương")).first.wait_for()
        await audit.look("hall chooser")
        audit.verdict()


async def test_hall_before_the_meeting(office: Office) -> None:
    async with office.window("hiep-an") as page:
        audit = Audit(page, themes=ROOM)
        await page.goto(f"/hall/{office.meetings['open']}/{office.where.hiep_an_hall.id}")
        await page.get_by_test_id("camera-preview").wait_for()
        await ready(page, re.compile("Hiệp An"))
        await audit.look("hall entry")
        await page.get_by_test_id("enter").click()
        await page.get_by_test_id("self-check").wait_for()
        await audit.look("hall testing")
        await page.mouse.move(200, 200)
        await page.get_by_test_id("settings").click()
        await page.get_by_test_id("device-panel").wait_for()
        await audit.look("hall devices")
        audit.verdict()


async def test_hall_of_a_meeting_not_yet_open_and_of_one_that_is_over(office: Office) -> None:
    async with office.window("lat") as page:
        audit = Audit(page, themes=ROOM)
        await enter(page, office, "invited")
        await page.get_by_test_id("not-open").wait_for()
        await audit.look("hall, not open")
        await page.evaluate("localStorage.removeItem('nhipcau.hall')")
        await page.goto(f"/hall/{office.meetings['ended']}/{office.where.lat_hall.id}")
        await page.get_by_test_id("ended").wait_for()
        await audit.look("hall, ended")
        audit.verdict()


async def enter(page: Page, office: Office, state: str, point_id: int | None = None) -> None:
    await page.goto(f"/hall/{office.meetings[state]}/{point_id or office.where.lat_hall.id}")
    await page.get_by_test_id("enter").click()
    await page.get_by_test_id("hall").wait_for()


async def test_hall_during_the_meeting(office: Office) -> None:
    async with office.window("main") as main, office.window("lat") as page:
        await enter(main, office, "running", office.where.main.id)
        audit = Audit(page, themes=ROOM)
        await enter(page, office, "running")
        await page.locator('video[data-slot="stage"]').wait_for()
        await audit.look("hall in")
        await page.mouse.move(200, 200)
        await page.get_by_test_id("hand").click()
        await expect(page.get_by_test_id("hand")).to_have_attribute("data-up", "true")
        await audit.look("hall, hand up")
        await page.mouse.move(210, 210)
        await page.get_by_test_id("leave").click()
        await page.get_by_role("alertdialog").wait_for()
        await audit.look("hall, asked before leaving")
        audit.verdict()


async def test_console(office: Office) -> None:
    async with office.window("hiep-an") as hall, office.window("chair") as page:
        await enter(hall, office, "running", office.where.hiep_an_hall.id)
        await hall.get_by_test_id("hand").click()
        audit = Audit(page, themes=ROOM)
        await page.goto(f"/meetings/{office.meetings['running']}/console")
        cell = page.get_by_test_id("wall").locator(f'[data-point="{office.where.hiep_an_hall.id}"]')
        await expect(cell).to_have_attribute("data-state", "hand")
        await audit.look("console, wall")
        await cell.click()
        await page.get_by_test_id("point-panel").wait_for()
        await audit.look("console, point panel")
        await page.get_by_test_id("point-panel").get_by_test_id("call").click()
        await expect(cell).to_have_attribute("data-state", "on-air")
        await audit.look("console, a point on air")
        await page.keyboard.press("Escape")
        await page.get_by_test_id("layout-menu").click()
        await audit.look("console, layouts")
        await page.keyboard.press("Escape")
        for view in ("tree", "tiles"):
            await page.get_by_test_id(f"view-{view}").click()
            await page.get_by_test_id(view).wait_for()
            await audit.look(f"console, {view}")
        await page.get_by_test_id("meeting-end").click()
        await page.get_by_role("alertdialog").wait_for()
        await audit.look("console, asked before the end")
        audit.verdict()


@pytest.mark.parametrize(("state", "landmark"), [("open", "not-open"), ("running", "viewer"), ("ended", "ended")])
async def test_member_view(office: Office, state: str, landmark: str) -> None:
    async with office.window("presenter") as page:
        audit = Audit(page, themes=ROOM)
        await page.goto(f"/meetings/{office.meetings[state]}/view")
        await page.get_by_test_id(landmark).wait_for()
        await audit.look(f"view, {state}")
        audit.verdict()


async def test_console_before_the_meeting_and_for_a_stranger(office: Office) -> None:
    address = f"/meetings/{office.meetings['open']}/console"
    async with office.window("chair") as page, office.window("technician") as other:
        audit = Audit(page, themes=ROOM)
        await page.goto(address)
        await page.get_by_test_id("meeting-start").wait_for()
        await audit.look("console, open")
        audit.verdict()
        audit = Audit(other, themes=ROOM)
        await other.goto(address)
        await other.get_by_test_id("refused").wait_for()
        await audit.look("console refused")
        audit.verdict()
