"""Planning a meeting, from signing in to the record of attendance, in a real browser. The tests of this module are one
story, told in order."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect
from python_calamine import CalamineWorkbook

from tests.e2e.office import LOGIN, PASSWORD, TITLES, Office
from tests.e2e.people import until
from tests.sockets import Address, LiveClient

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

TITLE = "Hội nghị trực tuyến rà soát chuyển đổi số"
VIETNAM = timezone(timedelta(hours=7))
PHONE = 390

SNAPSHOTS = """(() => {
  const Native = window.WebSocket;
  window.__snapshots = 0;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => (window.__snapshots += data.includes('"snapshot"') ? 1 : 0));
    }
  };
})();"""
"""Counts how often the live channel began anew."""


@dataclass
class Desk:
    """The organiser's window."""

    office: Office
    page: Page
    meeting_id: int = field(init=False)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    async def says(self, text: str) -> None:
        await expect(self.page.get_by_role("status").filter(has_text=text).first).to_be_visible()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(office: Office) -> AsyncIterator[Desk]:
    async with office.window() as page:
        yield Desk(office, page)


async def sign_in(page: Page, password: str) -> None:
    await page.get_by_label("Tên đăng nhập").fill(LOGIN)
    await page.get_by_label("Mật khẩu", exact=True).fill(password)
    await page.get_by_role("button", name="Đăng nhập").click()


async def fits(page: Page) -> None:
    """Nothing sticks out to the side."""
    widths = await page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], f"{page.url} is {widths[0]} px wide on a screen of {widths[1]} px"


async def test_a_wrong_password_is_explained(desk: Desk) -> None:
    await desk.page.goto("/")
    await expect(desk.page).to_have_url(re.compile("/sign-in"))
    await sign_in(desk.page, "không phải câu này")
    await expect(desk.page.get_by_role("alert")).to_contain_text("mật khẩu chưa đúng")
    await expect(desk.page.get_by_label("Mật khẩu", exact=True)).to_be_focused()
    await sign_in(desk.page, PASSWORD)
    await expect(desk.page.get_by_role("heading", name="Cuộc họp", level=1)).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Nguyễn Tổ Chức")).to_be_visible()


async def test_what_is_missing_is_said_beside_the_field(desk: Desk) -> None:
    await desk.page.get_by_role("link", name="Lập hội nghị, cuộc họp").click()
    await desk.button("Lưu bản nháp").click()
    title = desk.field("Tên cuộc họp")
    await expect(title).to_be_focused()
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(title).to_have_accessible_description("Nhập tên cuộc họp.")
    await desk.says("Còn 1 ô cần sửa.")
    await title.fill(TITLE)
    await expect(title).not_to_have_attribute("aria-invalid", "true")


async def test_nothing_that_is_marked_wrong_is_saved(desk: Desk) -> None:
    await desk.field("Ngày họp").fill("31/02/2027")
    await desk.field("Bắt đầu").fill("25h70")
    chair = desk.field("Chủ trì, không bắt buộc")
    await chair.press_sequentially("Không Có Ai")
    await chair.press("Tab")
    for name in ("Ngày họp", "Bắt đầu", "Chủ trì, không bắt buộc"):
        await expect(desk.field(name)).to_have_attribute("aria-invalid", "true")
    await expect(chair).to_have_value("Không Có Ai")
    await desk.button("Lưu bản nháp").click()
    await expect(desk.field("Ngày họp")).to_be_focused()
    await expect(desk.page).to_have_url(re.compile("/meetings/new$"))
    # A whole name is as good as a click on its line.
    await chair.fill("")
    await chair.press_sequentially("phạm chủ trì")
    await chair.press("Tab")
    await expect(chair).to_have_value("Phạm Chủ Trì")
    await expect(chair).not_to_have_attribute("aria-invalid", "true")
    await chair.fill("")
    await chair.press("Tab")


