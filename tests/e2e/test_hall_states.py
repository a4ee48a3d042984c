"""What a hall's screen and the console say when a device, the media, the live channel or the hall's page is missing.
Nobody is on air without knowing it, and nobody is told that all is well when it is not."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from server.organisations.models import BridgePoint
from tests.e2e.chromium import REMEMBER_CONNECTIONS
from tests.e2e.office import TITLES, Office
from tests.e2e.people import until
from tests.sockets import Address, LiveClient

pytestmark = [
    pytest.mark.firefox_on_request,
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
]

SOCKETS = """(() => {
  const Native = window.WebSocket;
  window.__sockets = [];
  window.WebSocket = class extends Native {
    constructor(url, ...rest) {
      super(window.__cut ? new URL('/nowhere', url) : url, ...rest);
      window.__sockets.push(this);
    }
  };
  window.__close = (cut) => {
    window.__cut = cut;
    for (const socket of window.__sockets) socket.close();
  };
})();"""
"""Lets a test cut the live channel alone, as a proxy's hiccup does: media goes on over UDP."""

OFFERS = """(() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    const said = JSON.parse(text);
    if (said.name === 'media.offer') window.__session = said.data.session;
    return send.call(this, text);
  };
})();"""

UNBROKEN = """() => new Promise((done) => {
  let blank = 0;
  let black = 0;
  const before = window.__connections.length;
  const old = document.querySelector('[data-pane="stage"] video').srcObject.getVideoTracks()[0];
  const began = performance.now();
  const look = () => {
    const videos = [...document.querySelectorAll('[data-pane="stage"] video')];
    const shown = videos.find((video) => getComputedStyle(video).opacity === '1' && video.videoWidth > 0);
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 8;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (shown) context.drawImage(shown, 0, 0, 8, 8);
    if (!shown) blank += 1;
    else if (!context.getImageData(0, 0, 8, 8).data.some((value, at) => at % 4 < 3 && value > 0)) black += 1;
    const renewed = shown && shown.srcObject.getVideoTracks()[0] !== old;
    if (renewed || performance.now() - began > 15000)
      done({ blank, black, renewed, connections: window.__connections.length - before });
    else requestAnimationFrame(look);
  };
  look();
  const data = { type: 'signal', kind: 'media-session', data: { session: window.__session, state: 'disconnected' } };
  window.__sockets.at(-1).dispatchEvent(new MessageEvent('message', { data: JSON.stringify(data) }));
})"""
"""Has the media session renewed while it still works, and counts the moments without a picture on the stage."""

SPEAKERS = """(() => {
  window.__speakers = ['TV', 'PA'];
  const native = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  navigator.mediaDevices.enumerateDevices = async () => [
    ...(await native()).filter(({ kind }) => kind !== 'audiooutput'),
    ...window.__speakers.map((label) => ({ kind: 'audiooutput', deviceId: `id-${label}`, label, groupId: '' })),
  ];
  HTMLMediaElement.prototype.setSinkId = async function (id) {
    const there = id === '' || window.__speakers.some((label) => `id-${label}` === id);
    if (!there) throw new DOMException('', 'NotFoundError');
    this.__sink = id;
  };
})();"""

SINKS = "() => [...new Set([...document.querySelectorAll('audio')].map((audio) => audio.__sink))].join()"

BLOCKED_UDP = """(() => {
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(options) { super(window.__unblocked ? options : { ...options, iceTransportPolicy: 'relay' }); }
  };
})();"""
"""Without a relay no candidate is left: the offer is answered, and no packet gets through."""

CAMERAS = """(() => {
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.__tracks = [];
  navigator.mediaDevices.getUserMedia = async (wish) => {
    if (window.__denied && wish.audio) throw new DOMException('', 'NotAllowedError');
    const stream = await native(wish);
    window.__tracks.push(...stream.getTracks());
    return stream;
  };
})();"""
LIVE_TRACKS = "() => window.__tracks.filter((track) => track.readyState === 'live').length"

