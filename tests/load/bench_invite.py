"""Invitations to 12,000 people: each gets a personal link, the letter as PDF with a code of its own, the calendar's
entry, and an e-mail over real SMTP to a sink in a process of its own; the server runs as in production. Beside it
somebody asks for the meeting and for a page of its delegates again and again: the longest wait is `invite_stall_ms`,
and `invite_stall_own_ms` without what others took of the processors. After `--seconds` it counts what has come."""

import argparse
import asyncio
import contextlib
import secrets
import time
from pathlib import Path

import httpx2
import psutil
from sqlalchemy import delete, func, insert, select

from server.accounts.actions.sessions import open_session
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.demo.load import conference, load
from server.jobs.models import Job
from server.meetings.models import Delegate, MemberPoint
from server.migrations import upgrade
from server.organisations.models import BridgePoint
from server.wiring import components
from tests.deployment import Deployment
from tests.load.bench_halls import quantile
from tests.load.machine import Waits, cpu_seconds, on_a_deployment
from tests.load.smtp_sink import Sink

PAUSE = 0.02


async def fill(deployment: Deployment, people: int) -> tuple[int, str]:
    """The demo's conference with so many more delegates who have an address. Returns it, and an organiser's cookie."""
    deployment.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    try:
        await load(services)
        async with services.transactions(SYSTEM) as tx:
            # The demo's papers would be converted meanwhile.
            await tx.session.execute(delete(Job))
            meeting = await conference(tx.session)
            await tx.session.execute(Delegate.__table__.delete().where(Delegate.meeting_id == meeting.id))
            rows = await tx.session.execute(
                select(MemberPoint.point_id, BridgePoint.unit_id)
                .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
                .where(MemberPoint.meeting_id == meeting.id)
            )
            points = list(rows.all())
            first = (await tx.session.scalar(select(func.max(Person.id))) or 0) + 1
            for start in range(0, people, 500):
                numbers = range(start, min(start + 500, people))
                await tx.session.execute(
                    insert(Person),
                    [
                        {
                            "id": first + number,
                            "unit_id": points[number % len(points)][1],
                            "full_name": f"Đại biểu số {number}",
                            "search_name": f"dai bieu so {number}",
                            "title": "Bí thư Đảng ủy, Chủ tịch Hội đồng nhân dân xã",
                            "email": f"dai-bieu-{number}@hop.test",
                        }
                        for number in numbers
                    ],
                )
                await tx.session.execute(
                    insert(Delegate),
                    [
                        {
                            "meeting_id": meeting.id,
                            "person_id": first + number,
                            "point_id": points[number % len(points)][0],
                            "added_at": tx.now,
                        }
                        for number in numbers
                    ],
                )
            cookie = await open_session(
                tx, deployment.settings, person_id=meeting.created_by, point_id=None, user_agent="bench"
            )
            return meeting.id, cookie
    finally:
        await services.stop()


async def measure(deployment: Deployment, arguments: argparse.Namespace, _folder: Path) -> None:
    sink = Sink()
    try:
        meeting_id, cookie = await fill(deployment, arguments.people)
        deployment.environment["NHIPCAU_SMTP_URL"] = f"smtp://127.0.0.1:{sink.port}"
        deployment.start()
        await deployment.ready()
        headers = {"Cookie": f"{COOKIE}={cookie}", "X-Nhipcau": "1", "Origin": deployment.url}
        async with httpx2.AsyncClient(base_url=deployment.url, headers=headers, timeout=120) as client:
            for _ in range(20):
                (await client.get(f"/api/meetings/{meeting_id}")).raise_for_status()
            waits = Waits(deployment.pid)
            server = psutil.Process(deployment.pid)
            begun, spent, carriers = time.time(), cpu_seconds(server), 0.0
            answer = await client.post(
                f"/api/meetings/{meeting_id}/links",
                json={"delegate_ids": None, "send": True},
                headers={"Idempotency-Key": secrets.token_hex(16)},
            )
            answer.raise_for_status()
            assert answer.json()["queued"] == arguments.people
            taken: list[tuple[float, int]] = []
            while len(taken) < arguments.people and time.time() - begun < arguments.seconds:
                for path in (f"/api/meetings/{meeting_id}", f"/api/meetings/{meeting_id}/delegates?limit=50"):
                    (await waits.of(client.get(path))).raise_for_status()
                    await asyncio.sleep(PAUSE)
                taken += sink.taken()
                carriers = max(carriers, _carriers(server))
            assert taken, "no e-mail has come"
            spent = cpu_seconds(server) - spent
        seconds = max(at for at, _ in taken) - begun
        size = sum(each for _, each in taken) / len(taken) / 1024
        print(f"{len(taken)} of {arguments.people} e-mails of {size:.0f} KiB in {seconds:.1f} s, while")
        print(f"{len(waits.own)} other requests were answered")
        print(f"BENCH invitations_per_s={len(taken) / seconds:.0f}")
        print(f"BENCH invite_server_cpu_ms={spent / len(taken) * 1000:.2f}")
        print(f"BENCH invite_carrier_cpu_ms={carriers / len(taken) * 1000:.2f}")
        print(f"BENCH invite_wait_p50_ms={quantile(waits.by_clock, 0.5):.1f}")
        print(f"BENCH invite_wait_p99_ms={quantile(waits.by_clock, 0.99):.1f}")
        print(f"BENCH invite_stall_own_ms={max(waits.own):.1f}")
        print(f"BENCH invite_stall_ms={max(waits.by_clock):.1f}")
    finally:
        sink.stop()


def _carriers(server: psutil.Process) -> float:
    """Processor time of the processes that carry the e-mails."""
    spent = 0.0
    for child in server.children():
        with contextlib.suppress(psutil.Error):
            if "server.notifications.sending_child" in child.cmdline():
                spent += cpu_seconds(child)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=12_000)
    parser.add_argument("--seconds", type=float, default=120.0, help="ended after")
    parser.add_argument("--log", action="store_true")
    asyncio.run(on_a_deployment("invite", measure, parser.parse_args()))


if __name__ == "__main__":
    main()
