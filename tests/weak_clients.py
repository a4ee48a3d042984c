"""A real server process with a hall and a console in a running meeting that go on working while somebody else
misbehaves: `Witnesses` notice whether they were held up."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psutil

from server.accounts.dependencies import COOKIE
from server.core.actor import SYSTEM
from server.core.services import Services
from server.migrations import upgrade
from server.papers.models import Paper
from server.wiring import components
from tests import builders, library
from tests.conftest import signed_in
from tests.deployment import Deployment
from tests.sockets import Address, LiveClient

HELD_UP_SECONDS = 5.0
"""Longest answer to a hall or console that still counts as not noticed on a machine that runs other tests beside."""


@dataclass
class Site:
    deployment: Deployment
    address: Address
    where: builders.Province
    meeting_id: int
    paper: Paper
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return self.deployment.port

    def connect(self, source: str | None = None) -> socket.socket:
        """A raw connection, from another loopback address if told so."""
        return socket.create_connection(
            ("127.0.0.1", self.port), timeout=10, source_address=(source, 0) if source else None
        )

    def browser(self, who: str) -> httpx2.AsyncClient:
        """Signed in as one of `cookies`."""
        return httpx2.AsyncClient(
            base_url=self.deployment.url,
            headers={"X-Nhipcau": "1", "Origin": self.address.origin},
            cookies={COOKIE: self.cookies[who]},
            timeout=120,
        )

    def cpu_seconds(self) -> float:
        times = psutil.Process(self.deployment.pid).cpu_times()
        return times.user + times.system

    def megabytes(self) -> float:
        return float(psutil.Process(self.deployment.pid).memory_info().rss) / 2**20

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["Witnesses"]:
        """While this is open, a hall and a console work; at its end neither was held up, lost or refused."""
        hall_point = self.where.lat_hall
        hall = await self.address.join(self.meeting_id, self.cookies["hall"], "hall", hall_point.id)
        console = await self.address.join(self.meeting_id, self.cookies["operator"], "console")
        witnesses = Witnesses(hall, console)
        working = [asyncio.create_task(witnesses.raise_hands()), asyncio.create_task(witnesses.direct())]
        try:
            yield witnesses
            await asyncio.sleep(0.5)
            for task in working:
                assert not task.done(), task.exception()
            assert witnesses.slowest < HELD_UP_SECONDS, f"held up for {witnesses.slowest:.1f} s"
            assert witnesses.answers > 4
        finally:
            for task in working:
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
            await hall.close()
            await console.close()


class Witnesses:
    def __init__(self, hall: LiveClient, console: LiveClient) -> None:
        self.hall = hall
        self.console = console
        self.slowest = 0.0
        self.answers = 0

    async def raise_hands(self) -> None:
        while True:
            await self._timed(self.hall, "hand.raise")
            await self._timed(self.hall, "hand.lower")

    async def direct(self) -> None:
        while True:
            await self._timed(self.console, "floor.mute_all")

    async def _timed(self, client: LiveClient, command: str) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(30):
                await client.command(command)
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)
        self.answers += 1
        await asyncio.sleep(0.25)


@asynccontextmanager
async def site(var: Path, **environment: str) -> AsyncIterator[Site]:
    """A deployment with a running conference; cookies of "hall", "operator", "delegate" and "organiser"."""
    deployment = Deployment(var)
    deployment.environment |= environment
    var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    try:
        where = await builders.province(services)
        meeting = await builders.conference(services, where, "running")
        async with services.transactions(SYSTEM) as tx:
            await library.delegate(tx.session, meeting, where.delegate, where.da_sar_hall)
            paper = await library.paper(tx.session, meeting)
        made = Site(deployment, Address(deployment.port), where, meeting.id, paper)
        for name, who in (
            ("hall", where.lat_hall),
            ("operator", where.operator),
            ("delegate", where.delegate),
            ("organiser", where.organiser),
            ("presenter", where.presenter),
        ):
            made.cookies[name] = await signed_in(services, who)
    finally:
        await services.stop()
    deployment.start()
    try:
        await deployment.ready(90)
        yield made
    finally:
        deployment.stop()


def opening(site: Site, cookie: str, audience: str = "member") -> bytes:
    """The handshake of a live channel, by hand."""
    return (
        f"GET /api/meetings/{site.meeting_id}/live?as={audience} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nCookie: {COOKIE}={cookie}\r\n\r\n"
    ).encode()