CAPTURES = """(() => {
  const native = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getDisplayMedia = async (wish) => (window.__shared = await native(wish));
})();"""


async def settled(page: Page, question: str, wanted: object) -> None:
    await until(lambda: page.evaluate(question), lambda seen: seen == wanted, 15, question)


@dataclass
class Rooms:
    office: Office
    meeting: int
    console: LiveClient
    stack: AsyncExitStack

    async def hall(self, who: str, point: BridgePoint, *scripts: str, enter: bool = True) -> Page:
        page = await self.stack.enter_async_context(self.office.window(who))
        for script in (SOCKETS, *scripts):
            await page.add_init_script(script)
        await page.goto(f"/hall/{self.meeting}/{point.id}")
        if enter:
            await page.get_by_test_id("enter").click()
            await page.get_by_test_id("hall").wait_for()
        return page

    async def until(self, true: Callable[[], object]) -> None:
        await self.console.until(true, 20)


@pytest_asyncio.fixture(loop_scope="module")
async def rooms(office: Office) -> AsyncIterator[Rooms]:
    """The running meeting, whose chair directs by a socket of his own."""
    meeting = office.meetings["running"]
    console = await Address(office.deployment.port).join(meeting, office.cookies["chair"], "console")
    async with AsyncExitStack() as stack:
        yield Rooms(office, meeting, console, stack)
    await console.close()


async def test_the_console_learns_of_media_and_devices(rooms: Rooms) -> None:
    lat = rooms.office.where.lat_hall
    page = await rooms.hall("lat", lat, CAMERAS, "window.__denied = true")
    await rooms.until(lambda: rooms.console.point(lat.id)["media"] == "connected")
    await rooms.until(lambda: rooms.console.point(lat.id)["microphone"] == "denied")
    assert rooms.console.point(lat.id)["camera"] == "ok"
    await rooms.console.command("floor.give", point_id=lat.id)
    # Called, and nobody hears it: that is not "on air".
    await expect(page.get_by_test_id("unheard")).to_be_visible()
    await expect(page.get_by_test_id("on-air")).to_have_count(0)
    # Allowed meanwhile: the other device, which works, is not opened anew.
    before = await page.evaluate("() => window.__tracks.length")
    await page.evaluate("() => { window.__denied = false; }")
    await page.mouse.move(200, 200)
    await page.get_by_test_id("settings").click()
    await page.get_by_role("button", name="Thử lại micro").click()
    await expect(page.get_by_test_id("on-air")).to_be_visible()
    await rooms.until(lambda: rooms.console.point(lat.id)["microphone"] == "ok")
    assert await page.evaluate("() => window.__tracks.length") == before + 1


async def test_a_hall_whose_control_line_is_cut_on_air_knows_that_it_is_heard(rooms: Rooms) -> None:
    lat = rooms.office.where.lat_hall
    page = await rooms.hall("lat", lat)
    await rooms.until(lambda: rooms.console.point(lat.id)["media"] == "connected")
    await rooms.console.command("floor.give", point_id=lat.id)
    await expect(page.get_by_test_id("on-air")).to_be_visible()
    await page.evaluate("() => window.__close(true)")
    await expect(page.get_by_test_id("cut")).to_be_visible()
    await rooms.until(lambda: rooms.console.point(lat.id)["presence"] == "lost")
    # The console can tell it from a hall that is gone.
    assert rooms.console.point(lat.id)["media"] == "connected"
    assert rooms.console.point(lat.id)["floor"] is True
    await expect(page.get_by_test_id("on-air")).to_be_visible()
    await page.evaluate("() => window.__close(false)")
    await expect(page.get_by_test_id("cut")).to_have_count(0)
    await expect(page.get_by_test_id("on-air")).to_be_visible()
    await rooms.console.command("floor.take", point_id=lat.id)


