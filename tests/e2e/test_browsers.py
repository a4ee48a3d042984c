"""Browsers as they are in offices: too old, without a secure origin, set to another zone, shared by several people, on
a weak line."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Error, Page, Route, expect

from server.accounts.dependencies import COOKIE
from tests.e2e.engines import NotInFirefox
from tests.e2e.left_behind import PERSONAL
from tests.e2e.office import LOGIN, PASSWORD, Office
from tests.e2e.people import until

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
]

KB = 1000


@asynccontextmanager
async def context(office: Office, who: str | None = None, **options: Any) -> AsyncIterator[BrowserContext]:
    made = await office.browser.new_context(**({"base_url": office.deployment.url, "locale": "vi-VN"} | options))
    made.set_default_timeout(15_000)
    if who is not None:
        url = options.get("base_url", office.deployment.url)
        await made.add_cookies([{"name": COOKIE, "value": office.cookies[who], "url": url}])
    try:
        yield made
    finally:
        await made.close()


async def first_load(page: Page, path: str, shown: str) -> tuple[int, int, dict[str, int]]:
    """Bytes over the line until the page stands, how many answers, and the largest of them."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(error.message))
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda e: names.update({e["requestId"]: e["response"]["url"]}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    await page.goto(path)
    await page.locator(shown).first.wait_for()
    await page.wait_for_load_state("networkidle")
    assert faults == []
    found = {names.get(key, ""): size for key, size in sizes.items() if "/api/" not in names.get(key, "")}
    largest = dict(sorted(found.items(), key=lambda item: -item[1])[:12])
    return sum(found.values()), len(found), largest


@pytest.mark.not_in_firefox(NotInFirefox.PROTOCOL)
@pytest.mark.parametrize(
    ("who", "path", "shown", "budget"),
    [
        (None, "/join/khong-co-duong-dan-nay", "h1", (110, 20)),
        (None, "/sign-in", "form", (116, 27)),
        ("main", "/hall", "h1", (128, 31)),
        ("main", "/hall/{open}/{main}", "[data-testid=enter]", (148, 40)),
        ("organiser", "/", "h1", (198, 62)),
    ],
)
async def test_the_first_load_keeps_its_budget(
    office: Office, who: str | None, path: str, shown: str, budget: tuple[int, int]
) -> None:
    """As it travels: style, fonts and headers too, compressed. A line of 300 kbit/s brings 110 kB in three seconds. The
    worker that keeps pages for later comes after it."""
    most, files = budget
    path = path.format(main=office.where.main.id, **office.meetings)
    async with context(office, who, service_workers="block") as browser:
        total, answers, largest = await first_load(await browser.new_page(), path, shown)
    print(f"{path}: {total / KB:.1f} kB in {answers} answers")
    assert total < most * KB, json.dumps(largest, indent=1)
    assert answers <= files


async def test_a_hall_s_machine_between_conferences_takes_a_new_version_by_itself(office: Office) -> None:
    async with context(office, "main", service_workers="block") as browser:
        page = await browser.new_page()
        await page.clock.install()
        await page.goto("/hall?choose")
        await page.get_by_role("heading", name="Vào điểm cầu nào?").wait_for()

        async def newer(route: Route) -> None:
            await route.fulfill(json={"version": "a newer one"})

        await page.route("**/_app/version.json", newer)
        async with page.expect_navigation():
            await page.clock.fast_forward("16:00")
        await page.get_by_role("heading", name="Vào điểm cầu nào?").wait_for()
        # Once: what still comes is the old version, and a page must not go round for ever.
        await page.evaluate("() => { window.__again = true; }")
        await page.clock.fast_forward("09:00")
        assert await page.evaluate("() => window.__again")


async def test_a_browser_that_is_too_old_is_told_so_without_any_script(office: Office) -> None:
    """It does not know layers, nor what its own engine learnt later: what stands in them is not there for it."""

    async def without_layers(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=(await answer.text()).replace("@layer", "@later"))

    async with context(office, service_workers="block", java_script_enabled=False) as browser:
        page = await browser.new_page()
        await page.goto("/sign-in")
        await expect(page.locator("#too-old")).to_be_hidden()
        await page.route("**/opening.css", without_layers)
        await page.reload()
        await expect(page.get_by_role("heading", name="Trình duyệt này đã quá cũ")).to_be_visible()
        await page.get_by_role("link", name="Vẫn thử mở").click()
        await expect(page.locator("#too-old")).to_be_hidden()


async def test_the_desk_works_over_plain_http(office: Office) -> None:
    url = f"http://hop.lan:{office.deployment.port}"
    async with context(office, base_url=url) as browser:
        page = await browser.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto("/sign-in")
        assert await page.evaluate("[isSecureContext, 'randomUUID' in crypto]") == [False, False]
        await page.get_by_label("Tên đăng nhập").fill(LOGIN)
        await page.locator('input[type="password"]').fill(PASSWORD)
        await page.locator('button[type="submit"]').click()
        await page.wait_for_url(f"{url}/")
        await page.goto(f"/meetings/{office.meetings['invited']}/delegate/me")
        await expect(page.get_by_test_id("delegate")).to_be_visible()
        assert broken == []


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC"])
async def test_hours_are_those_of_viet_nam_on_a_computer_set_elsewhere(office: Office, zone: str) -> None:
    path = f"/meetings/{office.meetings['invited']}"
    async with (
        context(office, "organiser", timezone_id="Asia/Ho_Chi_Minh") as here,
        context(office, "organiser", timezone_id=zone) as there,
    ):
        seen = []
        for browser in (here, there):
            page = await browser.new_page()
            await page.goto(path)
            await page.get_by_role("heading", level=1).wait_for()
            facts = await page.locator("dl").first.inner_text()
            await page.goto(f"{path}/edit")
            start = page.get_by_label("Bắt đầu").first
            await start.wait_for()
            seen.append((facts, await start.input_value()))
    assert seen[0] == seen[1]


async def test_a_window_of_one_person_is_not_left_to_the_next(office: Office) -> None:
    async with context(office, "organiser") as browser:
        first = await browser.new_page()
        await first.goto("/")
        await expect(first.get_by_role("button", name=office.where.organiser.full_name)).to_be_visible()
        await first.evaluate("localStorage.setItem('nhipcau.own.person-0.meeting-draft.1.new', 'của người khác')")
        await browser.add_cookies([{"name": COOKIE, "value": office.cookies["chair"], "url": office.deployment.url}])
        second = await browser.new_page()
        await second.goto("/")
        await expect(second.get_by_role("button", name=office.where.chair.full_name)).to_be_visible()
        # The first hears of it, and is the other's too.
        await expect(first.get_by_role("button", name=office.where.chair.full_name)).to_be_visible()
        kept = await first.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('nhipcau.own.'))")
        assert [key for key in kept if not key.startswith(f"nhipcau.own.person-{office.where.chair.id}.")] == []


