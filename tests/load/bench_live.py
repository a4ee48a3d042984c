"""12,000 devices follow one presenter: a real server process, as many real WebSockets in another process, 50 pages.

What is measured is the time from the presenter's command to the receipt of the page on each device, and what that
costs the server. Presenter and devices are on one machine, so one clock times both ends.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import insert, select

from server.accounts.actions.sessions import open_session
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person, SignInSession
from server.accounts.tokens import token_hash
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate
from server.migrations import upgrade
from server.papers.actions.versions import version_ready
from server.papers.models import Paper, PaperVersion
from server.papers.routes import PictureWidth
from server.wiring import components
from tests import builders
from tests.deployment import Deployment
from tests.load.bench_halls import quantile
from tests.load.machine import cpu_seconds, on_a_deployment
from tests.sockets import Address, LiveClient

POINTS = 161
PAGES = 60
PICTURE = 60_000
"""Bytes of a page's picture for phones."""
BATCH = 1000


async def prepare(deployment: Deployment, devices: int) -> tuple[int, int, str, list[str]]:
    """A running conference over 161 points with as many delegates, all signed in, and a paper of 60 pages.
    Returns (meeting, paper, the chair's cookie, the delegates' cookies)."""
    deployment.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    try:
        where = await builders.province(services)
        async with services.transactions(SYSTEM) as tx:
            more = [
                await builders.point(tx.session, await builders.unit(tx.session, f"Xã {number}", where.root))
                for number in range(POINTS - len(where.halls))
            ]
        meeting = await builders.conference(services, where, "running", [*where.halls, *more])
        async with services.transactions(SYSTEM) as tx:
            chair = await open_session(
                tx, deployment.settings, person_id=meeting.chair_id, point_id=None, user_agent="bench"
            )
            paper = Paper(meeting_id=meeting.id, title="Dự thảo Nghị quyết", created_at=tx.now)
            tx.session.add(paper)
            await tx.session.flush()
            version = PaperVersion(
                paper_id=paper.id,
                number=1,
                file_name="nghi-quyet.pdf",
                size=1,
                sha256="0" * 64,
                folder="bench",
                page_count=PAGES,
                created_at=tx.now,
            )
            tx.session.add(version)
            await tx.session.flush()
            await version_ready(tx, version.id)
            points = [hall.id for hall in (*where.halls, *more)]
            cookies = [f"device-{number}" for number in range(devices)]
            for first in range(0, devices, BATCH):
                await _add_delegates(tx, meeting, points, cookies[first : first + BATCH], first)
        return meeting.id, paper.id, chair, cookies
    finally:
        await services.stop()


async def _add_delegates(tx: Any, meeting: Any, points: list[int], cookies: list[str], first: int) -> None:
    people = [
        {"unit_id": meeting.unit_id, "full_name": f"Đại biểu {first + n}", "search_name": f"dai bieu {first + n}"}
        for n in range(len(cookies))
    ]
    made = await tx.session.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), people)
    ids = list(made)
    await tx.session.execute(
        insert(SignInSession),
        [
            {
                "token_hash": token_hash(cookie),
                "person_id": person_id,
                "created_at": tx.now,
                "last_seen_at": tx.now,
                "expires_at": tx.now.replace(year=tx.now.year + 1),
            }
            for person_id, cookie in zip(ids, cookies, strict=True)
        ],
    )
    await tx.session.execute(
        insert(Delegate),
        [
            {
                "meeting_id": meeting.id,
                "person_id": person_id,
                "point_id": points[(first + n) % len(points)],
                "added_at": tx.now,
            }
            for n, person_id in enumerate(ids)
        ],
    )


class Devices:
    """The process of `devices.py`."""

    def __init__(
        self,
        deployment: Deployment,
        meeting_id: int,
        cookies: list[str],
        folder: Path,
        halls: list[list[str]] | None = None,
    ) -> None:
        """`halls`: [cookie, address] of halls that come in too; then everybody comes back when cut."""
        self.report = folder / "report.json"
        cookie_file = folder / "cookies"
        cookie_file.write_text("\n".join(cookies))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.devices"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._say(
            url=f"ws://127.0.0.1:{deployment.port}/api/meetings/{meeting_id}/live?as=member",
            port=deployment.port,
            origin=deployment.url,
            cookie_name=COOKIE,
            cookies=str(cookie_file),
            report=str(self.report),
            halls=halls or [],
        )

    def _say(self, **facts: object) -> None:
        assert self._process.stdin is not None
        print(json.dumps(facts), file=self._process.stdin, flush=True)

    async def heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await asyncio.to_thread(self._process.stdout.readline)
        assert line, "the devices' process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def ask(self, **facts: object) -> dict[str, Any]:
        self._say(**facts)
        return await self.heard()

    def stop(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._say(do="end")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=20)
        self._process.kill()


