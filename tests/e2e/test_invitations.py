"""An invitation is answered on a telephone, and the organiser sees it come in and decides. One story, told in order."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.audit import Audit
from tests.e2e.office import Office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

PHONE = {"width": 390, "height": 844}


async def asked(page: Page, office: Office, method: str, path: str, body: Any = None) -> Any:
    headers = {"X-Nhipcau": "1", "Origin": office.deployment.url}
    answer = await page.request.fetch(path, method=method, data=body, headers=headers)
    assert answer.ok, await answer.text()
    return await answer.json() if answer.status != 204 else None


async def shot(page: Page, name: str) -> None:
    """Where somebody wants to look at the pages with their own eyes."""
    if folder := os.environ.get("NHIPCAU_SHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_replies_come_in_and_a_substitute_is_agreed_to(office: Office) -> None:
    meeting = office.meetings["invited"]
    async with office.window("organiser") as desk, office.window(**PHONE) as phone:
        people = [
            {"full_name": name, "title": title, "phone": "0912 345 678"}
            for name, title in (
                ("Cil Múp Thảo", "Bí thư Đảng ủy"),
                ("Liêng Trưởng", "Chủ tịch UBND"),
                ("Bon Yô Im", ""),
            )
        ]
        lines = await asked(
            desk,
            office,
            "POST",
            f"/api/meetings/{meeting}/delegates",
            {"point_id": office.where.da_sar_hall.id, "people": people},
        )
        made = await asked(
            desk, office, "POST", f"/api/meetings/{meeting}/links", {"delegate_ids": [lines[0]["id"]], "send": False}
        )
        board, seat = Audit(desk), Audit(phone)
        await desk.goto(f"/meetings/{meeting}/replies")
        await expect(desk.get_by_role("status").filter(has_text="Chưa có ai trong 3 người trả lời")).to_be_visible()
        await board.look("nobody has answered")

        await phone.goto(made["links"][0]["path"])
        await expect(phone.get_by_role("heading", name="Đồng chí có dự được không?")).to_be_visible()
        await seat.look("asked")
        await shot(phone, "reply-asked-390")
        await phone.get_by_test_id("reply-accept").click()
        await expect(phone.get_by_test_id("my-reply")).to_contain_text("Đã xác nhận tham dự")
        await expect(desk.get_by_role("status").filter(has_text="1 trên 3 người đã trả lời")).to_be_visible()

        await phone.get_by_test_id("reply-change").click()
        await phone.get_by_test_id("reply-substitute").click()
        await phone.get_by_test_id("reply-send").click()
        name = phone.get_by_label("Họ và tên người dự thay")
        await expect(name).to_have_accessible_description("Ghi họ tên người dự thay.")
        await seat.look("a substitute without a name")
        await name.fill("Păng Ting Sin")
        await phone.get_by_label("Chức vụ, không bắt buộc").fill("Phó Bí thư Đảng ủy")
        await phone.get_by_test_id("reply-send").click()
        await expect(phone.get_by_test_id("my-reply")).to_contain_text("Đã đề nghị Păng Ting Sin dự thay")
        await seat.look("proposed")

        row = desk.get_by_role("listitem").filter(has_text="Cil Múp Thảo")
        await expect(row).to_contain_text("Chờ đồng ý dự thay")
        await row.get_by_test_id("agree").click()
        await board.look("consent")
        await desk.get_by_test_id("confirm").click()
        await expect(row).to_contain_text("Có người dự thay")
        await row.scroll_into_view_if_needed()

        other = desk.get_by_role("listitem").filter(has_text="Liêng Trưởng")
        await other.get_by_role("button", name="Ghi trả lời của Liêng Trưởng").click()
        await desk.get_by_text("Báo vắng", exact=True).last.click()
        await desk.get_by_label("Lý do vắng mặt").fill("Điều trị tại bệnh viện")
        await board.look("noting an answer")
        await desk.get_by_test_id("confirm").click()
        await expect(other).to_contain_text("Điều trị tại bệnh viện")
        await board.look("some have answered")
        await shot(desk, "replies-1280")
        await desk.get_by_label("Trạng thái").select_option(label="Chưa trả lời")
        await expect(desk.get_by_test_id("reply-people").get_by_role("listitem")).to_have_count(1)

        await phone.reload()
        await expect(phone.get_by_test_id("my-reply")).to_contain_text("Păng Ting Sin dự thay đồng chí")
        await shot(phone, "reply-done-390")
        await desk.set_viewport_size(PHONE)
        await shot(desk, "replies-390")
        board.verdict()
        await _the_substitute_cannot_come(office, desk, meeting)
        await phone.reload()
        await expect(phone.get_by_role("heading", name="Đồng chí có dự được không?")).to_be_visible()
        seat.verdict()


async def _the_substitute_cannot_come(office: Office, desk: Page, meeting: int) -> None:
    listed = await asked(desk, office, "GET", f"/api/meetings/{meeting}/delegates")
    [stand_in] = [each["id"] for each in listed["delegates"] if each["substitutes_id"] is not None]
    made = await asked(
        desk, office, "POST", f"/api/meetings/{meeting}/links", {"delegate_ids": [stand_in], "send": False}
    )
    async with office.window(**PHONE) as phone:
        place = Audit(phone)
        await phone.goto(made["links"][0]["path"])
        mine = phone.get_by_test_id("my-reply")
        await expect(mine).to_contain_text("Đồng chí dự thay Cil Múp Thảo")
        await phone.get_by_test_id("reply-step-back").click()
        await phone.get_by_label("Lý do vắng mặt").fill("Đi công tác")
        await place.look("stepping back")
        place.verdict()
        await phone.get_by_test_id("reply-send").click()
        await expect(mine).to_contain_text("đồng chí không dự thay được")


async def test_the_letter_is_written_beside_its_picture_and_printed(office: Office) -> None:
    meeting = office.meetings["invited"]
    async with office.window("organiser") as page:
        audit = Audit(page)
        await page.goto(f"/meetings/{meeting}/letters")
        picture = page.get_by_test_id("letter-picture")
        await expect(picture).to_be_visible()
        before = await picture.get_attribute("src")
        await page.get_by_text("Đảng", exact=True).click()
        await page.get_by_text("Giấy triệu tập", exact=True).click()
        await page.get_by_label("Cơ quan mời").fill("Tỉnh ủy Lâm Đồng")
        await page.get_by_label("Ký hiệu").fill("GM/TU")
        await page.get_by_label("Số, không bắt buộc").fill("15")
        await page.get_by_label("Ngày ban hành", exact=True).fill("31/02/2026")
        await page.get_by_test_id("save-letter").click()
        await expect(page.get_by_label("Ngày ban hành", exact=True)).to_be_focused()
        await audit.look("a day that is none")
        await page.get_by_label("Ngày ban hành", exact=True).fill("01/12/2026")
        await page.get_by_label("Chức vụ người ký, không bắt buộc").fill("Phó Bí thư")
        await expect(picture).not_to_have_attribute("src", before or "")
        await page.get_by_test_id("save-letter").click()
        await expect(page.get_by_role("status").filter(has_text="Đã lưu giấy mời").first).to_be_visible()
        await shot(page, "letter-1280")
        await page.get_by_test_id("make-prints").click()
        made = page.get_by_test_id("print")
        await expect(made).to_have_attribute("data-state", "ready", timeout=20_000)
        await audit.look("letters for the printer")
        async with page.expect_download() as taken:
            await made.get_by_role("link", name="Tải về tập 1: Huyện Lạc Dương").click()
        file = await (await taken.value).path()
        assert file.read_bytes().startswith(b"%PDF")
        await page.reload()
        await expect(page.get_by_label("Cơ quan mời")).to_have_value("Tỉnh ủy Lâm Đồng")
        await page.set_viewport_size({"width": 390, "height": 844})
        await shot(page, "letter-390")
        audit.verdict()


async def test_a_meeting_is_published_and_its_invitations_go_out_in_one_step(office: Office) -> None:
    """There is neither mail server nor gateway here: text messages are written to a file, and the pages say so."""
    meeting = office.meetings["draft"]
    async with office.window("organiser") as page:
        audit = Audit(page, refusals=(f"/api/meetings/{meeting}/sms/preview",))
        people = [
            {"full_name": "Kơ Să Hương", "phone": "0912 345 678"},
            {"full_name": "Rơ Ông Thắm", "phone": "0263 3822 111"},
        ]
        body = {"point_id": office.where.da_sar_hall.id, "people": people}
        await asked(page, office, "POST", f"/api/meetings/{meeting}/delegates", body)
        await page.goto(f"/meetings/{meeting}")
        await page.get_by_role("button", name="Công bố").first.click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("Chưa có máy chủ thư")
        await dialog.get_by_label("Ghi tin SMS cho 1 đại biểu không có thư điện tử").check()
        await audit.look("publishing and sending")
        await shot(page, "publish-1280")
        await page.get_by_test_id("confirm").click()
        await expect(page.get_by_role("status").filter(has_text="tin nhắn cho 1 đại biểu")).to_be_visible()

        await page.goto(f"/meetings/{meeting}/delegates?point={office.where.da_sar_hall.id}")
        texts = page.get_by_test_id("texts")
        await expect(texts).to_contain_text("nằm trong tệp trên máy chủ")
        await expect(page.get_by_text("Chưa nối cổng tin nhắn: tin nằm trong tệp")).to_be_visible()
        await page.get_by_test_id("sms-all").click()
        sample = page.get_by_test_id("sms-sample")
        await expect(sample).to_contain_text("kinh moi")
        await expect(page.get_by_role("heading", name="cho 1 đại biểu?")).to_be_visible()
        await dialog.get_by_label("Tin có dấu").check()
        await expect(sample).to_contain_text("kính mời")
        await dialog.get_by_label("Lời nhắn").fill("Mời [Họ ten] họp: [Liên kết]")
        await expect(dialog).to_contain_text("Không có ô [Họ ten]")
        await audit.look("wrong words for a text message")
        await dialog.get_by_label("Lời nhắn").fill("Mời [Họ tên] họp: [Liên kết]")
        await expect(sample).to_contain_text("Mời Kơ Să Hương họp: http")
        await expect(dialog).to_contain_text("Rơ Ông Thắm")
        await audit.look("a text message is counted")
        await shot(page, "sms-1280")
        await page.set_viewport_size(PHONE)
        await audit.look("the same on a telephone")
        await shot(page, "sms-390")
        await page.get_by_test_id("confirm").click()
        await expect(page.get_by_role("status").filter(has_text="cho 1 đại biểu")).to_be_visible()
        audit.verdict()