@pytest.mark.parametrize("line", ["there", "gone"])
async def test_signing_out_leaves_nothing_of_a_person(office: Office, line: str) -> None:
    async with context(office) as browser:
        page = await browser.new_page()
        await page.goto("/sign-in")
        await page.get_by_label("Tên đăng nhập").fill(LOGIN)
        await page.locator('input[type="password"]').fill(PASSWORD)
        await page.locator('button[type="submit"]').click()
        await page.get_by_role("button", name=office.where.organiser.full_name).wait_for()
        await page.goto("/meetings/new")
        await page.get_by_role("textbox").first.fill("Hội nghị chưa ai được biết")
        await until(
            lambda: page.evaluate(PERSONAL), lambda left: any("meeting-draft" in key for key in left), 10, "draft"
        )
        if line == "gone":
            await browser.set_offline(True)
        await page.get_by_role("button", name=office.where.organiser.full_name).click()
        await page.get_by_role("menuitem", name="Đăng xuất").click()
        leaving = page.get_by_role("dialog").get_by_role("button").last
        await page.wait_for_timeout(500)
        if await leaving.is_visible():
            await leaving.click()
        await until(
            lambda: page.evaluate(PERSONAL),
            lambda left: [key for key in left if key != "nhipcau.signing-out"] == [],
            15,
            "what is left",
        )
        await browser.set_offline(False)
        with suppress(Error):  # the page may be on its way there by itself
            await page.goto("/")
        await page.wait_for_url("**/sign-in*")
        assert (await page.request.get("/api/session")).status == 401


