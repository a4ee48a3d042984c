"""Real Chromium through a real node, without the product's pages: what it sends arrives, what it gets it can show."""

import contextlib
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from media.contract import Answer, LinkReport, Links
from tests.e2e.chromium import line
from tests.media.control_server import ControlServer, node_at_work, room
from tests.media.peers import TestPeer, eventually
from tests.media.relay import coturn

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # The relay of tests vouches for itself.
    "--ignore-certificate-errors",
]
PAGE = (Path(__file__).parent / "chromium_peer.html").read_text()
SLOTS = ["audio-0", "audio-1", "stage", *(f"tile-{n}" for n in range(4))]


@contextlib.asynccontextmanager
async def chromium(command: str = "/usr/bin/chromium") -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=command, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


SELECTED = """async named => {
  const all = [...(await connection.getStats()).values()];
  const pairs = all.filter(each => each.type === "transport").map(each => each.selectedCandidatePairId);
  const local = all.filter(each => pairs.includes(each.id)).map(each => each.localCandidateId);
  return all.filter(each => local.includes(each.id)).map(each => each[named]);
}"""


GATHERED = """async iceServers => {
  const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
  const found = [];
  connection.onicecandidate = event => event.candidate?.candidate && found.push(event.candidate.candidate);
  connection.addTransceiver("audio");
  await connection.setLocalDescription();
  await new Promise(done => connection.onicegatheringstatechange = () =>
    connection.iceGatheringState === "complete" && done());
  connection.close();
  return found;
}"""


