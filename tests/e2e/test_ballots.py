"""A vote from the chair's console to the halls' screens: prepared, cast by device without and with a line, counted in a
hall, published."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from server.accounts.models import Person
from server.attendance.models import PersonCheck
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders, library
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


async def with_delegates(office: Office, services: Services) -> None:
    """Three sit in the hall of Lát, one of them with a phone."""
    async with services.transactions(SYSTEM) as tx:
        meeting = await tx.session.get_one(Meeting, office.meetings["running"])
        people = [await tx.session.get_one(Person, office.where.delegate.id)]
        people += [await builders.person(tx.session, office.where.lat, f"Đại Biểu {number}") for number in (2, 3)]
        for each in people:
            row = await library.delegate(tx.session, meeting, each, office.where.lat_hall)
            check = {"meeting_id": meeting.id, "delegate_id": row.id, "point_id": office.where.lat_hall.id}
            tx.session.add(PersonCheck(**check, kind="in", how="list", at=tx.now))
    office.cookies["delegate"] = await signed_in(services, office.where.delegate)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[Office]:
    async with Office.running(tmp_path_factory.mktemp("ballots"), engine, prepare=with_delegates) as made:
        yield made


async def test_a_vote_is_put_cast_counted_and_published(office: Office) -> None:
    where, meeting = office.where, office.meetings["running"]
    async with (
        office.window("lat") as hall,
        office.window("lat") as secretary,
        office.window("delegate", width=390, height=844) as phone,
        office.window("chair", width=1366, height=768) as chair,
    ):
        await hall.goto(f"/hall/{meeting}/{where.lat_hall.id}")
        await hall.get_by_test_id("enter").click()
        await hall.get_by_test_id("hall").wait_for()
        await phone.goto(f"/meetings/{meeting}/delegate")
        await chair.goto(f"/meetings/{meeting}/console")
        await chair.get_by_test_id("wall").wait_for()
        console, page = (
            Audit(chair, themes=("dark",)),
            Audit(phone, refusals=(f"/api/meetings/{meeting}/ballots/1/vote",)),
        )

        await chair.get_by_test_id("ballots-unfold").click()
        await chair.get_by_test_id("ballot-new").click()
        dialog = chair.get_by_role("alertdialog")
        await dialog.get_by_label("Nội dung biểu quyết").fill("Thông qua Nghị quyết về nhiệm vụ năm 2027")
        await dialog.get_by_label("Giơ tay, điểm cầu đếm").check()
        await dialog.get_by_role("button", name="Lưu").click()
        await expect(dialog).to_have_count(0)
        await chair.get_by_test_id("ballot-open").click()
        await expect(chair.get_by_test_id("ballot")).to_have_attribute("data-state", "open")

        # The phone has no line when its owner votes, and says so; with the line back the vote arrives, once.
        await expect(phone.get_by_test_id("vote")).to_contain_text("Nghị quyết về nhiệm vụ năm 2027")
        await phone.get_by_label("Tán thành", exact=True).check()
        await phone.route("**/vote", lambda route: route.abort())
        await phone.get_by_test_id("vote-cast").click()
        await expect(phone.get_by_test_id("vote-waiting")).to_contain_text("CHƯA đến máy chủ")
        await page.look("vote that has not arrived")
        await phone.unroute("**/vote")
        await expect(phone.get_by_test_id("vote-taken")).to_contain_text("Tán thành")
        await expect(chair.get_by_test_id("ballot-progress")).to_contain_text("1/3")

        # The hall counts the other two; the chair confirms.
        people = f"/meetings/{meeting}/points/{where.lat_hall.id}/people"
        await secretary.goto(people)
        count = secretary.get_by_test_id("hall-count")
        await expect(count).to_contain_text("Còn phải đếm 2")
        for label, number in (("Tán thành", "1"), ("Không tán thành", "1"), ("Không biểu quyết", "0")):
            await count.get_by_label(label, exact=True).fill(number)
        await count.get_by_test_id("tally-enter").click()
        await expect(count.get_by_test_id("tally")).to_have_attribute("data-state", "entered")
        count_page = Audit(secretary)
        await count_page.look("count of a hall")
        await chair.get_by_test_id("halls-confirm").click()
        await expect(chair.get_by_test_id("ballot-halls")).to_contain_text("Đã chốt 1")

        await chair.get_by_test_id("ballot-close").click()
        await chair.get_by_test_id("confirm").click()
        await expect(chair.get_by_test_id("ballot-verdict")).to_have_text("Được thông qua")
        await expect(hall.get_by_test_id("ballot-slate")).to_have_count(0)
        await console.look("vote that is closed")
        await chair.get_by_test_id("ballot-publish").click()
        await chair.get_by_test_id("confirm").click()
        slate = hall.get_by_test_id("ballot-slate")
        await expect(slate).to_contain_text("Được thông qua")
        # From five metres: a letter is at least a fortieth of the screen's height.
        size = await slate.locator("li .figure b").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
        assert size >= 720 / 40, size
        await expect(phone.get_by_test_id("vote-result")).to_contain_text(re.compile("Được thông qua"))
        await page.look("result")
        await chair.get_by_test_id("ballot-show").click()
        await expect(slate).to_have_count(0)
    for each in (console, page, count_page):
        each.verdict()