KEPT = """async () => {
  const paths = [];
  for (const name of (await caches.keys()).filter((name) => name.startsWith('shell-')))
    for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
  return paths;
}"""


async def kept_ahead(office: Office, who: str, path: str, shown: str) -> tuple[str, int]:
    """All the scripts that a device of this user has fetched ahead once its worker is there, and the bytes of it all as
    they lie on the server, packed."""
    async with context(office, who) as browser:
        page = await browser.new_page()
        await page.goto(path.format(main=office.where.main.id, **office.meetings))
        await page.locator(shown).first.wait_for()
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        kept = [name for name in await page.evaluate(KEPT) if name.startswith("/_app/")]
    built = office.deployment.settings.web
    packed = [built / f"{name[1:]}.br" for name in kept]
    total = sum(file.stat().st_size for file in packed if file.exists())
    scripts = [built / name[1:] for name in kept if name.endswith(".js")]
    return "\n".join(file.read_text(encoding="utf-8") for file in scripts), total


@pytest.mark.not_in_firefox(NotInFirefox.PROTOCOL)
@pytest.mark.parametrize(
    ("who", "opened", "marks", "most_kb"),
    [
        (
            "presenter",
            ("/meetings/{open}/delegate", "[data-testid=delegate]"),
            ("note-editor", "import-notes hall-entry console-cut"),
            292,
        ),
        ("main", ("/hall?choose", "h1"), ("hall-entry", "import-notes note-editor console-cut"), 233),
        ("organiser", ("/", "h1"), ("console-cut import-notes note-editor", "hall-entry"), 640),
    ],
)
async def test_only_the_pages_of_who_uses_a_device_are_fetched_ahead(
    office: Office, who: str, opened: tuple[str, str], marks: tuple[str, str], most_kb: int
) -> None:
    """`marks`: of the pages that are there and of those that are not: the reader, the hall, the console, an organiser's
    lists."""
    has, not_for_them = marks
    scripts, total = await kept_ahead(office, who, *opened)
    print(f"{who}: {total / KB:.0f} kB ahead")
    assert [mark for mark in has.split() if mark not in scripts] == []
    assert [mark for mark in not_for_them.split() if mark in scripts] == []
    assert total < most_kb * KB