async def test_a_renewed_session_leaves_no_hole_in_the_picture(rooms: Rooms) -> None:
    where = rooms.office.where
    main = await rooms.hall("main", where.main)
    page = await rooms.hall("lat", where.lat_hall, OFFERS, REMEMBER_CONNECTIONS)
    await expect(page.get_by_test_id("pane-stage")).to_have_attribute("data-live", "true", timeout=20_000)
    assert await page.evaluate(UNBROKEN) == {"blank": 0, "black": 0, "renewed": True, "connections": 1}
    await expect(page.get_by_test_id("pane-stage").locator("video")).to_have_count(1)
    # Who is really gone is not held.
    await main.close()
    await expect(page.get_by_test_id("pane-stage")).to_have_attribute("data-live", "false")


async def test_a_hall_whose_udp_is_blocked_is_told_the_likely_cause(rooms: Rooms) -> None:
    # A hall without a former page, whose media would count until its consent runs out (RFC 7675 section 5.1: 30 s).
    hall = rooms.office.where.hiep_an_hall
    page = await rooms.hall("hiep-an", hall, BLOCKED_UDP)
    await expect(page.get_by_test_id("without-media")).to_have_attribute("data-trouble", "network", timeout=25_000)
    await expect(page.get_by_test_id("own-state")).not_to_contain_text("Đường truyền tốt")
    assert rooms.console.point(hall.id)["media"] != "connected"
    await page.evaluate("() => { window.__unblocked = true; }")
    await expect(page.get_by_test_id("without-media")).to_have_count(0, timeout=20_000)
    await rooms.until(lambda: rooms.console.point(hall.id)["media"] == "connected")


async def test_the_chosen_loudspeaker_sounds_the_meeting(rooms: Rooms) -> None:
    page = await rooms.hall("lat", rooms.office.where.lat_hall, SPEAKERS, enter=False)
    await page.get_by_label("Loa", exact=True).select_option(label="PA")
    await page.get_by_test_id("enter").click()
    await page.get_by_test_id("hall").wait_for()
    await settled(page, SINKS, "id-PA")
    await page.reload()
    await settled(page, SINKS, "id-PA")

    async def plug(*labels: str) -> None:
        await page.evaluate("(labels) => { window.__speakers = labels; }", labels)
        await page.evaluate("() => { navigator.mediaDevices.dispatchEvent(new Event('devicechange')); }")

    await plug("TV")
    await settled(page, SINKS, "")
    await expect(page.get_by_test_id("device-wrong")).to_have_text("Không thấy loa đã chọn, đang dùng loa mặc định")
    await plug("TV", "PA")
    await settled(page, SINKS, "id-PA")
    await expect(page.get_by_test_id("device-wrong")).to_have_count(0)


async def test_a_stopped_share_stays_stopped(rooms: Rooms) -> None:
    presenter = await rooms.stack.enter_async_context(rooms.office.window("presenter"))
    for script in (SOCKETS, CAPTURES):
        await presenter.add_init_script(script)
    await presenter.goto(f"/meetings/{rooms.meeting}/view")

    button = presenter.get_by_test_id("share")
    state = "() => window.__shared.getVideoTracks()[0].readyState"

    def sharer() -> str | None:
        shown = rooms.console.state["stage"][""]["content"]
        return shown and shown["participant"]

    async def share() -> None:
        await button.click()
        await rooms.until(sharer)
        await expect(button).to_have_text("Ngừng chia sẻ màn hình")
        await expect(button).to_be_enabled()

    async def back() -> None:
        """The presenter's line is there again, and what it would claim is claimed."""
        await settled(presenter, "() => window.__sockets.at(-1).readyState", 1)
        await presenter.wait_for_timeout(2_000)

    async def stopped() -> None:
        await expect(button).to_have_text("Chia sẻ màn hình")
        assert await presenter.evaluate(state) == "ended"

    await share()
    # A blink of the line alone does not end it, however often: it goes on under the name of the new line.
    for _blink in range(3):
        name = sharer()
        await presenter.evaluate("() => window.__close(false)")
        await rooms.until(lambda name=name: sharer() != name)
        assert sharer() is not None
        await expect(button).to_have_text("Ngừng chia sẻ màn hình")
        assert await presenter.evaluate(state) == "live"
    # Stopped, and the line blinks afterwards.
    await rooms.console.command("content.stop")
    await stopped()
    await presenter.evaluate("() => window.__close(false)")
    await back()
    assert sharer() is None
    # Stopped while the line is down.
    await share()
    await presenter.evaluate("() => window.__close(true)")
    await rooms.console.command("content.stop")
    await presenter.evaluate("() => window.__close(false)")
    await back()
    assert sharer() is None
    await stopped()
    # Taken over while the line is down.
    await share()
    await presenter.evaluate("() => window.__close(true)")
    await rooms.console.command("content.start")
    await presenter.evaluate("() => window.__close(false)")
    await back()
    assert sharer() == rooms.console.participant
    await stopped()
    await rooms.console.command("content.stop")


