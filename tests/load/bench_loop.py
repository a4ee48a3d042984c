"""Every heavy act at full size while pages turn: 12,000 delegates, 161 halls, 5,000 past meetings, a real server
process with as many real WebSockets. What is measured is how long the event loop stood still, as the server's own
watchdog says, and what became of the pages meanwhile."""

import argparse
import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import insert, select, update

from server.accounts.actions.sessions import open_session
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.papers.models import Paper
from server.reading.models import Receipt
from server.wiring import components
from tests.deployment import Deployment
from tests.load.bench_halls import quantile
from tests.load.bench_live import Devices, prepare
from tests.load.machine import be_elsewhere, on_a_deployment
from tests.sockets import Address, LiveClient

COUNTED_MS = 5.0
"""From here on a stall is shown with what held the loop."""
HELD = re.compile(r"loop-held\s+cpu_ms=([0-9.]+)\s+ms=([0-9.]+)\s+queued_ms=([0-9.]+)\s+where=(.*)")

Act = Callable[[], Awaitable[httpx2.Response]]


class Pages:
    """The presenter turns a page now and then, as long as it is asked to."""

    def __init__(self, presenter: LiveClient, pages: int, pause: float) -> None:
        self.sent: dict[int, float] = {}
        self._presenter, self._pages, self._pause = presenter, pages, pause
        self._next = 2

    async def turn(self) -> None:
        while self._next < self._pages:
            self.sent[self._next] = time.monotonic()
            await self._presenter.command("page.turn", page=self._next)
            self._next += 1
            await asyncio.sleep(self._pause)


async def fill(deployment: Deployment, meeting_id: int, past: int) -> tuple[str, str, int]:
    """Past meetings of all halls; everybody has opened the paper and has an address. Returns the cookies of an
    organiser and of a hall, and that hall's point."""
    services = Services.start(deployment.settings, components())
    try:
        async with services.transactions(SYSTEM) as tx:
            session = tx.session
            meeting = await session.get_one(Meeting, meeting_id)
            left_out = ("id", "public_code", "state", "title", "search_title", "starts_at")
            like = {c.name: getattr(meeting, c.name) for c in Meeting.__table__.columns if c.name not in left_out}
            rows = [
                {
                    **like,
                    "title": f"Giao ban {number}",
                    "search_title": f"giao ban {number}",
                    "description": "Nội dung " * 200,
                    "state": "ended",
                    "public_code": f"past{number}",
                    "starts_at": meeting.starts_at - timedelta(days=number + 1),
                }
                for number in range(past)
            ]
            for first in range(0, past, 500):
                await session.execute(insert(Meeting), rows[first : first + 500])
            points = list(
                await session.scalars(select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id))
            )
            ids = list(await session.scalars(select(Meeting.id).where(Meeting.state == "ended")))
            for past_id in ids:
                await session.execute(
                    insert(MemberPoint), [{"meeting_id": past_id, "point_id": point_id} for point_id in points]
                )
            await session.execute(update(Person).where(Person.login.is_(None)).values(email="ai-do@hop.test"))
            people = list(await session.scalars(select(Delegate.person_id).where(Delegate.meeting_id == meeting_id)))
            [version_id] = await session.scalars(select(Paper.current_version_id))
            for first in range(0, len(people), 1000):
                await session.execute(
                    insert(Receipt),
                    [
                        {"person_id": person_id, "version_id": version_id, "opened_at": tx.now}
                        for person_id in people[first : first + 1000]
                    ],
                )
            organiser = await open_session(
                tx, deployment.settings, person_id=meeting.created_by, point_id=None, user_agent="bench"
            )
            hall = await open_session(tx, deployment.settings, person_id=None, point_id=points[5], user_agent="bench")
        return organiser, hall, points[5]
    finally:
        await services.stop()


def acts(clients: dict[str, httpx2.AsyncClient], meeting_id: int, paper_id: int, hall: int) -> list[tuple[str, Act]]:
    """What an organiser, a delegate and a hall ask for at full size. Name -> the request."""
    organiser, delegate = clients["organiser"], clients["delegate"]
    here = f"/api/meetings/{meeting_id}"

    def get(client: httpx2.AsyncClient, path: str) -> Act:
        return lambda: client.get(path)

    def post(path: str, **body: Any) -> Act:
        return lambda: organiser.post(path, json=body, headers={"Idempotency-Key": secrets.token_hex(16)})

    return [
        ("meetings, organiser", get(organiser, "/api/meetings?limit=200")),
        ("meetings, delegate", get(delegate, "/api/meetings")),
        ("meetings, hall", get(clients["hall"], "/api/meetings")),
        ("delegates, first page", get(organiser, f"{here}/delegates?limit=500")),
        ("delegates, last page", get(organiser, f"{here}/delegates?limit=500&offset=11500")),
        ("add one delegate", post(f"{here}/delegates", point_id=hall, people=[{"full_name": "Người Mới"}])),
        ("add another", post(f"{here}/delegates", point_id=hall, people=[{"full_name": "Người Mới Nữa"}])),
        ("turnout", get(organiser, f"{here}/people")),
        ("a hall's list", get(organiser, f"{here}/points/{hall}/people")),
        ("board of receipts", get(organiser, f"{here}/receipts")),
        ("sheet of people", get(organiser, f"{here}/people.xlsx")),
        ("report of people", get(organiser, f"{here}/people.pdf")),
        ("sheet of points", get(organiser, f"{here}/attendance.xlsx")),
        ("reminders", post(f"{here}/reminders", gap="unfinished")),
        ("links handed out", post(f"{here}/links", delegate_ids=None, send=False)),
        ("links sent", post(f"{here}/links", delegate_ids=None, send=True)),
        ("a paper recalled that all have opened", post(f"/api/papers/{paper_id}/recall", reason="Sai số liệu")),
    ]


