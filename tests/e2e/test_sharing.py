"""A presenter shares a screen from the desk; the halls see it, and the stage alone again when it ends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.office import Office

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

MOVES = """async (slot) => {
  const video = document.querySelector(`video[data-slot="${slot}"]`);
  const canvas = new OffscreenCanvas(64, 36);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seen = new Set();
  const patience = performance.now() + 10000;
  while (seen.size < 4 && performance.now() < patience) {
    await Promise.race([
      new Promise((done) => video.requestVideoFrameCallback(done)),
      new Promise((done) => setTimeout(done, 1000)),
    ]);
    context.drawImage(video, 0, 0, 64, 36);
    seen.add(context.getImageData(0, 0, 64, 36).data.join());
  }
  return seen.size;
}"""
"""How many different pictures a slot's video showed, at most 4; 1 if it stands still."""


@dataclass
class Rooms:
    main: Page
    hall: Page
    presenter: Page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rooms(office: Office) -> AsyncIterator[Rooms]:
    meeting = office.meetings["running"]
    async with office.window("main") as main, office.window("lat") as hall, office.window("presenter") as presenter:
        for page, point in ((main, office.where.main), (hall, office.where.lat_hall)):
            await page.goto(f"/hall/{meeting}/{point.id}")
            await page.get_by_test_id("enter").click()
            await page.get_by_test_id("hall").wait_for()
        await presenter.goto(f"/meetings/{meeting}/view")
        yield Rooms(main, hall, presenter)


async def moves(page: Page, slot: str) -> None:
    await page.locator(f'video[data-slot="{slot}"]').wait_for()
    seen = await page.evaluate(MOVES, slot)
    assert seen == 4, f"{slot} showed {seen} different pictures"


async def test_a_shared_screen_reaches_the_halls(rooms: Rooms) -> None:
    await moves(rooms.hall, "stage")
    await rooms.presenter.get_by_test_id("share").click()
    for page in (rooms.hall, rooms.main):
        await moves(page, "content")
    await expect(rooms.presenter.get_by_test_id("share")).to_have_text("Ngừng chia sẻ màn hình")


async def test_the_stage_is_alone_again_when_sharing_ends(rooms: Rooms) -> None:
    await rooms.presenter.get_by_test_id("share").click()
    for page in (rooms.hall, rooms.main):
        await expect(page.locator('video[data-slot="content"]')).to_have_count(0)
    await moves(rooms.hall, "stage")


async def test_a_share_ended_in_the_browsers_own_bar_ends_everywhere(rooms: Rooms) -> None:
    # The browser's bar stops the captured track; its source's end is all the page learns.
    await rooms.presenter.evaluate(
        """() => {
          const native = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getDisplayMedia = async (wish) => (window.__shared = await native(wish));
        }"""
    )
    await rooms.presenter.get_by_test_id("share").click()
    await moves(rooms.hall, "content")
    await rooms.presenter.evaluate(
        """() => {
          const [track] = window.__shared.getVideoTracks();
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }"""
    )
    await expect(rooms.hall.locator('video[data-slot="content"]')).to_have_count(0)
    await expect(rooms.presenter.get_by_test_id("share")).to_have_text("Chia sẻ màn hình")
