"""The chair conducts: halls and a delegate ask to speak, are put in order and called by keys, each with a clock."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import library
from tests.conftest import signed_in
from tests.e2e.audit import Audit
from tests.e2e.engines import Engine
from tests.e2e.office import Office

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]


async def with_delegate(office: Office, services: Services) -> None:
    """Somebody who sits in the hall of Lát, with a phone."""
    async with services.transactions(SYSTEM) as tx:
        meeting = await tx.session.get_one(Meeting, office.meetings["running"])
        delegate = await tx.session.get_one(Person, office.where.delegate.id)
        await library.delegate(tx.session, meeting, delegate, office.where.lat_hall)
    office.cookies["delegate"] = await signed_in(services, office.where.delegate)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall_of(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[Office]:
    async with Office.running(tmp_path_factory.mktemp("conducting"), engine, prepare=with_delegate) as made:
        yield made


async def enter(page: Page, office: Office, point_id: int) -> None:
    await page.goto(f"/hall/{office.meetings['running']}/{point_id}")
    await page.get_by_test_id("enter").click()
    await page.get_by_test_id("hall").wait_for()
    await page.mouse.move(200, 200)


async def test_who_asks_is_put_in_order_called_by_keys_and_timed(hall_of: Office) -> None:
    office = hall_of
    where, meeting = office.where, office.meetings["running"]
    async with (
        office.window("hiep-an") as hiep_an,
        office.window("lat") as lat,
        office.window("delegate", width=390, height=844) as phone,
        office.window("chair", width=1366, height=768) as chair,
    ):
        await enter(hiep_an, office, where.hiep_an_hall.id)
        await enter(lat, office, where.lat_hall.id)
        await chair.goto(f"/meetings/{meeting}/console")
        await chair.get_by_test_id("wall").wait_for()
        queue = chair.get_by_test_id("hands").locator("li")
        console, page = Audit(chair, themes=("dark",)), Audit(phone)

        await chair.get_by_test_id("speaking-rules").click()
        await chair.get_by_test_id("rules-assembly").click()
        dialog = chair.get_by_role("alertdialog")
        await console.look("rules of speaking")
        await dialog.get_by_role("button", name="Lưu quy tắc").click()
        await expect(dialog).to_have_count(0)

        # A hall by its clicker, with who will speak; a delegate of another one from the own phone.
        await hiep_an.keyboard.press("b")
        await hiep_an.get_by_test_id("hand-topic-said").click()
        await hiep_an.get_by_test_id("hand-name").fill("Đ/c Rơ Ông Hà, Bí thư Đảng ủy")
        await hiep_an.get_by_test_id("hand-topic-send").click()
        await expect(queue).to_have_count(1)
        await phone.goto(f"/meetings/{meeting}/delegate")
        await phone.get_by_test_id("ask-open").click()
        await phone.get_by_label("Hình thức").select_option("debate")
        await phone.get_by_label("Nội dung").fill("Chỉ tiêu giảm nghèo")
        await phone.get_by_test_id("ask-send").click()
        # Debate goes first, by the rules; the hall sees that it is second now.
        await expect(phone.get_by_test_id("ask-place")).to_contain_text("Sắp đến lượt")
        await expect(hiep_an.get_by_test_id("hand-place")).to_contain_text("thứ 2")
        await expect(queue.first).to_contain_text(where.delegate.full_name)
        await expect(queue.first).to_contain_text("Tranh luận")

        # The chair puts the hall first after all, by keyboard.
        await queue.nth(1).locator(".who").focus()
        await chair.keyboard.press("Alt+ArrowUp")
        await expect(queue.first).to_contain_text("Rơ Ông Hà")
        await expect(phone.get_by_test_id("ask-place")).to_contain_text("thứ 2")
        await console.look("queue")
        await page.look("asked to speak")

        await chair.get_by_test_id("stage-name").click()
        await chair.keyboard.press("n")
        await expect(chair.get_by_test_id("stage-person")).to_have_text("Đ/c Rơ Ông Hà, Bí thư Đảng ủy")
        await expect(chair.get_by_test_id("stage-clock")).to_contain_text(re.compile(r"6:5\d|7:00"))
        await expect(hiep_an.get_by_test_id("own-state")).to_contain_text(re.compile(r"6:5\d|7:00"))
        await expect(lat.get_by_test_id("pane-stage")).to_contain_text("Rơ Ông Hà")
        await expect(lat.get_by_test_id("soon")).to_be_visible()
        await expect(phone.get_by_test_id("delegate-speaker")).to_contain_text("Rơ Ông Hà")
        await chair.keyboard.press("p")
        await expect(chair.get_by_test_id("stage-clock")).to_contain_text("Đang tạm dừng")
        await chair.keyboard.press("p")
        await chair.keyboard.press("t")
        await expect(chair.get_by_test_id("stage-clock")).to_contain_text(re.compile(r"7:[45]\d"))

        # In debate: both hold the floor, each with a clock of its own; then the first has said what it had to say.
        await queue.first.get_by_test_id("hand-call-too").click()
        await expect(chair.get_by_test_id("stage-person")).to_contain_text(where.delegate.full_name)
        await expect(lat.get_by_test_id("own-state")).to_contain_text(re.compile(r"2:5\d|3:00"))
        await hiep_an.mouse.move(210, 210)
        await hiep_an.get_by_test_id("done-speaking").click()
        await expect(hiep_an.get_by_test_id("hall")).to_have_attribute("data-state", "off")
        await chair.keyboard.press("k")
        await expect(lat.get_by_test_id("hall")).to_have_attribute("data-state", "off")

        await chair.keyboard.press("?")
        await expect(chair.get_by_role("alertdialog")).to_contain_text("Phím tắt")
        await console.look("keys")
        await chair.keyboard.press("Escape")

        # Roll call: one hall answers by its clicker, the other is heard at the console.
        await chair.get_by_test_id("roll-open").click()
        await chair.get_by_test_id("roll-call").get_by_text("20 giây").click()
        await chair.get_by_test_id("roll-start").click()
        names = {where.hiep_an_hall.name: hiep_an, where.lat_hall.name: lat}
        now = chair.get_by_test_id("roll-now")
        await expect(now).to_contain_text(re.compile("|".join(names)))
        said = await now.inner_text()
        first = next(name for name in names if name in said)
        [second] = names.keys() - {first}
        await expect(chair.get_by_test_id("stage-name")).to_contain_text("đang trả lời điểm danh")
        await expect(names[first].get_by_test_id("hall-roll-call")).to_contain_text("mời điểm cầu trả lời")
        await Audit(names[first]).look("called at the roll call")
        await console.look("roll call")
        await names[first].keyboard.press("b")
        await expect(now).to_contain_text(second)
        await chair.get_by_test_id("roll-here").click()
        await expect(chair.get_by_test_id("roll-over")).to_contain_text("2/")
        await expect(names[second].get_by_test_id("hall-roll-call")).to_have_count(0)
        await console.look("roll call over")

        await chair.get_by_test_id("incident-new").click()
        await dialog.get_by_label("Sự việc").fill("Đổi micro dự phòng")
        await dialog.get_by_role("button", name="Ghi", exact=True).click()
        await expect(dialog).to_have_count(0)

        # What happened, afterwards: every turn, and the roll call.
        desk = Audit(chair)
        await chair.goto(f"/meetings/{meeting}/attendance?of=speeches")
        await expect(chair.get_by_test_id("speeches").locator("li")).to_have_count(2)
        await chair.get_by_text("Dài nhất trước").click()
        await expect(chair.get_by_test_id("speeches-sum")).to_contain_text("2 lượt")
        await desk.look("speeches")
        await chair.get_by_role("link", name="Sự cố", exact=True).click()
        await expect(chair.get_by_test_id("incidents").locator("li").first).to_contain_text("Đổi micro dự phòng")
        await desk.look("incidents")
        await chair.get_by_role("link", name="Điểm cầu", exact=True).click()
        await expect(chair.get_by_test_id("roll-report")).to_contain_text("2/5")
        await desk.look("attendance with a roll call")
    console.verdict()
    page.verdict()
    desk.verdict()