async def measure(deployment: Deployment, arguments: argparse.Namespace, folder: Path) -> None:
    meeting_id, paper_id, chair, cookies = await prepare(deployment, arguments.devices)
    organiser, hall_cookie, hall = await fill(deployment, meeting_id, arguments.past)
    deployment.environment["NHIPCAU_LOG_STALLS_MS"] = str(COUNTED_MS)
    deployment.start()
    await deployment.ready()
    be_elsewhere()
    devices = Devices(deployment, meeting_id, cookies, folder)
    try:
        joined = await devices.heard()
        print(f"{joined['joined']} devices joined in {joined['seconds']:.1f} s")
        presenter = await Address(deployment.port).join(meeting_id, chair, "console")
        await presenter.command("page.present", paper_id=paper_id)
        await asyncio.sleep(3)
        pages = Pages(presenter, 60, arguments.pause)
        turning = asyncio.create_task(pages.turn())
        clients = {
            name: httpx2.AsyncClient(
                base_url=deployment.url,
                timeout=120,
                cookies={COOKIE: cookie},
                headers={"Origin": deployment.url, "X-Nhipcau": "1"},
            )
            for name, cookie in (("organiser", organiser), ("delegate", cookies[0]), ("hall", hall_cookie))
        }
        worst: list[Stall] = []
        for name, act in acts(clients, meeting_id, paper_id, hall):
            if name.startswith("a paper recalled"):
                # From here on there is no page to turn: what was turned until now is measured.
                turning.cancel()
            before = deployment.log.stat().st_size
            began = time.monotonic()
            answer = await act()
            await asyncio.sleep(arguments.between)
            held = stalls(deployment, before)
            worst += held
            print(
                f"{name:<40} {answer.status_code} {time.monotonic() - began - arguments.between:6.2f} s, "
                f"loop held {len(held)} times, longest {max((each.ms for each in held), default=0.0):.1f} ms"
            )
            for each in sorted(held, key=lambda each: -each.ms)[:2]:
                print(
                    f"    {each.ms:.1f} ms, {each.work:.1f} of work, {each.queued:.1f} in the queue: {each.where[:900]}"
                )
            for line in collections(deployment, before):
                print(f"    {line}")
            if answer.status_code >= 400:
                print(f"    {answer.text[:300]}")
        turning.cancel()
        await asyncio.sleep(1)
        await devices.ask(do="report")
        report = json.loads(devices.report.read_text())
        delays = [seen - at for page, at in pages.sent.items() for seen in report.get(str(page), []) if seen]
        await presenter.close()
        for client in clients.values():
            await client.aclose()
    finally:
        devices.stop()
    print(f"BENCH loop_stall_max_ms={max((each.ms for each in worst), default=0.0):.1f} ms")
    print(f"BENCH loop_work_max_ms={max((each.work for each in worst), default=0.0):.1f} ms")
    print(f"BENCH loop_queued_max_ms={max((each.queued for each in worst), default=0.0):.1f} ms")
    print(f"BENCH page_turn_p99_ms={quantile(delays, 0.99) * 1000:.0f} ms")
    print(f"BENCH page_turns={len(pages.sent)}")


@dataclass(frozen=True)
class Stall:
    """Milliseconds that the loop stood; of these, its own work, and waiting for a processor that others had."""

    ms: float
    work: float
    queued: float
    where: str


def logged(deployment: Deployment, since: int) -> str:
    """What the server wrote since this place in its log."""
    with deployment.log.open("rb") as log:
        log.seek(since)
        return re.sub(r"\x1b\[[0-9;]*m", "", log.read().decode(errors="replace"))


def collections(deployment: Deployment, since: int) -> list[str]:
    """The garbage collector's long looks."""
    return [
        line[line.index("collector-held") :]
        for line in logged(deployment, since).splitlines()
        if "collector-held" in line
    ]


def stalls(deployment: Deployment, since: int) -> list[Stall]:
    """Since this place in the server's log."""
    text = logged(deployment, since)
    return [Stall(float(ms), float(cpu), float(queued), at.strip()) for cpu, ms, queued, at in HELD.findall(text)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=12_000)
    parser.add_argument("--past", type=int, default=5_000, help="meetings that have ended")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds from one page to the next")
    parser.add_argument("--between", type=float, default=2.0, help="seconds after each act")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    asyncio.run(on_a_deployment("loop", measure, parser.parse_args()))


if __name__ == "__main__":
    main()
