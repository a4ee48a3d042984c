"""An office at work: a deployment with a meeting in each state, one browser with windows of different people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from server.accounts.actions import links
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.accounts.passwords import Passwords
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from server.migrations import upgrade
from server.organisations.models import BridgePoint
from server.wiring import components
from tests import builders
from tests.conftest import signed_in
from tests.deployment import Deployment
from tests.e2e.chromium import CONSOLE_WALL
from tests.e2e.engines import CHROMIUM, Engine

LOGIN, PASSWORD = "tochuc", "một câu ngắn dễ nhớ"
PATIENCE_MS = 15_000
"""The machine may be busy with other tests."""

TITLES = {
    "draft": "Hội nghị sơ kết sáu tháng",
    "invited": "Hội nghị trực tuyến quán triệt Nghị quyết số 57-NQ/TW",
    "open": "Phiên họp Ủy ban nhân dân tỉnh thường kỳ",
    "running": "Hội nghị triển khai nhiệm vụ phát triển kinh tế - xã hội và bảo đảm quốc phòng, an ninh",
    "ended": "Hội nghị tổng kết công tác phòng, chống thiên tai",
}


@dataclass
class Office:
    deployment: Deployment
    where: builders.Province
    meetings: dict[str, int]
    """Ids, by state."""
    cookies: dict[str, str]
    """Of everybody who may have a window."""
    link: str
    """Leads the presenter to the open meeting."""
    ended_link: str
    engine: Engine = field(init=False)
    browser: Browser = field(init=False)

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        folder: Path,
        engine: Engine = CHROMIUM,
        *,
        beside: Callable[[Deployment], None] | None = None,
        prepare: Callable[["Office", Services], Awaitable[None]] | None = None,
    ) -> AsyncIterator["Office"]:
        """`beside`: what the server needs beside it, and is told of. `prepare`: what else there is, before it runs."""
        with engine.addresses() as addresses:
            deployment = Deployment(folder, addresses)
            deployment.environment["NHIPCAU_EXTRA_ORIGINS"] = f"http://hop.lan:{deployment.port}"
            if beside is not None:
                beside(deployment)
            office = await cls._prepared(deployment, prepare)
            deployment.start()
            try:
                await deployment.ready()
                async with async_playwright() as playwright, engine.shared(playwright) as browser:
                    office.engine, office.browser = engine, browser
                    await office._lead_on()
                    yield office
            finally:
                deployment.stop()

    @classmethod
    async def _prepared(
        cls, deployment: Deployment, prepare: Callable[["Office", Services], Awaitable[None]] | None
    ) -> "Office":
        await asyncio.to_thread(upgrade, deployment.settings.database)
        services = Services.start(deployment.settings, components())
        where = await builders.province(services)
        password_hash = await Passwords(1).hash(PASSWORD)
        async with services.transactions(SYSTEM) as tx:
            organiser = await tx.session.get_one(Person, where.organiser.id)
            organiser.password_hash = password_hash
            colleague = await builders.person(tx.session, where.root, "Trịnh Đồng Soạn", Role.ORGANISER)
            meetings = {}
            for state, title in TITLES.items():
                made = await builders.meeting(
                    tx.session,
                    where.root,
                    where.halls,
                    state="open" if state in ("running", "ended") else state,
                    chair=where.chair,
                    secretary=where.secretary,
                    presenter=where.presenter,
                    created_by=where.organiser,
                    title=title,
                )
                meetings[state] = made.id
            ended_link, _ = await links.create_link(tx, person_id=where.presenter.id)
            next_path = f"/meetings/{meetings['open']}"
            link, _ = await links.create_link(tx, person_id=where.presenter.id, next_path=next_path, replace=True)
        people: dict[str, Person | BridgePoint] = {
            "organiser": where.organiser,
            "admin": where.admin,
            "colleague": colleague,
            "chair": where.chair,
            "presenter": where.presenter,
            "technician": where.district_technician,
            "main": where.main,
            "hiep-an": where.hiep_an_hall,
            "lat": where.lat_hall,
        }
        cookies = {name: await signed_in(services, who) for name, who in people.items()}
        office = cls(deployment, where, meetings, cookies, link, ended_link)
        if prepare is not None:
            await prepare(office, services)
        await services.stop()
        return office

    async def _lead_on(self) -> None:
        """Two meetings are started, one of them is over."""
        async with self.window("chair") as page:
            for state, steps in (("running", ("start",)), ("ended", ("start", "end"))):
                for step in steps:
                    await self.step(page, self.meetings[state], step)

    async def step(self, page: Page, meeting_id: int, step: str) -> None:
        """Leads a meeting on, past the page."""
        answer = await page.request.post(
            f"/api/meetings/{meeting_id}/{step}", headers={"X-Nhipcau": "1", "Origin": self.deployment.url}
        )
        assert answer.ok, await answer.text()

    @asynccontextmanager
    async def window(self, who: str | None = None, *, width: int = 1280, height: int = 800) -> AsyncIterator[Page]:
        """A browser window of somebody's own; of nobody signed in without a name."""
        context: BrowserContext = await self.browser.new_context(
            base_url=self.deployment.url,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            **self.engine.devices,
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        for script in (CONSOLE_WALL, *self.engine.scripts):
            await context.add_init_script(script)
        if who is not None:
            await context.add_cookies([{"name": COOKIE, "value": self.cookies[who], "url": self.deployment.url}])
        try:
            yield await context.new_page()
        finally:
            await context.close()