async def measure(deployment: Deployment, arguments: argparse.Namespace, folder: Path) -> None:
    meeting_id, paper_id, chair, cookies = await prepare(deployment, arguments.devices)
    deployment.start()
    await deployment.ready()
    server = psutil.Process(deployment.pid)
    idle_rss, devices = server.memory_info().rss, Devices(deployment, meeting_id, cookies, folder)
    try:
        began_cpu = cpu_seconds(server)
        joined = await devices.heard()
        print(f"{joined['joined']} devices joined in {joined['seconds']:.1f} s")
        joining_cpu = cpu_seconds(server) - began_cpu
        presenter = await Address(deployment.port).join(meeting_id, chair, "console")
        await presenter.command("page.present", paper_id=paper_id)
        await asyncio.sleep(arguments.settle)
        sent, turning_cpu = await _turn_pages(presenter, arguments, server)
        await asyncio.sleep(2)
        rss = server.memory_info().rss
        opened, opening_cpu = await _open_unseen(deployment, devices, server)
        totals = await devices.ask(do="report")
        delays, missing = _delays(json.loads(devices.report.read_text()), sent)
        await presenter.close()
    finally:
        devices.stop()
    per_socket = (rss - idle_rss) / arguments.devices
    print(
        f"{totals['frames']} frames received, {totals['closed']} sockets closed; {per_socket / 1024:.1f} KiB a socket"
    )
    print(f"BENCH devices={joined['joined']}")
    print(f"BENCH page_turn_p50_ms={quantile(delays, 0.5) * 1000:.0f} ms")
    print(f"BENCH page_turn_p99_ms={quantile(delays, 0.99) * 1000:.0f} ms")
    print(f"BENCH page_turn_max_ms={max(delays, default=math.nan) * 1000:.0f} ms")
    print(f"BENCH page_turns_missing={missing}")
    print(f"BENCH server_rss_mb={rss / 1e6:.0f} MB")
    print(f"BENCH server_cpu_s_per_turn={turning_cpu / arguments.turns:.3f} s")
    print(f"BENCH unseen_page_p99_s={quantile(opened, 0.99):.1f} s")
    print(f"BENCH unseen_page_missing={arguments.devices - len(opened)}")
    print(f"BENCH server_cpu_ms_per_page={opening_cpu / arguments.devices * 1000:.2f} ms")
    print(f"BENCH joined_per_s={joined['joined'] / joined['seconds']:.0f}")
    print(f"BENCH server_cpu_ms_per_join={joining_cpu / joined['joined'] * 1000:.2f} ms")


async def _open_unseen(deployment: Deployment, devices: Devices, server: psutil.Process) -> tuple[list[float], float]:
    """Every device opens a page that nobody has opened before, as a picture, on a connection of its own. (seconds of
    each that got it, the server's CPU seconds meanwhile)"""
    services = Services.start(deployment.settings, components())
    try:
        async with services.database.read() as session:
            [version] = await session.scalars(select(PaperVersion))
        await services.storage.put(f"{version.folder}/pages/9-{PictureWidth.PHONE}.webp", os.urandom(PICTURE))
    finally:
        await services.stop()
    before = cpu_seconds(server)
    path = f"/api/versions/{version.id}/pages/9/image?width={PictureWidth.PHONE}"
    opened: list[float] = (await devices.ask(do="fetch", path=path, least=PICTURE))["seconds"]
    return opened, cpu_seconds(server) - before


async def _turn_pages(
    presenter: LiveClient, arguments: argparse.Namespace, server: psutil.Process
) -> tuple[dict[int, float], float]:
    """(page -> when its command was sent, the server's CPU seconds meanwhile)."""
    sent: dict[int, float] = {}
    before = cpu_seconds(server)
    for page in range(2, 2 + arguments.turns):
        sent[page] = time.monotonic()
        await presenter.command("page.turn", page=page)
        await asyncio.sleep(max(0.0, sent[page] + arguments.pause - time.monotonic()))
    return sent, cpu_seconds(server) - before


def _delays(report: dict[str, list[float]], sent: dict[int, float]) -> tuple[list[float], int]:
    """(seconds of every device for every page, how many never came)."""
    delays, missing = [], 0
    for page, at in sent.items():
        for seen in report[str(page)]:
            if seen:
                delays.append(seen - at)
            else:
                missing += 1
    return delays, missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=12_000)
    parser.add_argument("--turns", type=int, default=50)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds from one page to the next")
    parser.add_argument("--settle", type=float, default=3.0, help="seconds before the first page")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    asyncio.run(on_a_deployment("live", measure, parser.parse_args()))


if __name__ == "__main__":
    main()
