"""Who takes part in a browser test: halls with signs of their own, and the chair at the console."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from playwright.async_api import Page, Playwright, async_playwright

from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.migrations import upgrade
from server.organisations.models import BridgePoint
from server.wiring import components
from tests import builders
from tests.conftest import signed_in
from tests.deployment import Deployment
from tests.e2e import signs
from tests.e2e.chromium import Line, chromium

T = TypeVar("T")


async def until(
    what: Callable[[], Awaitable[T]],
    wanted: Callable[[T], bool],
    seconds: float,
    saying: str,
    facts: Callable[[], Awaitable[object]] | None = None,
) -> float:
    """Asks again and again until the answer is as wanted; returns how many seconds that took. When it never is, fails
    with `facts`."""
    began = time.monotonic()
    while True:
        seen = await what()
        took = time.monotonic() - began
        if wanted(seen):
            return took
        if took > seconds:
            known = await facts() if facts else ""
            raise AssertionError(f"{saying}: still {seen!r} after {seconds:.0f} s {known}")
        await asyncio.sleep(0.1)


@dataclass
class Hall:
    """A bridge point's device. Its camera and microphone are the signs of `number`."""

    number: int
    point_id: int
    name: str
    cookie: str
    meeting_id: int
    page: Page = field(init=False)

    @property
    def path(self) -> str:
        return f"/hall/{self.meeting_id}/{self.point_id}"

    async def enter(self) -> None:
        await self.page.goto(self.path)
        await self.page.get_by_test_id("enter").click()
        await self.page.get_by_test_id("hall").wait_for()

    async def state(self) -> str | None:
        return await self.page.get_by_test_id("hall").get_attribute("data-state")

    async def layout(self) -> str | None:
        return await self.page.get_by_test_id("screen").get_attribute("data-layout")

    async def sees(self, number: int, slot: str = "stage", seconds: float = 20) -> float:
        """Waits until the received picture is hall `number`'s."""
        return await until(
            lambda: signs.picture(self.page, slot),
            lambda seen: seen == number,
            seconds,
            f"{self.name} waits for {number} in {slot}",
            self.facts,
        )

    async def sees_moving(self, number: int, seconds: float) -> None:
        """Like `sees`, and the picture goes on: a frozen last frame does not count."""
        began: float = await self.page.evaluate("performance.now()")

        async def fresh() -> bool:
            if await signs.picture(self.page, "stage") != number:
                return False
            frames: float = await self.page.evaluate(
                """() => new Promise((done) => {
                  const video = document.querySelector('video[data-slot="stage"]');
                  const patience = setTimeout(() => done(0), 1500);
                  video.requestVideoFrameCallback((now) => { clearTimeout(patience); done(now); });
                })"""
            )
            return frames > began

        await until(fresh, bool, seconds, f"{self.name} stage moving")

    async def hears(self, *numbers: int, seconds: float = 12) -> None:
        """Waits until exactly these halls are heard."""
        await until(
            lambda: signs.sounds(self.page, 1.0),
            lambda heard: heard == set(numbers),
            seconds,
            f"{self.name} waits to hear {set(numbers)}",
            self.facts,
        )

    async def facts(self) -> object:
        """What the page and its peer connections know, for the message of a failed test."""
        return await self.page.evaluate(
            """async () => {
              const hall = document.querySelector('[data-testid="hall"]')?.dataset;
              const connections = [];
              for (const connection of window.__connections) {
                const media = {};
                for (const report of (await connection.getStats()).values()) {
                  if (report.type === 'inbound-rtp')
                    media[`in ${report.mid} ${report.kind}`] =
                      [report.packetsReceived, report.framesDecoded, report.keyFramesDecoded, report.pliCount];
                  if (report.type === 'outbound-rtp')
                    media[`out ${report.mid} ${report.kind}`] =
                      [report.packetsSent, report.framesEncoded, report.frameWidth, report.active];
                }
                connections.push({ state: connection.connectionState, ice: connection.iceConnectionState, media });
              }
              const refused = document.querySelector('[data-testid="refused"]')?.dataset.code;
              return JSON.stringify({ refused, state: hall?.state, media: hall?.media, connections });
            }"""
        )

    async def force_microphone(self) -> int:
        """What a dishonest client would do: sends its microphone whatever the page decided. Returns packets sent."""
        sent: int = await self.page.evaluate(
            """async () => {
              let packets = 0;
              for (const connection of window.__connections) {
                if (connection.connectionState !== 'connected') continue;
                for (const sender of connection.getSenders()) {
                  if (sender.track?.kind !== 'audio') continue;
                  sender.track.enabled = true;
                  const { encodings, ...rest } = sender.getParameters();
                  encodings.forEach((encoding) => (encoding.active = true));
                  await sender.setParameters({ encodings, ...rest });
                  for (const report of (await sender.getStats()).values())
                    if (report.type === 'outbound-rtp') packets += report.packetsSent;
                }
              }
              return packets;
            }"""
        )
        return sent