async def test_a_page_opened_once_opens_without_a_line_though_it_was_not_fetched_ahead(office: Office) -> None:
    async with context(office, "presenter") as browser:
        page = await browser.new_page()
        await page.goto("/")
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await page.evaluate(
            "navigator.serviceWorker.controller || new Promise((now) => "
            "navigator.serviceWorker.addEventListener('controllerchange', now)).then(() => true)"
        )
        await page.goto("/account")
        await page.get_by_role("heading", level=1).wait_for()
        await browser.set_offline(True)
        await page.reload()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def test_pages_that_stand_know_from_the_live_channel_that_the_server_was_renewed(
    office: Office, tmp_path: Path
) -> None:
    """A hall that waits takes the new pages by itself; a delegate's page is left alone, and its next one is fetched
    whole. Neither looks for a version meanwhile."""
    served = office.deployment.settings.web
    await asyncio.to_thread(shutil.copytree, served, tmp_path / "web")
    async with (
        context(office, "lat", service_workers="block", permissions=["camera", "microphone"]) as of_hall,
        context(office, "presenter", service_workers="block") as of_delegate,
    ):
        hall, phone = await of_hall.new_page(), await of_delegate.new_page()
        await hall.goto(f"/hall/{office.meetings['invited']}/{office.where.lat_hall.id}")
        await hall.get_by_test_id("enter").click()
        await hall.get_by_test_id("hall").wait_for()
        await phone.goto(f"/meetings/{office.meetings['open']}/delegate")
        await expect(phone.get_by_test_id("delegate")).to_have_attribute("data-line", "live")
        for page in (hall, phone):
            await page.evaluate("() => { window.__old = true; }")
        asked: list[str] = []
        for browser in (of_hall, of_delegate):
            browser.on("request", lambda r: asked.append(r.url) if r.url.endswith("version.json") else None)
        (tmp_path / "web" / "_app" / "version.json").write_text('{"version":"renewed"}')
        for packed in (".br", ".gz"):
            (tmp_path / "web" / "_app" / f"version.json{packed}").unlink(missing_ok=True)
        office.deployment.stop()
        office.deployment.environment["NHIPCAU_WEB"] = str(tmp_path / "web")
        office.deployment.start()
        try:
            await office.deployment.ready()
            old = "() => window.__old === true"

            async def stands(page: Page) -> bool:
                with suppress(Error):  # just now it is replaced
                    return bool(await page.evaluate(old))
                return True

            await until(lambda: stands(hall), lambda there: not there, 30, "the hall's new page")
            await expect(phone.get_by_test_id("delegate")).to_have_attribute("data-line", "live")
            await phone.get_by_role("link", name="Chương trình").click()
            await phone.wait_for_url("**/agenda")
            await until(lambda: stands(phone), lambda there: not there, 15, "the delegate's next page")
            assert asked == []
        finally:
            office.deployment.stop()
            del office.deployment.environment["NHIPCAU_WEB"]
            office.deployment.start()
            await office.deployment.ready()


async def test_a_page_whose_line_is_cut_while_it_is_fetched_loads_again_by_itself(office: Office) -> None:
    """As when a cable is put back, or a phone goes from one net to the other."""
    async with context(office, service_workers="block") as browser:
        page = await browser.new_page()
        parts = re.compile(r"/_app/immutable/nodes/(?![01]\.)")

        async def cut(route: Route) -> None:
            await route.abort()

        await page.route(parts, cut)
        await page.goto("/sign-in")
        await page.get_by_text("Đường truyền vừa gián đoạn").wait_for()
        await page.unroute(parts)
        await page.get_by_label("Tên đăng nhập").wait_for()


@pytest.mark.not_in_firefox(NotInFirefox.PROTOCOL)
async def test_what_a_page_asked_for_is_given_up_when_one_leaves_it(office: Office) -> None:
    """On a line that hardly answers nothing waits behind an answer that nobody wants."""
    meeting = office.meetings["invited"]
    async with context(office, "organiser", service_workers="block") as browser:
        page = await browser.new_page()
        given_up: list[str] = []
        page.on("requestfailed", lambda request: given_up.append(request.url))

        async def never(_: Route) -> None:
            await asyncio.sleep(60)

        await page.goto(f"/meetings/{meeting}")
        await page.get_by_role("heading", level=1).wait_for()
        await page.route(f"**/api/meetings/{meeting}/delegates*", never)
        async with page.expect_request(f"**/api/meetings/{meeting}/delegates*"):
            await page.evaluate(
                """(path) => {
                  const link = Object.assign(document.createElement('a'), { href: path });
                  document.querySelector('main').append(link);
                  link.click();
                }""",
                f"/meetings/{meeting}/delegates",
            )
        await page.go_back()
        await until(
            lambda: asyncio.sleep(0, [url for url in given_up if "/delegates" in url]), bool, 10, "requests given up"
        )
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await page.get_by_role("alert").count() == 0
