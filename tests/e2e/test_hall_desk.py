"""Around the papers, in real browsers: the list from Excel, the hall's secretary, who asks to be let in, reminders, and
two who present in turn."""

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import xlsxwriter
from playwright.async_api import Page, expect

from tests.e2e.engines import Engine
from tests.e2e.people import until
from tests.e2e.reading_room import PHONE, ReadingRoom
from tests.postbox import Postbox, post_office

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

HANH, BON, CHI = "Nguyễn Thị Hạnh", "Trần Văn Bốn", "K'Chi Đạ Sar"


@pytest.fixture(scope="module")
def postbox() -> Postbox:
    return Postbox()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, postbox: Postbox
) -> AsyncIterator[ReadingRoom]:
    async with (
        post_office(postbox) as port,
        ReadingRoom.running(
            tmp_path_factory.mktemp("hall"), engine, NHIPCAU_SMTP_URL=f"smtp://127.0.0.1:{port}"
        ) as made,
    ):
        yield made


def workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(
        [
            ["Họ và tên", "Chức vụ", "Điểm cầu", "E-mail"],
            [HANH, "Bí thư Đảng ủy", "Đạ Sar", "hanh@hop.test"],
            [BON, "", "da sar", ""],
            [CHI, "", "Đạ Sar", ""],
            ["Sai Điểm Cầu", "", "Đạ Xa", ""],
        ]
    ):
        sheet.write_row(number, 0, row)
    book.close()
    return file.getvalue()


async def hall_count(room: ReadingRoom, page: Page) -> dict[str, Any]:
    answer: Any = await room.ask(page, "GET", f"/api{room.address(f'/points/{room.where.da_sar_hall.id}/people')}")
    return dict(answer)


async def test_a_list_from_excel_and_the_hall_s_secretary_who_takes_it(room: ReadingRoom) -> None:
    """Four delegates at Đạ Sar: one by name, the rest as a group, one on leave, a substitute, heads, the signature."""
    async with room.window("organiser") as desk:
        await desk.goto(room.address("/delegates"))
        await desk.get_by_role("button", name="Nhập từ Excel").click()
        sheet = {"name": "dai-bieu.xlsx", "mimeType": "application/octet-stream", "buffer": workbook()}
        await desk.get_by_test_id("import-file").set_input_files(sheet)  # type: ignore[arg-type]
        panel = desk.get_by_test_id("import")
        await expect(panel).to_contain_text(re.compile(r"Dòng 5\s*Điểm cầu: Đạ Xa"))
        await panel.get_by_role("button", name="Nhập 3 đại biểu").click()
        await expect(panel).to_contain_text("Đã nhập 3 đại biểu")

        point = room.where.da_sar_hall.id
        async with room.window("hall_secretary", PHONE) as phone:
            await phone.goto(room.address(f"/points/{point}/people"))
            await expect(phone.get_by_role("status").first).to_contain_text("0/4")
            await phone.get_by_label("Tìm tên, không cần gõ dấu").fill("tran van bon")
            rows = phone.locator("li[data-delegate] > button[aria-pressed]")
            await expect(rows).to_have_count(1)
            await rows.first.click()
            await expect(phone.get_by_role("status").first).to_contain_text("1/4")

            await menu(phone, HANH, "Vắng có lý do")
            await phone.get_by_label("Lý do vắng").fill("Công tác đột xuất")
            await phone.get_by_role("button", name="Vắng có lý do").last.click()
            await menu(phone, HANH, "Người dự thay")
            await phone.get_by_label("Họ và tên").fill("Phó Của Hạnh")
            await phone.get_by_role("button", name="Ghi có mặt").click()
            await expect(phone.get_by_role("button", name=re.compile("^Phó Của Hạnh"))).to_have_attribute(
                "aria-pressed", "true"
            )

            await phone.get_by_role("button", name="Chọn nhóm").click()
            await phone.get_by_role("button", name="Chọn tất cả người chưa đến").click()
            await phone.get_by_role("toolbar").get_by_role("button", name="Ghi có mặt").click()
            await until(
                lambda: hall_count(room, phone), lambda seen: seen["count"]["present"] == 4, 30, "everybody's entry"
            )

            await phone.get_by_label("Số người").fill("57")
            await phone.get_by_role("button", name="Ghi số đếm").click()
            await expect(phone.get_by_text("đếm 57 người")).to_be_visible()
            await phone.get_by_role("button", name="Ký điểm danh").click()
            await (
                phone.get_by_role("dialog")
                .or_(phone.get_by_role("alertdialog"))
                .get_by_role("button", name="Ký điểm danh")
                .click()
            )
            await expect(phone.get_by_text("đã ký lúc")).to_be_visible()
        held = await hall_count(room, desk)
        assert (held["count"]["present"], held["count"]["leave"], held["count"]["counted"]) == (4, 0, 57)
        assert {each["full_name"]: each["state"] for each in held["people"]}[HANH] == "leave"
        await desk.goto(room.address("/attendance?of=people"))
        await expect(desk.get_by_role("main")).to_contain_text("57")