async def test_an_organiser_plans_a_meeting(desk: Desk) -> None:
    page = desk.page
    tomorrow = datetime.now(VIETNAM) + timedelta(days=1)
    await desk.field("Ngày họp").fill(tomorrow.strftime("%d/%m/%Y"))
    await desk.field("Bắt đầu").fill("8h15")
    await desk.field("Kết thúc").fill("1030")
    await desk.field("Ghi chú cho các điểm cầu, không bắt buộc").fill("Vào phòng trước 15 phút.")
    await expect(desk.field("Bắt đầu")).to_have_value("08:15")
    chair = desk.field("Chủ trì, không bắt buộc")
    await chair.press_sequentially("pham chu tri")
    await page.get_by_role("option", name="Phạm Chủ Trì").click()
    await expect(chair).to_have_value("Phạm Chủ Trì")

    await desk.button("Thêm nội dung").click()
    # Before what closes the meeting.
    await expect(desk.field("Tên nội dung 3")).to_have_value("Bế mạc")
    await desk.field("Tên nội dung 2").fill("Báo cáo rà soát")
    await desk.field("Số phút của nội dung 2").fill("40")
    await page.get_by_role("combobox", name="Người trình bày nội dung 2").press_sequentially("dinh bao")
    await page.get_by_role("option", name="Đinh Báo Cáo").click()
    await desk.button("Chuyển lên: Báo cáo rà soát").click()
    await expect(desk.field("Tên nội dung 1")).to_have_value("Báo cáo rà soát")
    await desk.button("Chuyển xuống: Báo cáo rà soát").click()
    await expect(desk.field("Tên nội dung 2")).to_have_value("Báo cáo rà soát")

    await page.get_by_role("checkbox", name="Huyện Lạc Dương").check()
    await desk.says("4 điểm cầu")
    await desk.button("Mở Huyện Lạc Dương").click()
    await page.get_by_role("checkbox", name=re.compile("Lát$")).uncheck()
    await desk.says("3 điểm cầu")
    await expect(page.get_by_role("checkbox", name="Huyện Lạc Dương")).to_be_checked(indeterminate=True)
    await page.get_by_label(re.compile("Người phát biểu của .*Đạ Sar")).fill("Đồng chí Bí thư Đảng ủy")
    await desk.button("Lưu bản nháp").click()

    await expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    desk.meeting_id = int(page.url.rsplit("/", 1)[1])
    shown = page.get_by_role("main")
    for text in ("Bản nháp", "Phạm Chủ Trì", "08:15–10:30", "Báo cáo rà soát", "Đinh Báo Cáo", "Vào phòng trước 15"):
        await expect(shown).to_contain_text(text)
    await expect(shown.get_by_role("heading", name="Điểm cầu", exact=False).last).to_contain_text("3 điểm cầu")


