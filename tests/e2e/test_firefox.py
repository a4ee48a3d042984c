"""A hall with Firefox: what it sees is read from the pixels of a screenshot, so a picture that arrives but stays hidden
does not count. The tests of this module are one story, told in order."""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Page, async_playwright

from server.accounts.dependencies import COOKIE
from tests.deployment import Deployment
from tests.e2e import chromium, signs
from tests.e2e.firefox import firefox
from tests.e2e.people import Conference, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

MAIN, LAC_DUONG = 1, 2


LOUDEST = """async () => {
  let loudest = 0;
  for (const connection of window.__connections)
    if (connection.connectionState === 'connected')
      for (const report of (await connection.getStats()).values())
        if (report.type === 'inbound-rtp' && report.kind === 'audio')
          loudest = Math.max(loudest, report.audioLevel ?? 0);
  return loudest;
}"""
"""Of the received sound as it is decoded: without a sound card Firefox starts no AudioContext to look closer with."""
AUDIBLE = 0.05


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Conference]:
    """The main hall and the chair with Chromium, Lạc Dương with Firefox."""
    folder = tmp_path_factory.mktemp("browsers")
    async with AsyncExitStack() as stack:
        # Firefox gathers no candidates on the loopback device: the node is on a second address of this machine too.
        line = stack.enter_context(chromium.line())
        deployment = Deployment(tmp_path_factory.mktemp("deployment"), (line.host_address,))
        made = await Conference.prepare(deployment)
        stack.callback(deployment.stop)
        deployment.start()
        await deployment.ready()
        playwright = await stack.enter_async_context(async_playwright())
        contexts = {
            made.main.cookie: chromium.chromium(playwright, folder / "main", number=MAIN, base_url=deployment.url),
            made.halls[1].cookie: firefox(playwright, folder / "lac-duong", number=LAC_DUONG, base_url=deployment.url),
            made.chair_cookie: chromium.chromium(
                playwright, folder / "chair", base_url=deployment.url, viewport=(1440, 900)
            ),
        }
        pages: list[Page] = []
        for cookie, starting in contexts.items():
            context = await stack.enter_async_context(starting)
            await context.add_cookies([{"name": COOKIE, "value": cookie, "url": deployment.url}])
            pages.append(context.pages[0] if context.pages else await context.new_page())
        made.main.page, made.halls[1].page, made.console = pages
        yield made


async def on_screen(page: Page, pane: str) -> int | None:
    """The number of the hall whose four bars stand in this pane of a screenshot."""
    shot = await page.get_by_test_id(f"pane-{pane}").screenshot()
    return signs.number_in(Image.open(io.BytesIO(shot)))


async def test_the_hall_enters_and_sees_the_main_point(story: Conference) -> None:
    hall = story.halls[1]
    await story.open_console()
    await story.main.enter()
    await hall.enter()
    await story.wall_shows(hall, "testing")
    await story.start()
    await until(lambda: on_screen(hall.page, "stage"), lambda seen: seen == MAIN, 20, "the main point", hall.facts)
    await until(lambda: hall.page.evaluate(LOUDEST), lambda level: level > AUDIBLE, 15, "sound", hall.facts)


async def test_the_called_hall_is_heard_and_seen(story: Conference) -> None:
    hall = story.halls[1]
    await story.call(hall)
    await until(hall.state, lambda state: state == "on-air", 10, hall.name, hall.facts)
    await story.main.hears(LAC_DUONG)
    live = "document.querySelector('[data-pane=\"stage\"]').dataset.live"
    await until(lambda: story.main.page.evaluate(live), lambda shown: shown == "true", 10, "the main hall's stage")
    await until(lambda: on_screen(hall.page, "stage"), lambda seen: seen == MAIN, 10, "whom it speaks to", hall.facts)


async def test_it_is_on_air_again_after_a_reload(story: Conference) -> None:
    hall = story.halls[1]
    await hall.page.reload()
    await until(hall.state, lambda state: state == "on-air", 10, hall.name, hall.facts)
    await story.main.hears(LAC_DUONG)
