"""A server is killed with 12,000 devices and 161 halls on it, and started again: how long until everybody is back with
a snapshot, what that costs, and whether anything is lost. Devices and halls spread their attempts at random as the web
does, and wait as long as the server says. Times count from when the server answers again."""

import argparse
import asyncio
import json
import time
from pathlib import Path

import psutil
from sqlalchemy import select

from server.accounts.actions.sessions import open_session
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import MemberPoint
from server.wiring import components
from tests.deployment import Deployment
from tests.load.bench_halls import quantile
from tests.load.bench_live import Devices, prepare
from tests.load.machine import cpu_seconds, on_a_deployment
from tests.sockets import Address


async def seats(deployment: Deployment, meeting_id: int) -> list[list[str]]:
    """[cookie, address] of every hall's own device."""
    services = Services.start(deployment.settings, components())
    try:
        async with services.transactions(SYSTEM) as tx:
            points = await tx.session.scalars(select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id))
            live = f"ws://127.0.0.1:{deployment.port}/api/meetings/{meeting_id}/live?as=hall"
            return [
                [
                    await open_session(tx, deployment.settings, person_id=None, point_id=point_id, user_agent="bench"),
                    f"{live}&point={point_id}",
                ]
                for point_id in list(points)
            ]
    finally:
        await services.stop()


async def measure(deployment: Deployment, arguments: argparse.Namespace, folder: Path) -> None:
    meeting_id, paper_id, chair, cookies = await prepare(deployment, arguments.devices)
    halls = await seats(deployment, meeting_id)
    deployment.start()
    await deployment.ready()
    devices = Devices(deployment, meeting_id, cookies, folder, halls=halls)
    everybody = len(cookies) + len(halls)
    try:
        joined = await devices.heard()
        print(f"{joined['joined']} joined in {joined['seconds']:.1f} s")
        presenter = await Address(deployment.port).join(meeting_id, chair, "console")
        await presenter.command("page.present", paper_id=paper_id)
        await presenter.command("page.turn", page=7)
        await asyncio.sleep(2)
        cut_before = (await devices.ask(do="cut"))["closed"]
        deployment.kill()
        killed = time.monotonic()
        deployment.start()
        listening = await _listening(deployment)
        server = psutil.Process(deployment.pid)
        used = cpu_seconds(server)
        while (back := (await devices.ask(do="returned"))["back"]) < everybody:
            if time.monotonic() - listening > arguments.patience:
                break
            await asyncio.sleep(0.5)
        joining = cpu_seconds(server) - used
        await devices.ask(do="times")
        times = {int(number): at - listening for number, at in json.loads(devices.report.read_text()).items()}
        of_halls = [at for number, at in times.items() if number >= len(cookies)]
        of_devices = [at for number, at in times.items() if number < len(cookies)]
        again = await Address(deployment.port).join(meeting_id, chair, "console")
        kept = again.state["presentation"][""]["page"]
        await again.command("page.turn", page=8)
        await asyncio.sleep(3)
        seen = (await devices.ask(do="count", page=8))["seen"]
        await again.close()
    finally:
        devices.stop()
    print(f"{cut_before} lines were lost before the kill; {back} of {everybody} came back after it")
    print(f"BENCH server_starts_s={listening - killed:.1f} s")
    print(f"BENCH halls_back_p95_ms={quantile(of_halls, 0.95) * 1000:.0f} ms")
    print(f"BENCH devices_back_p99_s={quantile(of_devices, 0.99):.1f} s")
    print(f"BENCH join_cpu_ms={joining / everybody * 1000:.2f} ms")
    print(f"BENCH return_page_kept={int(kept == 7)}")
    print(f"BENCH return_missing={everybody - seen}")
    if cut_before or back < everybody or seen < everybody or kept != 7:
        raise SystemExit("somebody did not come back, or came back to something else")


async def _listening(deployment: Deployment, seconds: float = 40.0) -> float:
    """When the server takes connections. Asked below HTTP: among thousands who come back at once, a request of ours
    would wait its turn, and they would seem to be back before the server is."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", deployment.port)
        except OSError:
            assert time.monotonic() < deadline, f"does not listen:\n{deployment.tail()}"
            await asyncio.sleep(0.02)
        else:
            at = time.monotonic()
            writer.close()
            return at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=12_000)
    parser.add_argument("--patience", type=float, default=180, help="seconds until everybody must be back")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    asyncio.run(on_a_deployment("return", measure, parser.parse_args()))


if __name__ == "__main__":
    main()