class BrowserPeer:
    """One participant in a page of its own."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.colours: dict[str, str | None] = {}
        self.tones: list[str] = []

    @classmethod
    async def join(cls, browser: Browser, server: ControlServer, participant: str, **how: Any) -> "BrowserPeer":
        """`how`: `colour`, `codec`, `slots` of the page's `offer`."""
        page = await browser.new_page()
        # Localhost, because a browser gives media to secure origins only.
        await page.route("http://localhost/peer", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        await page.goto("http://localhost/peer")
        offer = await page.evaluate("how => offer(how)", {"slots": [], **how})
        answer = await server.offer(participant, "s1", offer["sdp"], publish=offer["publish"], slots=offer["slots"])
        assert isinstance(answer, Answer), answer
        await page.evaluate("sdp => answer(sdp)", answer.sdp)
        await page.wait_for_function("connection.connectionState === 'connected'", timeout=10_000)
        return cls(page)

    async def sees(self, slot: str, colour: str) -> None:
        await self._page.wait_for_function(
            "([slot, colour]) => seen(slot) === colour", arg=[slot, colour], timeout=10_000
        )

    async def hears(self, *tones: str) -> None:
        expected = ",".join(sorted(tones))
        await self._page.wait_for_function("tones => heard().join() === tones", arg=expected, timeout=10_000)

    async def protocols(self) -> list[str]:
        """Of the candidates that media goes by."""
        found: list[str] = await self._page.evaluate(SELECTED, "protocol")
        return found

    async def relayed(self) -> list[str]:
        """By what the relay is reached that media goes by."""
        found: list[str] = await self._page.evaluate(SELECTED, "relayProtocol")
        return found

    async def sending(self) -> dict[str, Any]:
        statistics: dict[str, Any] = await self._page.evaluate("sending()")
        return statistics


async def test_chromium_and_aiortc_see_and_hear_each_other(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _), chromium() as browser:
        await server.tell(room(stage="point-2", floor=["point-2"], tiles=["point-1", "point-3"]))
        green = await BrowserPeer.join(browser, server, "point-2", colour="green", slots=SLOTS)
        blue = await BrowserPeer.join(browser, server, "point-3", colour="blue", slots=SLOTS)
        red = TestPeer(server, "point-1", colour="red", slots=("audio-0", "stage"))
        await red.join()
        try:
            await blue.sees("stage", "green")
            await blue.hears("green")
            await blue.sees("tile-0", "red")
            await green.sees("tile-1", "blue")
            await eventually(lambda: red.seen["stage"].colour == "green")
            await eventually(lambda: red.heard["audio-0"].tone == "green")
            await green.hears()

            await server.tell(room(stage="point-1", floor=["point-1", "point-3"], tiles=["point-2"]))
            await blue.sees("stage", "red")
            await blue.hears("red")
            await green.sees("stage", "red")
            await green.hears("red", "blue")
            await blue.sees("tile-0", "green")
            await eventually(lambda: red.heard["audio-0"].tone == "blue")

            await server.tell(room(stage="point-3"))
            await green.hears()
            await blue.hears()
            await green.sees("stage", "blue")
        finally:
            await red.close()


async def test_a_hall_whose_firewall_lets_no_udp_through_comes_in_by_tcp(tmp_path: Path) -> None:
    with line() as behind:
        behind.forbid_udp()
        there = ("--bind", f"{behind.host_address}:0")
        async with node_at_work(tmp_path, *there) as (server, _), chromium(behind.chromium(tmp_path)) as browser:
            await server.tell(room(stage="point-2", floor=["point-1", "point-2"]))
            red = TestPeer(server, "point-1", colour="red", slots=("audio-0", "stage"))
            await red.join()
            try:
                green = await BrowserPeer.join(browser, server, "point-2", colour="green", slots=SLOTS)
                assert await green.protocols() == ["tcp"]
                await green.sees("stage", "red")
                await green.hears("red")
                await eventually(lambda: red.seen["stage"].colour == "green")
                await eventually(lambda: red.heard["audio-0"].tone == "green")
            finally:
                await red.close()


@pytest.mark.parametrize(("way", "expected"), [("udp", "udp"), ("tls", "tls")])
async def test_a_hall_that_reaches_no_port_of_the_node_comes_in_by_a_relay(
    tmp_path: Path, way: str, expected: str
) -> None:
    """By UDP where the browser is told to take nothing else; by TLS where nothing but TCP to the relay gets out."""
    with line() as behind:
        there = ("--bind", f"{behind.host_address}:0", "--tcp", "off")
        async with (
            coturn(tmp_path, behind.host_address) as relay,
            node_at_work(tmp_path, *there) as (server, _),
            chromium(behind.chromium(tmp_path)) as browser,
        ):
            how: dict[str, Any] = {"policy": "relay"}
            if way == "tls":
                behind.forbid_udp()
                how = {}
            await server.tell(room(stage="point-2", floor=["point-1", "point-2"]))
            red = TestPeer(server, "point-1", colour="red", slots=("audio-0", "stage"))
            await red.join()
            try:
                how |= {"colour": "green", "slots": SLOTS, "relays": relay.told(way)}
                green = await BrowserPeer.join(browser, server, "point-2", **how)
                assert await green.relayed() == [expected]
                await green.sees("stage", "red")
                await green.hears("red")
                await eventually(lambda: red.seen["stage"].colour == "green")
                await eventually(lambda: red.heard["audio-0"].tone == "green")
            finally:
                await red.close()


async def test_a_relay_lets_nobody_in_by_credentials_that_have_ended(tmp_path: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1, minutes=1)
    async with coturn(tmp_path, "127.0.0.1") as relay, chromium() as browser:
        for now, expected in ((yesterday, 0), (None, 1)):
            page = await browser.new_page()
            found = await page.evaluate(GATHERED, relay.told("udp", now=now))
            assert len(found) == expected


async def test_a_narrow_line_gets_sound_and_a_small_picture_and_all_of_it_when_it_widens(tmp_path: Path) -> None:
    with line() as narrow:
        there = ("--bind", f"{narrow.host_address}:0")
        async with (
            node_at_work(tmp_path, *there) as (server, _),
            chromium() as good,
            chromium(narrow.chromium(tmp_path)) as weak,
        ):
            await server.tell(room(stage="point-2", floor=["point-2"]))
            green = await BrowserPeer.join(good, server, "point-2", colour="green", rich=True)
            narrow.narrow(350)
            hall = await BrowserPeer.join(weak, server, "point-1", slots=["audio-0", "stage"])
            await server.until(lambda: line_of(server, "point-1", "reduced"), seconds=30)
            await hall.sees("stage", "green")
            await hall.hears("green")
            link = await server.until(lambda: line_of(server, "point-1", "reduced", most=400_000))
            assert link.rating != "good"
            narrow.widen()
            await server.until(lambda: line_of(server, "point-1", "full"), seconds=20)
            await hall.sees("stage", "green")
            assert (await green.sending())["codec"] == "video/VP8"


def line_of(server: ControlServer, participant: str, picture: str, most: float = math.inf) -> LinkReport | None:
    """The participant's last report, if it has this picture and takes `most` bit/s."""
    last = next((m for m in reversed(server.heard) if isinstance(m, Links)), None)
    found = [link for link in last.links if link.participant == participant] if last is not None else []
    return found[0] if found and found[0].picture_down == picture and found[0].bitrate_down <= most else None


async def test_h264_is_forwarded_between_browsers(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _), chromium() as browser:
        await server.tell(room(stage="point-2"))
        watcher = await BrowserPeer.join(browser, server, "point-1", slots=SLOTS)
        green = await BrowserPeer.join(browser, server, "point-2", colour="green", codec="video/H264")
        blue = await BrowserPeer.join(browser, server, "point-3", colour="blue")
        await watcher.sees("stage", "green")
        assert (await green.sending())["codec"] == "video/H264"
        await server.tell(room(stage="point-3"))
        await watcher.sees("stage", "blue")
        assert (await blue.sending())["codec"] == "video/VP8"
        await server.tell(room(stage="point-2"))
        await watcher.sees("stage", "green")


async def test_a_console_of_thirty_slots_is_answered_and_connects(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _), chromium() as browser:
        slots = ["audio-0", "audio-1", "audio-2", "preview-audio", "stage", "content", "preview"]
        await server.tell(room(views={"desk-a": {"tiles": ["point-1"] * 25}}))
        red = TestPeer(server, "point-1", colour="red")
        await red.join()
        try:
            console = await BrowserPeer.join(
                browser, server, "desk-a", slots=[*slots, *(f"tile-{n}" for n in range(25))]
            )
            for tile in (0, 12, 24):
                await console.sees(f"tile-{tile}", "red")
        finally:
            await red.close()
