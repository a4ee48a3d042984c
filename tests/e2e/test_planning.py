"""An organiser plans quickly: from an earlier meeting, a template, a group, a pasted list. One story, told in order."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit
from tests.e2e.office import TITLES, Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


async def says(page: Page, text: str) -> None:
    await expect(page.get_by_role("status").filter(has_text=text).first).to_be_visible()


async def test_a_meeting_becomes_a_template(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page, refusals=("/api/meeting-templates",))
        await page.goto(f"/meetings/{office.meetings['ended']}")
        await page.get_by_role("button", name="Việc khác").click()
        await audit.look("more actions")
        await page.get_by_role("menuitem", name="Lưu làm mẫu").click()
        await page.get_by_label("Tên mẫu").fill("Giao ban tuần")
        await page.get_by_label("Tên cuộc họp theo mẫu").fill("Giao ban tuần {tuần}")
        await page.get_by_role("button", name="Lưu làm mẫu").click()
        await says(page, "Đã lưu mẫu “Giao ban tuần”.")
        # A second of the same name is not made by mistake.
        await page.get_by_role("button", name="Việc khác").click()
        await page.get_by_role("menuitem", name="Lưu làm mẫu").click()
        await page.get_by_label("Tên mẫu").fill("Giao ban tuần")
        await page.get_by_role("button", name="Lưu làm mẫu").click()
        await page.get_by_role("checkbox", name="Ghi đè lên bản cũ cùng tên").check()
        await page.get_by_role("button", name="Lưu làm mẫu").click()
        await says(page, "Đã lưu mẫu “Giao ban tuần”.")
        audit.verdict()


async def test_a_new_meeting_begins_with_a_template_or_an_earlier_one(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto("/meetings/new")
        title = page.get_by_label("Tên cuộc họp", exact=True)
        await page.get_by_role("button", name="Giao ban tuần", exact=True).click()
        await expect(title).to_have_value(re.compile(r"Giao ban tuần \d+"))
        await expect(page.get_by_label("Tên nội dung 3")).to_have_value("Thảo luận")
        await page.get_by_role("button", name="Hoàn tác").click()
        await expect(title).to_have_value("")
        earlier = page.get_by_role("combobox", name=re.compile("Cuộc họp trước"))
        await earlier.press_sequentially("quan triet")
        await page.get_by_role("option", name=TITLES["invited"]).click()
        await page.get_by_role("checkbox", name="Chủ trì, thư ký").uncheck()
        await audit.look("beginning")
        await page.get_by_role("button", name="Lấy vào biểu mẫu").click()
        await expect(title).to_have_value(TITLES["invited"])
        await expect(page.get_by_label("Chủ trì, không bắt buộc")).to_have_value("")
        await expect(page.get_by_text("6 điểm cầu").first).to_be_visible()

        # Points: none, then a pasted list, then as a group.
        await page.get_by_role("button", name="Bỏ tất cả").click()
        await page.get_by_role("button", name="Dán danh sách").click()
        await page.get_by_label("Danh sách", exact=True).fill("1. Huyện Lạc Dương\n2. xa da sar\n3. Xã Không Có")
        await says(page, "Nhận ra 2 trên 3 dòng.")
        await audit.look("a pasted list")
        await page.get_by_role("button", name="Chọn thêm 2 điểm cầu").click()
        await expect(page.get_by_text("3 điểm cầu").first).to_be_visible()
        await page.get_by_role("button", name="Lưu thành nhóm").click()
        question = page.get_by_role("alertdialog")
        await question.get_by_label("Tên nhóm").fill("Ba nơi")
        await question.get_by_role("button", name="Lưu thành nhóm").click()
        await says(page, "Đã lưu nhóm “Ba nơi”.")
        await page.get_by_role("button", name="Bỏ tất cả").click()
        await page.get_by_role("button", name="Chọn thêm nhóm Ba nơi, 3 điểm cầu").click()
        await says(page, "Đã chọn thêm 2 điểm cầu của nhóm “Ba nơi”.")
        await title.fill("Hội nghị như lần trước")
        await page.get_by_role("button", name="Lưu bản nháp").click()
        await expect(page.get_by_role("heading", name="Hội nghị như lần trước", level=1)).to_be_visible()
        await expect(page.get_by_role("main")).to_contain_text("3 điểm cầu")
        audit.verdict()


async def test_a_series_is_made_and_stands_in_the_calendar(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page, themes=("light",))
        await page.goto("/meetings/new")
        await page.get_by_label("Tên cuộc họp", exact=True).fill("Giao ban Thường trực")
        await page.get_by_label("Cách xưng hô trong thư, giấy mời").select_option("Ông/Bà")
        await page.get_by_role("button", name="Lưu bản nháp").click()
        await expect(page.get_by_role("heading", name="Giao ban Thường trực", level=1)).to_be_visible()
        await page.get_by_role("button", name="Việc khác").click()
        await page.get_by_role("menuitem", name="Lập lịch định kỳ").click()
        question = page.get_by_role("alertdialog")
        await question.get_by_label("Tên các buổi sau").fill("Giao ban tuần {tuần}")
        # A holiday is left out.
        await question.get_by_role("checkbox").nth(1).uncheck()
        await audit.look("the rule of a series")
        await question.get_by_role("button", name=re.compile(r"Lập \d+ buổi")).click()
        panel = page.get_by_test_id("series")
        await expect(panel).to_contain_text(re.compile(r"Buổi 1 trong 1[123] buổi"))
        await expect(panel.get_by_role("link", name=re.compile(r"Giao ban tuần \d+")).first).to_be_visible()
        await audit.look("a meeting of a series")

        await page.goto("/")
        await page.get_by_role("button", name="Tháng", exact=True).click()
        await page.get_by_role("button", name="Tiếp theo").click()
        grid = page.get_by_role("grid")
        await expect(grid.get_by_role("link", name="Giao ban tuần").first).to_be_visible()
        await audit.look("a month")
        # By the keyboard: from day to day, and into the week.
        day = grid.locator("td[tabindex='0']")
        await day.focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name=re.compile(r"Tuần \d+:"))).to_be_visible()
        await expect(grid.get_by_role("row")).to_have_count(2)
        await audit.look("a week")
        audit.verdict()
    async with office.window("organiser", width=390, height=844) as phone:
        await phone.goto("/?view=month")
        await phone.get_by_role("button", name="Tiếp theo").click()
        agenda = phone.get_by_test_id("agenda")
        await expect(agenda.get_by_role("link", name="Giao ban tuần").first).to_be_visible()
        await expect(phone.get_by_role("grid")).to_have_count(0)


async def test_a_meeting_is_moved_and_called_off_and_everybody_reads_why(office: Office) -> None:
    meeting = f"/meetings/{office.meetings['invited']}"
    async with office.window("organiser") as page, office.window("technician") as hall:
        audit = Audit(page)
        await page.goto(meeting)
        # Rooms that were opened too early are closed again.
        await page.get_by_role("button", name="Mở phòng họp thử").click()
        question = page.get_by_role("alertdialog")
        await question.get_by_role("button", name="Mở phòng họp thử").click()
        await page.get_by_role("button", name="Đóng phòng họp thử").click()
        await question.get_by_role("button", name="Đóng phòng họp thử").click()
        await expect(page.get_by_role("button", name="Mở phòng họp thử")).to_be_visible()

        await page.get_by_role("link", name="Sửa cuộc họp").click()
        await page.get_by_label("Tên cuộc họp", exact=True).fill("Hội nghị đổi tên")
        await page.get_by_role("button", name="Lưu thay đổi").click()
        await expect(page.get_by_text("Có thay đổi chưa báo cho mọi người")).to_be_visible()
        await audit.look("changes that nobody was told")
        await page.get_by_role("button", name="Báo thay đổi").click()
        await question.get_by_label("Nói thêm, không bắt buộc").fill("Theo ý kiến Thường trực")
        await question.get_by_role("button", name="Báo thay đổi").click()
        await expect(page.get_by_text("Lý do: Theo ý kiến Thường trực")).to_be_visible()

        await page.get_by_role("button", name="Việc khác").click()
        await page.get_by_role("menuitem", name="Hoãn, đổi ngày họp").click()
        await question.get_by_text("Chưa có ngày mới").click()
        await question.get_by_label("Lý do", exact=True).fill("Bão số 9")
        await audit.look("postponing")
        await question.get_by_role("button", name="Hoãn hội nghị").click()
        await expect(page.get_by_role("button", name="Ấn định thời gian mới")).to_be_visible()
        await audit.look("postponed")

        await page.get_by_role("button", name="Việc khác").click()
        await page.get_by_role("menuitem", name="Hủy hội nghị").click()
        await question.get_by_label("Lý do hủy").fill("Ghép với hội nghị khác")
        await question.get_by_role("button", name="Hủy hội nghị").click()
        await expect(page.get_by_text("Đã hủy, không họp nữa")).to_be_visible()
        audit.verdict()

        # A technician of a hall has no figures of the whole meeting.
        bell = Audit(hall, refusals=(f"/api{meeting}/people",))
        await hall.goto("/")
        await hall.get_by_test_id("bell").click()
        await expect(hall.get_by_text("Lý do: Ghép với hội nghị khác")).to_be_visible()
        await hall.get_by_text("Lý do: Ghép với hội nghị khác").click()
        await expect(hall.get_by_text("Đã hủy, không họp nữa")).to_be_visible()
        await bell.look("called off")
        bell.verdict()


async def day_of(page: Page, title: str) -> int:
    """The day below whose heading an item of the form stands."""
    found: int = await page.evaluate(
        """title => {
            let day = 0;
            for (const each of document.querySelectorAll('[data-day], [data-row]')) {
                if (each.dataset.day) day = Number(each.dataset.day);
                else if (each.querySelector('input').value === title) return day;
            }
            return -1;
        }""",
        title,
    )
    return found


async def test_a_session_of_two_days_is_planned(office: Office) -> None:
    async with office.window("organiser") as page:
        audit = Audit(page, themes=("light",))
        await page.goto("/meetings/new")
        await page.get_by_label("Tên cuộc họp", exact=True).fill("Kỳ họp thứ mười")
        await page.get_by_role("checkbox", name="Họp nhiều ngày").check()
        await page.get_by_label("Ngày 2: bắt đầu").fill("08:00")
        await page.get_by_label("Ngày 2: bắt đầu").blur()
        await expect(page.get_by_role("heading", name=re.compile("^Ngày 2: .*08:00–17:00"))).to_be_visible()
        assert await day_of(page, "Bế mạc") == 0
        # The last of the first day goes over the heading of the second one.
        await page.get_by_role("button", name="Chuyển xuống: Bế mạc").press("Enter")
        assert await day_of(page, "Bế mạc") == 1
        await expect(page.get_by_role("button", name="Chuyển xuống: Bế mạc")).to_be_disabled()
        await page.get_by_role("button", name="Thêm giờ nghỉ").first.click()
        await expect(page.get_by_label("Tên giờ nghỉ 2")).to_have_value("Nghỉ giải lao")
        assert await day_of(page, "Nghỉ giải lao") == 0
        # By hand: the break to the second day and back.
        handle = page.locator("[data-row]").nth(1).get_by_title("Kéo để đổi thứ tự")
        await handle.scroll_into_view_if_needed()
        box = await handle.bounding_box()
        head = await page.locator('[data-day="1"]').bounding_box()
        assert box is not None
        assert head is not None
        await page.mouse.move(box["x"] + 8, box["y"] + 8)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 8, head["y"] + head["height"] - 4, steps=6)
        await page.mouse.up()
        assert await day_of(page, "Nghỉ giải lao") == 1
        await page.get_by_role("button", name="Chuyển lên: Nghỉ giải lao").press("Enter")
        assert await day_of(page, "Nghỉ giải lao") == 0
        await audit.look("days in the form")
        await page.get_by_role("button", name="Lưu bản nháp").click()
        await expect(page.get_by_role("heading", name="Kỳ họp thứ mười", level=1)).to_be_visible()
        main = page.get_by_role("main")
        await expect(main.get_by_role("heading", name=re.compile("^Ngày 2: .*08:00–17:00"))).to_be_visible()
        await expect(main).to_contain_text("2 ngày")
        await audit.look("a meeting of two days")
        await page.set_viewport_size({"width": 390, "height": 844})
        await audit.look("a meeting of two days on a phone")
        await page.get_by_role("link", name="Sửa", exact=False).first.click()
        await expect(page.get_by_label("Ngày 2: bắt đầu")).to_have_value("08:00")
        await audit.look("days in the form on a phone")
        audit.verdict()