async def test_a_meeting_is_edited(desk: Desk) -> None:
    await desk.page.get_by_role("link", name="Sửa cuộc họp").click()
    await expect(desk.page.get_by_role("checkbox", name="Huyện Lạc Dương")).to_be_checked(indeterminate=True)
    await desk.field("Kết thúc").fill("11:00")
    await desk.field("Tên nội dung 2").fill("Báo cáo rà soát và thảo luận")
    await desk.button("Lưu thay đổi").click()
    await expect(desk.page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    await expect(desk.page.get_by_role("main")).to_contain_text("08:15–11:00")
    await expect(desk.page.get_by_role("main")).to_contain_text("Báo cáo rà soát và thảo luận")


async def test_two_who_edit_at_once_lose_nothing(desk: Desk, office: Office) -> None:
    await desk.page.get_by_role("link", name="Sửa cuộc họp").click()
    await desk.field("Ghi chú cho các điểm cầu, không bắt buộc").fill("Mang theo tài liệu đã gửi.")
    async with office.window("colleague") as page:
        colleague = Desk(office, page)
        await page.goto(f"/meetings/{desk.meeting_id}/edit")
        await colleague.field("Tên cuộc họp").fill(f"{TITLE} quý IV")
        await colleague.button("Lưu thay đổi").click()
        await expect(page.get_by_role("heading", name=f"{TITLE} quý IV", level=1)).to_be_visible()
    await desk.button("Lưu thay đổi").click()
    await desk.says("vừa lưu thay đổi")
    await desk.says("Họ đã sửa: tên cuộc họp.")
    await expect(desk.field("Ghi chú cho các điểm cầu, không bắt buộc")).to_have_value("Mang theo tài liệu đã gửi.")
    await desk.button("Lưu phần tôi sửa trên bản mới").click()
    await expect(desk.page.get_by_role("heading", name=f"{TITLE} quý IV", level=1)).to_be_visible()
    await expect(desk.page.get_by_role("main")).to_contain_text("Mang theo tài liệu đã gửi.")


async def test_points_are_invited_and_the_rooms_opened(desk: Desk, office: Office) -> None:
    async with office.window("technician") as page:
        await page.goto("/")
        await expect(page.get_by_role("link", name=re.compile(TITLES["invited"][:20]))).to_be_visible()
        await expect(page.get_by_text(TITLE)).to_have_count(0)
        await desk.button("Công bố hội nghị").click()
        question = desk.page.get_by_role("alertdialog")
        await expect(question).to_contain_text("Công bố hội nghị cho 3 điểm cầu?")
        await question.get_by_role("button", name="Công bố hội nghị").click()
        await desk.says("Đã công bố cho 3 điểm cầu.")
        await page.reload()
        await expect(page.get_by_text(TITLE)).to_be_visible()
    await desk.button("Mở phòng họp thử").click()
    question = desk.page.get_by_role("alertdialog")
    await expect(question).to_contain_text("Mở phòng họp thử bây giờ?")
    await question.get_by_role("button", name="Mở phòng họp thử").click()
    await desk.says("Đã mở phòng.")
    await expect(desk.page.get_by_role("main")).to_contain_text("Đang mở phòng họp thử")
    await expect(desk.page.get_by_role("link", name="Điểm danh")).to_be_visible()


async def listed(office: Office, page: Page, point: int | None, *names: str) -> None:
    """Puts people on the list of the invited meeting, past the page."""
    answer = await page.request.post(
        f"/api/meetings/{office.meetings['invited']}/delegates",
        headers={"X-Nhipcau": "1", "Origin": office.deployment.url},
        data={"point_id": point, "people": [{"full_name": name} for name in names]},
    )
    assert answer.ok, await answer.text()


async def test_every_page_says_the_same_of_the_lists(office: Office) -> None:
    async with office.window("organiser") as page:
        await listed(office, page, office.where.lat_hall.id, "Cil Múp Thảo", "Kơ Să Ha Tư")
        await listed(office, page, office.where.hiep_an_hall.id, "Đinh Văn Tịnh")
        await listed(office, page, None, "Người Dự Từ Xa")
        about, left = f"/meetings/{office.meetings['invited']}", len(office.where.halls) - 2
        main = page.get_by_role("main")
        await page.goto("/")
        row = page.get_by_role("listitem").filter(has_text=TITLES["invited"][:40])
        await expect(row).to_contain_text(f"Còn {left} điểm cầu chưa có danh sách đại biểu")
        await page.goto(about)
        ways = page.get_by_role("navigation", name="Các phần của cuộc họp")
        tile = ways.get_by_role("link", name=re.compile("^Đại biểu"))
        await expect(tile).to_contain_text("4")
        await expect(tile).to_contain_text(f"{left} điểm cầu chưa có danh sách")
        await page.goto(f"{about}/delegates")
        await expect(main).to_contain_text(
            f"4 đại biểu ở 2 điểm cầu và dự trực tuyến. Còn {left} điểm cầu chưa có danh sách."
        )
        await page.goto(f"{about}/attendance?of=people")
        await expect(main).to_contain_text("4 đại biểu được mời.")


async def test_two_windows_follow_each_other(office: Office) -> None:
    """What one writes stands in the other's window within a second, long before that one would ask by itself."""
    within = 5_000  # half a second of gathering, and the machine may be busy
    async with office.window("organiser") as page, office.window("colleague") as other:
        about = f"/meetings/{office.meetings['invited']}"
        await page.add_init_script(SNAPSHOTS)
        await page.goto(f"{about}/delegates?point={office.where.da_sar_hall.id}")
        people = page.get_by_role("main")
        await expect(people.get_by_role("heading", name="Đạ Sar", level=2)).to_be_visible()
        snapshots = "() => window.__snapshots"
        await until(lambda: page.evaluate(snapshots), bool, 10, "the live channel")
        await listed(office, other, office.where.da_sar_hall.id, "Kră Jăn Mới")
        await expect(people.get_by_text("Kră Jăn Mới").first).to_be_visible(timeout=within)
        # Another part of the same meeting goes on with the same line.
        await page.get_by_role("link", name="Tài liệu", exact=True).click()
        await expect(page).to_have_url(re.compile("/papers$"))
        await page.go_back()
        await listed(office, other, office.where.da_sar_hall.id, "Bon Tô Sau")
        await expect(people.get_by_text("Bon Tô Sau").first).to_be_visible(timeout=within)
        assert await page.evaluate(snapshots) == 1


async def test_a_page_without_a_line_says_that_it_is_late(office: Office) -> None:
    async with office.window("organiser") as page:
        await page.route_web_socket(re.compile("/live"), lambda line: line.close(code=1011))
        await page.goto(f"/meetings/{office.meetings['invited']}/delegates")
        late = page.get_by_role("status").filter(has_text="Tạm mất đường truyền trực tiếp")
        await expect(late).to_be_visible()
        await expect(page.get_by_role("heading", name="Đại biểu", level=1)).to_be_visible()


async def test_back_leads_from_a_hall_to_the_list_of_halls(office: Office) -> None:
    async with office.window("organiser", width=PHONE, height=844) as page:
        await page.goto(f"/meetings/{office.meetings['invited']}")
        await page.get_by_role("link", name="Đại biểu").first.click()
        halls = page.get_by_role("group", name="Điểm cầu", exact=True)
        await halls.get_by_role("button", name="Lát").click()
        await expect(page.get_by_role("heading", name="Lát", level=2)).to_be_visible()
        await expect(halls).to_be_hidden()
        await page.go_back()
        await expect(halls).to_be_visible()
        await page.get_by_role("button", name="Mã QR và giấy mời").click()
        await expect(page.get_by_role("heading", name="Mã QR của cuộc họp")).to_be_visible()
        await page.go_back()
        await expect(halls).to_be_visible()
        await page.go_back()
        await expect(page.get_by_role("heading", name=re.compile(TITLES["invited"][:40]), level=1)).to_be_visible()


async def test_attendance_shows_who_is_in(desk: Desk, office: Office, tmp_path: Path) -> None:
    await desk.page.get_by_role("link", name="Điểm danh").click()
    page = desk.page
    await expect(page.get_by_text("0 trên 3 điểm cầu đang có mặt. Còn 3 điểm cầu chưa vào.")).to_be_visible()
    hall = await Address(office.deployment.port).join(
        desk.meeting_id, office.cookies["main"], "hall", office.where.main.id
    )
    pings = asyncio.create_task(keep_alive(hall))
    try:
        await expect(page.get_by_text("1 trên 3 điểm cầu đang có mặt. Còn 2 điểm cầu chưa vào.")).to_be_visible()
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Hội trường Tỉnh ủy"))
        await expect(row).to_contain_text("Đang có mặt")
        await expect(row).to_contain_text(re.compile(r"\d\d:\d\d"))
        absent = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Đạ Sar"))
        await expect(absent).to_contain_text("Chưa vào")
        async with page.expect_download() as coming:
            await page.get_by_role("link", name="Tải bảng Excel").click()
        download = await coming.value
        assert download.suggested_filename.endswith(".xlsx")
        path = tmp_path / "attendance.xlsx"
        await download.save_as(path)
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        [line] = [row for row in rows if "Hội trường Tỉnh ủy" in row]
        assert "có mặt" in " ".join(map(str, line)).lower()
        await hall.command("hall.leave")
        await expect(row).to_contain_text("Đã rời")
        await expect(page.get_by_text("0 trên 3 điểm cầu đang có mặt. Còn 2 điểm cầu chưa vào.")).to_be_visible()
    finally:
        pings.cancel()
        with suppress(asyncio.CancelledError):
            await pings
        await hall.close()


async def keep_alive(hall: LiveClient) -> None:
    while True:
        await hall.send({"type": "ping"})
        await asyncio.sleep(4)


async def test_a_personal_link_opens_at_one_click(office: Office) -> None:
    async with office.window() as page:
        await page.goto(office.link)
        await expect(page.get_by_role("heading", name=TITLES["open"], level=1)).to_be_visible()
        assert office.link not in page.url
        await expect(page.get_by_role("button", name="Đinh Báo Cáo")).to_be_visible()


async def test_an_ended_link_says_whom_to_call(office: Office) -> None:
    async with office.window() as page:
        await page.goto(office.ended_link)
        await expect(page.get_by_role("heading", name="Liên kết không dùng được nữa")).to_be_visible()
        await expect(page.get_by_text(re.compile("^Gọi"))).to_be_visible()
        await page.get_by_role("link", name="Đăng nhập bằng mật khẩu").click()
        await expect(page.get_by_role("heading", name="Đăng nhập", level=1)).to_be_visible()


async def test_signing_out_closes_every_page(desk: Desk) -> None:
    await desk.page.get_by_role("button", name="Nguyễn Tổ Chức").click()
    await desk.page.get_by_role("menuitem", name="Đăng xuất").click()
    await expect(desk.page.get_by_role("heading", name="Đăng nhập", level=1)).to_be_visible()
    await desk.page.goto(f"/meetings/{desk.meeting_id}")
    await expect(desk.page).to_have_url(re.compile(r"/sign-in\?next="))


async def test_signing_in_by_keyboard_leads_back_to_the_page(desk: Desk) -> None:
    keyboard = desk.page.keyboard
    await expect(desk.field("Tên đăng nhập")).to_be_visible()
    for _ in range(10):
        await keyboard.press("Tab")
        if await desk.page.evaluate("document.activeElement?.id") == "login":
            break
    await keyboard.type(LOGIN)
    await keyboard.press("Tab")
    await keyboard.type(PASSWORD)
    await keyboard.press("Enter")
    await expect(desk.page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    assert desk.page.url.endswith(f"/meetings/{desk.meeting_id}")


async def test_list_and_meeting_fit_a_phone(desk: Desk, office: Office) -> None:
    async with office.window("organiser", width=PHONE, height=844) as page:
        await page.goto("/")
        mine = page.get_by_role("link", name=re.compile(TITLE))
        await expect(mine).to_be_visible()
        await fits(page)
        await mine.click()
        await expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
        await fits(page)
        await page.get_by_role("link", name="Sửa cuộc họp").click()
        await expect(page.get_by_label("Tên cuộc họp", exact=True)).to_have_value(f"{TITLE} quý IV")
        await fits(page)


@pytest.mark.parametrize("width", [1280, 1920])
async def test_an_item_of_the_agenda_can_be_read_at_every_width(office: Office, width: int) -> None:
    async with office.window("organiser", width=width, height=1000) as page:
        await page.goto(f"/meetings/{office.meetings['draft']}/edit")
        title = page.get_by_label("Tên nội dung 1", exact=True)
        await expect(title).to_be_visible()
        box = await title.bounding_box()
        assert box is not None
        assert box["width"] > 200
        await fits(page)