async def test_a_hall_whose_turn_ends_shares_no_more(rooms: Rooms) -> None:
    lat = rooms.office.where.lat_hall
    page = await rooms.hall("lat", lat, CAPTURES)
    await rooms.until(lambda: rooms.console.point(lat.id)["presence"] == "ready")
    await rooms.console.command("floor.give", point_id=lat.id)
    await page.mouse.move(200, 200)
    await page.get_by_test_id("share").click()
    await rooms.until(lambda: rooms.console.state["stage"][""]["content"])
    await expect(page.get_by_test_id("share")).to_be_enabled()
    await rooms.console.command("floor.take", point_id=lat.id)
    assert rooms.console.state["stage"][""]["content"] is None
    await settled(page, "() => window.__shared.getVideoTracks()[0].readyState", "ended")
    await expect(page.get_by_test_id("share")).to_have_count(0)


async def test_a_second_machine_asks_and_the_first_comes_back(rooms: Rooms) -> None:
    lat = rooms.office.where.lat_hall
    first = await rooms.hall("lat", lat)
    await rooms.until(lambda: rooms.console.point(lat.id)["presence"] == "ready")
    second = await rooms.stack.enter_async_context(rooms.office.window("lat"))
    await second.goto(f"/hall/{rooms.meeting}/{lat.id}")
    await second.get_by_test_id("enter").click()
    refused = second.get_by_test_id("refused")
    await expect(refused).to_have_attribute("data-code", "4410")
    await expect(refused.get_by_role("heading")).to_contain_text(lat.name)
    await expect(refused).to_contain_text(TITLES["running"])
    await expect(first.get_by_test_id("hall")).to_be_visible()
    await second.get_by_role("button", name="Chuyển về máy này").click()
    await expect(second.get_by_test_id("hall")).to_be_visible()
    await expect(first.get_by_test_id("refused")).to_be_visible()
    await second.close()
    await expect(first.get_by_test_id("hall")).to_be_visible()


async def test_camera_and_microphone_are_let_go_when_it_is_over(rooms: Rooms) -> None:
    lat = rooms.office.where.lat_hall
    page = await rooms.hall("lat", lat, CAMERAS)
    assert await page.evaluate(LIVE_TRACKS) == 2
    async with rooms.office.window("chair") as chair:
        await rooms.office.step(chair, rooms.meeting, "end")
        await expect(page.get_by_test_id("ended")).to_be_visible()
        await settled(page, LIVE_TRACKS, 0)
        # A reload stands where it stood, and the hall is in again when the meeting goes on.
        await page.reload()
        await expect(page.get_by_test_id("ended")).to_be_visible()
        answer = await chair.request.post(
            f"/api/meetings/{rooms.meeting}/reopen",
            headers={"X-Nhipcau": "1", "Origin": rooms.office.deployment.url},
            data={"reason": "Còn một nội dung"},
        )
        assert answer.ok, await answer.text()
    await expect(page.get_by_test_id("screen")).to_be_visible()
    await settled(page, LIVE_TRACKS, 2)
