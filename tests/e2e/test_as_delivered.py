"""A hall with Chromium as it is delivered: a hall sounds again after a reload by itself, timers are slow behind another
tab, and a machine may have neither camera nor microphone, or lose one on the air. The tests of this module are
one story, told in order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from server.accounts.dependencies import COOKIE
from tests.deployment import Deployment
from tests.e2e import chromium
from tests.e2e.people import Conference, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

MAIN, LAC_DUONG = 1, 2

PLAYING = "() => [...document.querySelectorAll('audio')].filter((each) => !each.paused && !each.muted).length"

DEVICES = """(() => {
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.__tracks = [];
  navigator.mediaDevices.getUserMedia = async (wish) => {
    if (localStorage.getItem('without') === 'all') throw new DOMException('', 'NotFoundError');
    const stream = await native(wish);
    window.__tracks.push(...stream.getTracks());
    return stream;
  };
  window.__unplug = (kind) => {
    localStorage.setItem('without', 'all');
    for (const track of window.__tracks.filter((each) => each.kind === kind && each.readyState === 'live')) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  };
  window.__plug = () => {
    localStorage.removeItem('without');
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  };
})();"""
"""Lets a test pull out a plug: the browser's own fakes never break."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Conference]:
    """The main hall and the chair with the tests' flags, Lạc Dương as delivered."""
    folder = tmp_path_factory.mktemp("browsers")
    async with AsyncExitStack() as stack:
        deployment = Deployment(tmp_path_factory.mktemp("deployment"))
        made = await Conference.prepare(deployment)
        stack.callback(deployment.stop)
        deployment.start()
        await deployment.ready()
        playwright = await stack.enter_async_context(async_playwright())
        url = deployment.url
        contexts = (
            (made.main.cookie, chromium.chromium(playwright, folder / "main", number=MAIN, base_url=url)),
            (
                made.halls[1].cookie,
                chromium.chromium(playwright, folder / "hall", number=LAC_DUONG, base_url=url, as_delivered=True),
            ),
            (made.chair_cookie, chromium.chromium(playwright, folder / "chair", base_url=url, viewport=(1440, 900))),
        )
        pages = []
        for cookie, starting in contexts:
            context = await stack.enter_async_context(starting)
            await context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
            pages.append(context.pages[0])
        made.main.page, made.halls[1].page, made.console = pages
        await made.halls[1].page.add_init_script(DEVICES)
        yield made


async def test_a_hall_has_its_sound_again_after_a_reload_by_itself(story: Conference) -> None:
    """A page that captures may sound (and one that was touched before): a hall needs nobody."""
    hall = story.halls[1]
    await story.open_console()
    await story.main.enter()
    await hall.enter()
    await story.wall_shows(hall, "testing")
    await story.start()
    await hall.sees(MAIN)
    await until(lambda: hall.page.evaluate(PLAYING), bool, 15, "sound", hall.facts)
    await hall.page.reload()
    await hall.sees(MAIN)
    await until(lambda: hall.page.evaluate(PLAYING), bool, 15, "sound", hall.facts)
    await expect(hall.page.get_by_test_id("unlock-sound")).to_have_count(0)


async def test_behind_another_tab_the_hall_stays_in_and_is_heard(story: Conference) -> None:
    hall = story.halls[1]
    await story.call(hall)
    await story.main.hears(LAC_DUONG)
    other = await hall.page.context.new_page()
    await other.bring_to_front()
    # Longer than a line may be silent: what keeps it up must not depend on timers of a tab in front.
    await other.wait_for_timeout(14_000)
    assert await story.wall_state(hall) == "on-air"
    await story.main.hears(LAC_DUONG)
    await other.close()
    await hall.page.bring_to_front()
    assert await hall.state() == "on-air"


async def test_a_microphone_lost_on_the_air_is_told_on_both_sides_and_taken_again(story: Conference) -> None:
    hall = story.halls[1]
    await hall.page.evaluate("() => window.__unplug('audio')")
    await expect(hall.page.get_by_test_id("unheard")).to_be_visible(timeout=10_000)
    await expect(hall.page.get_by_test_id("on-air")).to_have_count(0)
    await expect(story.console.get_by_test_id("stage-flaws")).to_contain_text("micro", timeout=10_000)
    await story.main.hears()
    await hall.page.evaluate("() => window.__plug()")
    await expect(hall.page.get_by_test_id("on-air")).to_be_visible(timeout=15_000)
    await story.main.hears(LAC_DUONG)
    await story.take_back()


async def test_a_machine_without_devices_comes_in_and_says_so(story: Conference) -> None:
    hall = story.halls[1]
    await hall.page.evaluate("() => localStorage.setItem('without', 'all')")
    await hall.page.reload()
    await hall.page.mouse.click(640, 300)
    await hall.sees(MAIN)
    await expect(hall.page.get_by_test_id("device-wrong").first).to_be_visible()
    await hall.hears(MAIN)
    await until(
        lambda: story.console.get_by_test_id("attention").inner_text(),
        lambda text: hall.name in text,
        15,
        "the console's list of what needs a look",
    )
