"""A browser that lets no page sound before it is touched, as Chromium and Firefox are delivered: who only watches is
told, and one press brings the sound. (A hall captures, and may sound.)"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from server.accounts.dependencies import COOKIE
from tests.e2e.engines import Engine
from tests.e2e.office import Office
from tests.e2e.people import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

NOBODY_S = 99
"""A number that no hall has: this one shows and says nothing of its own."""

TELLS = """(() => {
  const native = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    const playing = native.call(this);
    if (!this.muted) playing.catch((refusal) => console.info('refused', refusal.name));
    return playing;
  };
})();"""
"""Whatever a driver evaluates in a page counts as a touch of it (`userGesture`, `userActivation`): until the refusal is
there the page tells, and is not asked."""

SOUNDING = """async () => {
  const players = [...document.querySelectorAll('audio')].filter((each) => !each.muted);
  const clocks = () => players.map((each) => each.currentTime);
  const before = clocks();
  await new Promise((done) => setTimeout(done, 400));
  return clocks().filter((time, at) => time > before[at]).length;
}"""
"""Of how many players the time goes on."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speaking(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[Office]:
    """A meeting whose main hall is heard."""
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(Office.running(tmp_path_factory.mktemp("office"), engine))
        hall = await stack.enter_async_context(office.window("main"))
        await hall.goto(f"/hall/{office.meetings['running']}/{office.where.main.id}")
        await hall.get_by_test_id("enter").click()
        await expect(hall.get_by_test_id("on-air")).to_be_visible()
        yield office


async def test_who_watches_is_told_that_the_sound_is_held_back_and_has_it_with_one_press(
    speaking: Office, engine: Engine, tmp_path: Path
) -> None:
    url = speaking.deployment.url
    async with (
        async_playwright() as playwright,
        engine.own(playwright, tmp_path, number=NOBODY_S, base_url=url, **engine.untouched) as context,
    ):
        await context.add_cookies([{"name": COOKIE, "value": speaking.cookies["presenter"], "url": url}])
        await context.add_init_script(TELLS)
        page = await context.new_page()
        async with page.expect_console_message(
            lambda message: message.text == "refused NotAllowedError", timeout=30_000
        ):
            await page.goto(f"/meetings/{speaking.meetings['running']}/view")
        unlock = page.get_by_test_id("unlock-sound")
        await expect(unlock).to_be_visible()
        assert await page.evaluate(SOUNDING) == 0
        await unlock.click()
        await expect(unlock).to_have_count(0)
        await until(lambda: page.evaluate(SOUNDING), bool, 15, "sound after the press")
