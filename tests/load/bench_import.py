"""Twelve thousand people come in from one file while somebody else reads and writes: how fast, and how long the other
waits, by the clock and without what others took of the processors. A real server process; the other's requests one
after the other, as people's pages ask."""

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from server.accounts.actions.sessions import open_session
from server.accounts.dependencies import COOKIE
from server.core.actor import SYSTEM
from server.core.services import Services
from server.migrations import upgrade
from server.wiring import components
from tests import builders
from tests.deployment import Deployment
from tests.load.bench_halls import quantile
from tests.load.machine import Waits, on_a_deployment
from tests.server.exchange.files import PEOPLE, workbook

UNITS = 160
PAUSE = 0.02
"""Seconds between the other's requests."""


@dataclass
class Other:
    """Looks at the tree and marks notices as read, again and again: one request that reads, one that writes."""

    client: httpx2.AsyncClient
    pid: int

    def __post_init__(self) -> None:
        self.reads, self.writes = Waits(self.pid), Waits(self.pid)

    async def work(self) -> None:
        while True:
            assert (await self.reads.of(self.client.get("/api/session"))).status_code == 200
            read = self.client.post("/api/notices/read", json={"ids": None})
            assert (await self.writes.of(read)).status_code < 300
            await asyncio.sleep(PAUSE)

    def told(self, when: str) -> tuple[float, float]:
        """The longest, in milliseconds: by the clock, and without what others took of the processors."""
        print(
            f"{when:<22}"
            + ";".join(
                f" {name} p99 {quantile(waits.by_clock, 0.99):6.1f} ms, longest {max(waits.by_clock):6.1f}, own"
                f" {max(waits.own):6.1f}"
                for name, waits in (("reads", self.reads), ("writes", self.writes))
            )
        )
        both = self.reads, self.writes
        self.__post_init__()
        return max(max(each.by_clock) for each in both), max(max(each.own) for each in both)


async def prepare(deployment: Deployment) -> tuple[str, str]:
    """A province of 160 communes. Cookies of its administrator and of an organiser."""
    deployment.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    try:
        province = await builders.province(services)
        async with services.transactions(SYSTEM) as tx:
            for number in range(UNITS):
                await builders.unit(tx.session, f"Xã Số {number}", province.lac_duong)
            cookies = [
                await open_session(tx, deployment.settings, person_id=who.id, point_id=None, user_agent="bench")
                for who in (province.admin, province.organiser)
            ]
    finally:
        await services.stop()
    return cookies[0], cookies[1]


def file_of(people: int) -> bytes:
    rows = [
        [
            f"Nguyễn Văn Người {number}",
            "Chuyên viên",
            f"Xã Số {number % UNITS}",
            f"nguoi{number}@hop.test",
            f"09{number:08}",
            "",
            "Đại biểu" if number % 3 else "",
        ]
        for number in range(people)
    ]
    return workbook(PEOPLE, *rows)


async def until(client: httpx2.AsyncClient, batch: dict[str, Any], *states: str) -> dict[str, Any]:
    while batch["state"] not in states:
        assert batch["state"] in ("reading", "applying", "undoing"), batch
        await asyncio.sleep(0.2)
        batch = (await client.get(f"/api/exchange/batches/{batch['id']}")).json()
    return batch


async def measure(deployment: Deployment, arguments: argparse.Namespace, _folder: Path) -> None:
    admin_cookie, other_cookie = await prepare(deployment)
    content = await asyncio.to_thread(file_of, arguments.people)
    deployment.start()
    await deployment.ready()
    common: dict[str, Any] = {
        "base_url": deployment.url,
        "timeout": 120,
        "headers": {"Origin": deployment.url, "X-Nhipcau": "1"},
    }
    async with (
        httpx2.AsyncClient(cookies={COOKIE: admin_cookie}, **common) as admin,
        httpx2.AsyncClient(cookies={COOKIE: other_cookie}, **common) as theirs,
    ):
        other = Other(theirs, deployment.pid)
        working = asyncio.create_task(other.work())
        await asyncio.sleep(5)
        other.told("before")
        began = time.monotonic()
        sent = await admin.post("/api/exchange/batches", params={"kind": "people", "name": "a.xlsx"}, content=content)
        batch = await until(admin, sent.json(), "ready")
        read = time.monotonic() - began
        longest = [other.told("while it is read")]
        assert batch["added"] == arguments.people, batch
        began = time.monotonic()
        applying = (await admin.post(f"/api/exchange/batches/{batch['id']}/apply")).json()
        await until(admin, applying, "applied")
        applied = time.monotonic() - began
        longest.append(other.told("while it is applied"))
        began = time.monotonic()
        await until(admin, (await admin.post(f"/api/exchange/batches/{batch['id']}/undo")).json(), "undone")
        undone = time.monotonic() - began
        longest.append(other.told("while it is undone"))
        working.cancel()
    print(f"{arguments.people} people: read in {read:.1f} s, applied in {applied:.1f} s, undone in {undone:.1f} s")
    print(f"BENCH import_people_per_s={arguments.people / (read + applied):.0f}")
    print(f"BENCH import_stall_own_ms={max(own for _, own in longest):.1f}")
    print(f"BENCH import_stall_ms={max(by_clock for by_clock, _ in longest):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=12_000)
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    asyncio.run(on_a_deployment("import", measure, parser.parse_args()))


if __name__ == "__main__":
    main()
