"""A tablet of the hall goes from hand to hand: the next person finds nothing of the one before, in either engine."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from tests.e2e.engines import Engine
from tests.e2e.left_behind import CACHED, FROM_CACHE, PERSONAL
from tests.e2e.people import until
from tests.e2e.reading_room import PATIENCE_MS, PHONE, ReadingRoom

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[ReadingRoom]:
    async with ReadingRoom.running(tmp_path_factory.mktemp("papers"), engine) as made:
        yield made


async def opened_api(page: Page) -> list[str]:
    """Addresses of papers and lists that this page has fetched."""
    names: list[str] = await page.evaluate(
        """() => performance.getEntriesByType('resource').map(({ name }) => new URL(name))
          .filter(({ pathname }) => pathname.startsWith('/api/')).map(({ pathname, search }) => pathname + search)"""
    )
    return sorted(set(names))


async def test_the_next_person_finds_nothing_of_the_one_before(room: ReadingRoom, tmp_path: Path) -> None:
    paper = await room.uploaded(tmp_path)
    title = await library_title(room, paper)
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        browser = await stack.enter_async_context(
            room.engine.own(playwright, tmp_path / "tablet", number=1, base_url=room.deployment.url, viewport=PHONE)
        )
        browser.set_default_timeout(PATIENCE_MS)
        page = await browser.new_page()
        await page.goto(room.link)
        await page.get_by_test_id("delegate").wait_for()
        name = room.where.delegate.full_name
        await page.goto(room.address("/delegate/papers"))
        row = page.locator(f'[data-testid="paper-row"][data-paper="{paper}"]')
        await until(
            lambda: row.get_attribute("data-saved"), lambda saved: saved == "true", 60, "the paper on the device"
        )
        await row.get_by_role("link").click()
        await expect(page.locator('section[data-page="1"][data-drawn="true"]')).to_be_visible()
        asked = await opened_api(page)
        assert any(f"/papers/{paper}" in path for path in asked) or len(asked) > 2
        held = await page.evaluate(PERSONAL)
        assert any(key.startswith("versions:") for key in held)

        await page.goto(room.address("/delegate/me"))
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
        asked += await opened_api(page)
        await page.get_by_role("button", name="Đăng xuất").click()
        leaving = page.get_by_role("dialog").get_by_role("button").last
        await page.wait_for_timeout(500)
        if await leaving.is_visible():
            await leaving.click()
        await page.wait_for_url("**/sign-in*")

        await until(lambda: page.evaluate(PERSONAL), lambda left: left == [], 15, "what is left in the stores")
        assert [path for path in await page.evaluate(CACHED) if path.startswith("/api/")] == []
        assert await page.evaluate(FROM_CACHE, sorted(set(asked))) == []
        # Back: neither a page kept whole nor one drawn anew shows what was there.
        for _ in range(3):
            await page.go_back()
            await page.wait_for_timeout(700)
            shown = await page.locator("body").inner_text()
            assert name not in shown
            assert title not in shown
        await page.goto("/")
        await page.wait_for_url("**/sign-in*")
        assert await page.evaluate("fetch('/api/session').then(({ status }) => status)") == 401


async def library_title(room: ReadingRoom, paper: int) -> str:
    async with room.window("organiser") as desk:
        return str(next(each["title"] for each in await room.library(desk) if each["id"] == paper))
