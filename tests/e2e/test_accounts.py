"""Ways in beside the password: an account of an OpenID provider, out again on both sides, and a password that was
forgotten. And two records of one person that become one."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from tests.deployment import Deployment
from tests.e2e.audit import Audit
from tests.e2e.engines import Engine
from tests.e2e.office import Office
from tests.openid import Provider, provider
from tests.postbox import Postbox, post_office

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

ADDRESS = "to.chuc@lamdong.example"
PHONE = {"width": 390, "height": 844}
NEW = "thêm một câu khác hẳn"


class Ways:
    def __init__(self, office: Office, there: Provider, mail: Postbox) -> None:
        self.office = office
        self.there = there
        self.mail = mail


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ways(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[Ways]:
    """An office with a provider and a mail server."""
    async with AsyncExitStack() as stack:
        mail = Postbox()
        smtp = await stack.enter_async_context(post_office(mail))
        found: list[Provider] = []

        def beside(deployment: Deployment) -> None:
            accounts = {"s-1": {"claims": {"email": ADDRESS, "email_verified": True}, "amr": ["pwd"]}}
            running = stack.enter_context(provider(deployment.url, accounts))
            found.append(running)
            settings = {f"NHIPCAU_{name.upper()}": str(value) for name, value in running.settings().items()}
            deployment.environment |= settings | {"NHIPCAU_SMTP_URL": f"smtp://127.0.0.1:{smtp}"}

        folder: Path = tmp_path_factory.mktemp("ways")
        office = await stack.enter_async_context(Office.running(folder, engine, beside=beside, prepare=_addressed))
        yield Ways(office, found[0], mail)


async def _addressed(office: Office, services: Services) -> None:
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Person, office.where.organiser.id)).email = ADDRESS


async def test_in_and_out_by_the_provider(ways: Ways) -> None:
    async with ways.office.window(width=PHONE["width"], height=PHONE["height"]) as page:
        audit = Audit(page, refusals=("/api/session",))
        await page.goto("/sign-in?next=/account")
        button = page.get_by_role("link", name="Đăng nhập bằng Cổng SSO tỉnh")
        await expect(button).to_be_visible()
        await audit.look("the button")
        await button.click()
        await page.get_by_label("Tài khoản").fill("nobody")
        await page.get_by_role("button", name="Tiếp tục").click()
        await expect(page.get_by_text("Chưa xác nhận được đồng chí là ai")).to_be_visible()
        await audit.look("refused there")
        audit.verdict()
        await page.get_by_role("link", name="Đăng nhập bằng Cổng SSO tỉnh").click()
        await page.get_by_label("Tài khoản").fill("s-1")
        await page.get_by_role("button", name="Tiếp tục").click()
        await expect(page).to_have_url(f"{ways.office.deployment.url}/account")
        await page.get_by_role("button", name="Nguyễn Tổ Chức").click()
        await page.get_by_role("menuitem", name="Đăng xuất").click()
        # The provider asks whether it should sign out, too, and leads back.
        await expect(page).to_have_url(re.compile(re.escape(ways.there.issuer)))
        await page.get_by_role("button", name=re.compile("yes", re.IGNORECASE)).click()
        await expect(page).to_have_url(re.compile(f"{re.escape(ways.office.deployment.url)}/sign-in"))
        assert (await page.request.get("/api/session")).status == 401


async def test_a_forgotten_password_comes_by_mail(ways: Ways) -> None:
    async with ways.office.window() as page:
        audit = Audit(page, refusals=("/api/session", "/api/session/password-reset/owner"))
        await page.goto("/sign-in")
        await page.get_by_role("link", name="Đặt lại mật khẩu").click()
        await page.get_by_role("button", name="Gửi liên kết").click()
        await expect(page.get_by_label("Tên đăng nhập hoặc e-mail")).to_be_focused()
        await audit.look("asking for a link")
        await page.get_by_label("Tên đăng nhập hoặc e-mail").fill(ADDRESS)
        await page.get_by_role("button", name="Gửi liên kết").click()
        await expect(page.get_by_role("heading", name="Đã nhận yêu cầu")).to_be_visible()
        await audit.look("asked for")
        link = await _link_of(ways.mail)
        await page.goto(link)
        await page.reload()  # the same page with another # is not loaded anew
        await page.get_by_label("Mật khẩu mới", exact=True).fill(NEW)
        await page.get_by_label("Nhập lại mật khẩu mới").fill("khác")
        await page.get_by_role("button", name="Đặt mật khẩu").click()
        await expect(page.get_by_text("Hai lần nhập chưa giống nhau.")).to_be_visible()
        await audit.look("a new password")
        await page.get_by_label("Nhập lại mật khẩu mới").fill(NEW)
        await page.get_by_role("button", name="Đặt mật khẩu").click()
        await page.get_by_label("Tên đăng nhập").fill("tochuc")
        await page.get_by_label("Mật khẩu", exact=True).fill(NEW)
        await page.get_by_role("button", name="Đăng nhập", exact=True).click()
        await expect(page.get_by_role("button", name="Nguyễn Tổ Chức")).to_be_visible()
        await page.goto(link)
        await expect(page.get_by_text("Liên kết này đã dùng hoặc đã hết hạn")).to_be_visible()
        await audit.look("a link that was used")
        audit.verdict()


async def test_a_desk_that_is_left_alone_locks_itself(ways: Ways) -> None:
    async with ways.office.window() as page:
        # What asks by itself, such as for papers to keep, is refused while it is locked.
        audit = Audit(page, refusals=("/api/*",))
        await page.clock.install()
        await page.goto("/sign-in?next=/meetings/new")
        await page.get_by_label("Tên đăng nhập").fill("tochuc")
        await page.get_by_label("Mật khẩu", exact=True).fill(NEW)
        await page.get_by_role("button", name="Đăng nhập", exact=True).click()
        title = page.get_by_role("textbox", name="Tên cuộc họp")
        await title.fill("Hội nghị giao ban tháng Mười hai")
        await page.clock.fast_forward("14:30")
        await expect(page.get_by_text("Một phút nữa màn hình sẽ khóa").last).to_be_visible()
        await page.clock.fast_forward("00:40")
        await expect(page.get_by_role("heading", name="Màn hình đã khóa")).to_be_visible()
        assert not await title.evaluate("field => (field.focus(), document.activeElement === field)")
        await audit.look("locked")
        assert (await page.request.get("/api/session")).status == 401
        await page.keyboard.press("Escape")
        await page.get_by_label("Mật khẩu", exact=True).fill("đoán mò một câu")
        await page.get_by_role("button", name="Mở khóa").click()
        await expect(page.get_by_text("Tên đăng nhập hoặc mật khẩu chưa đúng")).to_be_visible()
        await audit.look("a wrong password")
        await page.get_by_label("Mật khẩu", exact=True).fill(NEW)
        await page.get_by_role("button", name="Mở khóa").click()
        await expect(page.get_by_role("heading", name="Màn hình đã khóa")).to_have_count(0)
        await expect(title).to_have_value("Hội nghị giao ban tháng Mười hai")
        assert (await page.request.get("/api/session")).ok
        audit.verdict()


async def _link_of(mail: Postbox) -> str:
    for _ in range(200):
        for text in mail.texts():
            if found := re.search(r"http\S+/sign-in/reset#\S+", text):
                return found.group()
        await asyncio.sleep(0.1)
    raise AssertionError(mail.texts())


async def _made(page: Page, office: Office, **facts: object) -> None:
    answer = await page.request.post(
        "/api/people", headers={"X-Nhipcau": "1", "Origin": office.deployment.url}, data=facts
    )
    assert answer.ok, await answer.text()


async def test_two_records_of_one_person_become_one(ways: Ways) -> None:
    office = ways.office
    async with office.window("admin") as page:
        audit = Audit(page)
        name, phone = "Bon Niêng Ka Lim", "0263 555 0001"
        lat, da_sar = office.where.lat, office.where.da_sar
        await _made(page, office, unit_id=lat.id, full_name=name, title="Chủ tịch xã", phone=phone)
        await _made(page, office, unit_id=da_sar.id, full_name="Bon Nieng Ka Lim", phone="02635550001")
        await page.goto("/administration/people")
        await page.get_by_role("link", name="Hồ sơ có thể trùng").click()
        await expect(page.get_by_text("1 cặp")).to_be_visible()
        await expect(page.get_by_text("Cùng điện thoại")).to_be_visible()
        await audit.look("pairs")
        await page.get_by_role("button", name=f"Giữ hồ sơ này, gộp hồ sơ kia vào: {name}, Chủ tịch xã").click()
        dialog = page.get_by_role("alertdialog")
        await expect(dialog.get_by_text("Họ tên hai hồ sơ viết khác nhau")).to_be_visible()
        await audit.look("asked before two become one")
        await dialog.get_by_role("button", name="Gộp hai hồ sơ").click()
        await expect(page.get_by_text("Không thấy hồ sơ nào trùng")).to_be_visible()
        await audit.look("no pairs")
        await page.goto("/administration/people?q=bon+nieng+ka+lim")
        await expect(page.get_by_text("1 người")).to_be_visible()
        # From the page of a person, too.
        await _made(page, office, unit_id=lat.id, full_name=name)
        await page.get_by_role("link", name=name).click()
        await page.get_by_role("button", name=f"Xem trước khi gộp: {name}").click()
        await expect(dialog.get_by_text("Giữ lại", exact=True)).to_be_visible()
        await dialog.get_by_role("button", name="Gộp hai hồ sơ").click()
        await expect(page.get_by_text("Không thấy hồ sơ nào cùng họ tên")).to_be_visible()
        audit.verdict()