async def menu(page: Page, name: str, item: str) -> None:
    await page.get_by_role("button", name=f"Việc khác với {name}").click()
    await page.get_by_role("menuitem", name=item).click()


async def test_the_organiser_lets_a_stranger_in(room: ReadingRoom) -> None:
    async with room.window(size=PHONE) as stranger, room.window("organiser") as desk:
        await stranger.goto(f"/m/{room.code}")
        await room.knock(stranger)
        await desk.goto(room.address("/delegates?view=requests"))
        await desk.get_by_role("button", name="Cho Trần Khách Mời vào").click()
        await expect(desk.get_by_text("Nguyễn Tổ Chức đã cho vào")).to_be_visible()
        await expect(stranger.get_by_test_id("delegate")).to_be_visible()


async def test_a_reminder_reaches_the_mailbox_and_the_bell(room: ReadingRoom, postbox: Postbox, tmp_path: Path) -> None:
    await room.uploaded(tmp_path)
    async with room.window("organiser") as desk, room.delegate() as phone:
        await desk.goto(room.address("/receipts"))
        await desk.get_by_role("button", name="Nhắc người chưa mở").click()
        await expect(desk.get_by_test_id("would-remind")).to_contain_text("người nhận thư")
        await desk.get_by_role("button", name="Gửi lời nhắc").click()
        await expect(desk.get_by_text("Đã nhắc").first).to_be_visible()
        await until(reminders(postbox), bool, 60, "the letter")
        [letter] = await reminders(postbox)()
        assert "bao-cao-quy" in letter.get_content()

        await phone.get_by_role("button", name=re.compile("^Thông báo, 1 chưa đọc")).click()
        await expect(phone.get_by_text("Còn 1 tài liệu đồng chí chưa đọc.")).to_be_visible()


def reminders(postbox: Postbox) -> Callable[[], Awaitable[list[EmailMessage]]]:
    async def found() -> list[EmailMessage]:
        return [message for message in postbox.messages if "hanh@hop.test" in str(message["To"])]

    return found


async def test_two_present_in_turn_and_the_chair_takes_it_back(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    async with (
        room.window("chair", (1440, 900)) as console,
        room.window("presenter") as viewer,
        room.delegate() as phone,
    ):
        await room.present(console, paper)
        await console.get_by_test_id("present-next").click()
        await viewer.goto(room.address("/view"))
        await console.get_by_test_id("present-hand-over").click()
        await console.get_by_label("Nhường cho ai?").select_option(label="Đinh Báo Cáo")
        await console.get_by_test_id("present-offer").click()

        await viewer.get_by_test_id("present-accept").click()
        await viewer.get_by_test_id("present-next").click()
        shown = phone.get_by_test_id("presented-page")
        await expect(shown).to_have_attribute("data-page", "3")
        await expect(console.get_by_test_id("present-page")).to_have_attribute("data-page", "3")

        await console.get_by_test_id("present-take").click()
        await console.get_by_test_id("present-next").click()
        await expect(shown).to_have_attribute("data-page", "4")
        await expect(viewer.get_by_test_id("present-next")).to_have_count(0)
        await console.get_by_test_id("present-stop").click()
        await expect(phone.get_by_test_id("nothing-presented")).to_be_visible()