@dataclass
class Conference:
    """A main point, two districts and four communes; the chair's console; everyone signed in."""

    deployment: Deployment
    meeting_id: int
    halls: list[Hall]
    """In this order: main, Lạc Dương, Đức Trọng, then the communes Đạ Sar, Lát, Hiệp An, Đạ Nhim."""
    chair_cookie: str
    console: Page = field(init=False)
    playwright: Playwright = field(init=False)

    @classmethod
    async def prepare(cls, deployment: Deployment) -> Self:
        """Makes the database before the server starts."""
        settings = deployment.settings
        deployment.var.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(upgrade, settings.database)
        services = Services.start(settings, components())
        where = await builders.province(services)
        async with services.transactions(SYSTEM) as tx:
            da_nhim = await builders.unit(tx.session, "Xã Đạ Nhim", where.lac_duong)
            da_nhim_hall = await builders.point(tx.session, da_nhim, "Đạ Nhim")
        points = [*where.halls, da_nhim_hall]
        meeting = await builders.conference(services, where, "open", points)

        async def cookie(who: Person | BridgePoint) -> str:
            return await signed_in(services, who)

        halls = [
            Hall(number, point.id, point.name, await cookie(point), meeting.id)
            for number, point in enumerate(points, start=1)
        ]
        made = cls(deployment, meeting.id, halls, await cookie(where.chair))
        await services.stop()
        return made

    async def bring_browsers(self, stack: AsyncExitStack, line: Line, folder: Path) -> None:
        """One Chromium a hall; the last commune's is behind `line`."""
        self.playwright = await stack.enter_async_context(async_playwright())
        for hall in self.halls:
            through = line if hall is self.halls[-1] else None
            address = through.host_address if through else "127.0.0.1"
            base_url = f"http://{address}:{self.deployment.port}"
            context = await stack.enter_async_context(
                chromium(
                    self.playwright, folder / str(hall.number), number=hall.number, base_url=base_url, through=through
                )
            )
            await context.add_cookies([{"name": COOKIE, "value": hall.cookie, "url": base_url}])
            hall.page = context.pages[0]
        context = await stack.enter_async_context(
            chromium(self.playwright, folder / "chair", base_url=self.deployment.url, viewport=(1440, 900))
        )
        await context.add_cookies([{"name": COOKIE, "value": self.chair_cookie, "url": self.deployment.url}])
        self.console = context.pages[0]

    # What the chair does at the console, by mouse.

    async def open_console(self) -> None:
        await self.console.goto(f"/meetings/{self.meeting_id}/console")
        await self.console.get_by_test_id("wall").wait_for()

    async def start(self) -> None:
        await self.console.get_by_test_id("meeting-start").click()
        await self.console.get_by_test_id("confirm").click()
        await self.console.get_by_test_id("meeting-end").wait_for()

    async def end(self) -> None:
        await self.console.get_by_test_id("meeting-end").click()
        await self.console.get_by_test_id("confirm").click()

    async def choose(self, hall: Hall) -> None:
        await self.console.locator(f'[data-point="{hall.point_id}"]').first.click()
        await self.console.get_by_test_id("point-panel").wait_for()

    async def call(self, hall: Hall) -> None:
        """Floor and stage in one act."""
        await self.choose(hall)
        await self.console.get_by_test_id("point-panel").get_by_test_id("call").click()

    async def take_back(self) -> None:
        """Ends the speech that is on stage."""
        await self.console.get_by_test_id("end-speaking").click()

    async def wall_state(self, hall: Hall) -> str | None:
        return await self.console.locator(f'[data-point="{hall.point_id}"]').first.get_attribute("data-state")

    async def wall_shows(self, hall: Hall, *states: str, seconds: float = 15) -> float:
        """Waits until the hall's cell on the wall has one of these states."""
        return await until(
            lambda: self.wall_state(hall), lambda seen: seen in states, seconds, f"{hall.name} on the wall"
        )

    @property
    def main(self) -> Hall:
        return self.halls[0]

    @property
    def commune(self) -> Hall:
        """ "Commune 3" of the scenarios: Hiệp An."""
        return self.halls[5]

    @property
    def cuttable(self) -> Hall:
        """The hall whose line can be cut: Đạ Nhim."""
        return self.halls[-1]
