"""A meeting with papers: a deployment that converts, an organiser, a chair, a hall, and a delegate who came by a
personal link; each with a browser window of the size they have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from server.accounts.actions.links import make_bound_links
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate, Meeting
from server.migrations import upgrade
from server.organisations.models import BridgePoint
from server.wiring import components
from tests import builders, papers
from tests.conftest import signed_in
from tests.deployment import Deployment
from tests.e2e.engines import Engine
from tests.e2e.people import until

PATIENCE_MS = 30_000
"""The machine may be busy with other tests."""
PHONE, DESK = (390, 844), (1280, 800)


@dataclass
class ReadingRoom:
    deployment: Deployment
    where: builders.Province
    meeting_id: int
    code: str
    link: str
    """The delegate's, "/join/…"."""
    cookies: dict[str, str]
    engine: Engine = field(init=False)
    browser: Browser = field(init=False)

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path, engine: Engine, **settings: str) -> AsyncIterator["ReadingRoom"]:
        """`settings`: of the server, as in the environment."""
        with engine.addresses() as addresses:
            deployment = Deployment(folder, addresses)
            deployment.environment |= settings
            room = await cls._prepared(deployment)
            deployment.start()
            try:
                await deployment.ready()
                async with async_playwright() as playwright, engine.shared(playwright) as browser:
                    room.engine, room.browser = engine, browser
                    yield room
            finally:
                deployment.stop()

    @classmethod
    async def _prepared(cls, deployment: Deployment) -> "ReadingRoom":
        await asyncio.to_thread(upgrade, deployment.settings.database)
        services = Services.start(deployment.settings, components())
        where = await builders.province(services)
        meeting = await builders.conference(services, where, "open")
        async with services.transactions(SYSTEM) as tx:
            row = await tx.session.get_one(Meeting, meeting.id)
            tx.session.add(
                Delegate(
                    meeting_id=meeting.id, person_id=where.delegate.id, point_id=where.da_sar_hall.id, added_at=tx.now
                )
            )
            made = await make_bound_links(
                tx,
                meeting.id,
                [where.delegate.id],
                next_path=f"/meetings/{meeting.id}/delegate",
                expires_at=tx.now + timedelta(days=7),
            )
            link = made[where.delegate.id].path
        people: dict[str, Person | BridgePoint] = {
            "organiser": where.organiser,
            "chair": where.chair,
            "presenter": where.presenter,
            "hall_secretary": where.hall_secretary,
            "hall": where.da_sar_hall,
        }
        cookies = {name: await signed_in(services, who) for name, who in people.items()}
        await services.stop()
        return cls(deployment, where, meeting.id, row.public_code, link, cookies)

    @asynccontextmanager
    async def window(self, who: str | None = None, size: tuple[int, int] = DESK) -> AsyncIterator[Page]:
        context: BrowserContext = await self.browser.new_context(
            base_url=self.deployment.url,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        if who is not None:
            await context.add_cookies([{"name": COOKIE, "value": self.cookies[who], "url": self.deployment.url}])
        try:
            yield await context.new_page()
        finally:
            await context.close()

    @asynccontextmanager
    async def delegate(self, size: tuple[int, int] = PHONE) -> AsyncIterator[Page]:
        """One of the delegate's devices, in by the personal link, its service worker in charge."""
        async with self.window(size=size) as page:
            await page.goto(self.link)
            await page.get_by_test_id("delegate").wait_for()
            await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            yield page

    def address(self, rest: str = "") -> str:
        return f"/meetings/{self.meeting_id}{rest}"

    async def library(self, page: Page) -> list[dict[str, Any]]:
        """The papers as the page's person sees them."""
        answer: Any = await self.ask(page, "GET", f"/api{self.address('/papers')}")
        found: list[dict[str, Any]] = answer["papers"]
        return found

    async def uploaded(self, folder: Path, pages: int = 6) -> int:
        """The organiser's way: a file into the page; waits until the conversion is done. Once a module."""
        async with self.window("organiser") as desk:
            present = await self.library(desk)
            if present:
                return int(present[0]["id"])
            await desk.goto(self.address("/papers"))
            await desk.get_by_test_id("add-papers").set_input_files(
                papers.file(folder, "bao-cao-quy.pdf", papers.pdf(pages))
            )
            await until(
                lambda: self.library(desk),
                lambda found: bool(found) and found[0]["state"] == "ready",
                120,
                "the uploaded paper",
            )
            await expect(desk.get_by_text("Sẵn sàng").first).to_be_visible()
            return int((await self.library(desk))[0]["id"])

    async def present(self, console: Page, paper: int) -> None:
        """The chair's way, from the console."""
        await console.goto(self.address("/console"))
        await console.get_by_test_id("present-open").first.click()
        await console.locator(f'[data-testid="present-paper"][data-paper="{paper}"]').click()

    async def knock(self, stranger: Page) -> None:
        """Fills in the request on the door's page, and sends it."""
        form = stranger.get_by_test_id("request-form")
        await form.get_by_label("Họ và tên").fill("Trần Khách Mời")
        await form.get_by_label("Đơn vị").fill("Hội Nông dân xã Đạ Sar")
        await form.get_by_label("Số điện thoại").fill("0912 345 678")
        await stranger.get_by_test_id("request-send").click()

    async def ask(self, page: Page, method: str, path: str, data: object = None) -> object:
        """A request of the page's person, past the page."""
        answer = await page.request.fetch(
            path,
            method=method,
            data=data,
            headers={"X-Nhipcau": "1", "Origin": self.deployment.url},
        )
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
        return await answer.json() if await answer.body() else None
