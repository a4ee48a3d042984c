"""The server that is rehearsed against: a conference in progress in a database of its own, and what it costs."""

import asyncio
import json
import os
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from server.accounts.actions.links import create_link
from server.accounts.models import Person
from server.conference import lifecycle
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.fields import folded
from server.core.services import Services
from server.meetings.models import Meeting, MemberPoint
from server.migrations import upgrade
from server.organisations.models import BridgePoint, Unit
from server.wiring import components

_READY_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


def program_environment() -> dict[str, str]:
    """For our own programs in whichever folder, without this installation's settings."""
    own = {name: value for name, value in os.environ.items() if not name.upper().startswith("NHIPCAU_")}
    return own | {"PYTHONPATH": str(Path(__file__).parents[2])}


async def prepare(settings: Settings, halls: int) -> dict[str, Any]:
    """Fills an empty database: so many halls of one province, whose conference runs. Returns the plan that
    `media.bots.rehearsal` takes."""
    await asyncio.to_thread(upgrade, settings.database)
    services = Services.start(settings, components())
    try:
        async with services.transactions(SYSTEM) as tx:
            root = Unit(name="Tỉnh diễn tập", short_name="Tỉnh", level="province", path="new", position=0)
            tx.session.add(root)
            await tx.session.flush()
            root.path = f"/{root.id}/"
            points = [
                BridgePoint(unit_id=root.id, name=f"Điểm cầu {number}", short_name=str(number), position=number)
                for number in range(1, halls + 1)
            ]
            chair = Person(full_name="Chủ trì diễn tập", search_name=folded("Chủ trì diễn tập"), unit_id=root.id)
            tx.session.add_all([*points, chair])
            await tx.session.flush()
            meeting = Meeting(
                unit_id=root.id,
                kind="hoi-nghi",
                title="Diễn tập tải",
                starts_at=tx.now,
                ends_at=tx.now,
                main_point_id=points[0].id,
                chair_id=chair.id,
                created_at=tx.now,
                state="open",
            )
            tx.session.add(meeting)
            await tx.session.flush()
            tx.session.add_all(MemberPoint(meeting_id=meeting.id, point_id=point.id) for point in points)
            await tx.session.flush()
            await lifecycle.start(tx, meeting.id)
            invited = []
            for point in points:
                link, _ = await create_link(tx, point_id=point.id, next_path="/hall")
                invited.append([link.rpartition("/")[2], point.id])
            conducts, _ = await create_link(tx, person_id=chair.id)
            return {"meeting": meeting.id, "chair": conducts.rpartition("/")[2], "halls": invited}
    finally:
        await services.stop()


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU up to a moment (seconds since 1970)."""

    at: float
    server: float
    node: float
    machine: float
    """All cores, whoever used them."""


@dataclass
class Stage:
    url: str
    plan: Mapping[str, Any]
    spent: list[Spent] = field(default_factory=list)

    def cores(self, begin: float, end: float) -> tuple[float, float, float]:
        """(server, media node, whole machine) between two moments, in cores."""
        within = [each for each in self.spent if begin - 1.5 <= each.at <= end + 1.5]
        if len(within) < 2:
            return (0.0, 0.0, 0.0)
        first, last = within[0], within[-1]
        lasted = last.at - first.at
        return (
            (last.server - first.server) / lasted,
            (last.node - first.node) / lasted,
            (last.machine - first.machine) / lasted,
        )


@asynccontextmanager
async def stage(folder: Path, halls: int, host: str, ports: tuple[int, int] | None) -> AsyncIterator[Stage]:
    """A server with its media node, up and ready. `host`: where it is reached; `ports`: HTTP (TCP) and media (UDP),
    free ones by default."""
    port, media = ports or (_free(socket.SOCK_STREAM), _free(socket.SOCK_DGRAM))
    local = host in ("127.0.0.1", "localhost")
    environment = {
        "NHIPCAU_VAR": str(folder),
        "NHIPCAU_HOST": "127.0.0.1" if local else "0.0.0.0",
        "NHIPCAU_PORT": str(port),
        "NHIPCAU_PUBLIC_URL": f"http://{host}:{port}",
        "NHIPCAU_WEB": str(folder),
        "NHIPCAU_MEDIA_BIND": f"{'127.0.0.1' if local else '0.0.0.0'}:{media}",
        "NHIPCAU_MEDIA_ADVERTISE": json.dumps([host]),
        "NHIPCAU_AUDIT_KEY": secrets.token_hex(32),
    }
    # Not the installation's settings: its database least of all.
    settings = Settings(
        _env_file=None, _env_prefix="NOT_NHIPCAU_", var=folder, port=port, public_url=f"http://{host}:{port}"
    )
    plan = await prepare(settings, halls)
    with (folder / "server.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.cli",
            "serve",
            env=program_environment() | environment,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    made = Stage(f"http://127.0.0.1:{port}" if local else f"http://{host}:{port}", plan)
    watching: asyncio.Task[None] | None = None
    try:
        await _ready(f"http://127.0.0.1:{port}", process, folder / "server.log")
        watching = asyncio.create_task(_watch(made, process.pid))
        yield made
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                process.kill()
                await process.wait()


class NotReady(RuntimeError):
    pass


async def _ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    async with httpx2.AsyncClient(base_url=url, timeout=2) as client:
        while True:
            try:
                if (await client.get("/api/health")).json()["node"]:
                    return
            except (httpx2.HTTPError, ValueError, KeyError):
                pass
            if process.returncode is not None or time.monotonic() > deadline:
                said = await asyncio.to_thread(log.read_text, errors="replace")
                raise NotReady(said[-2000:])
            await asyncio.sleep(0.1)


async def _watch(stage: Stage, pid: int) -> None:
    while True:
        children = await asyncio.to_thread(_children, pid)
        stage.spent.append(Spent(time.time(), _cpu(pid), sum(_cpu(child) for child in children), _machine()))
        await asyncio.sleep(1)


def _cpu(pid: int) -> float:
    """Seconds of CPU of a process (proc_pid_stat(5), fields 14 and 15)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _machine() -> float:
    """Seconds that all cores were at work (proc_stat(5): all but idle and iowait)."""
    fields = [int(each) for each in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


def _children(pid: int) -> list[int]:
    """Of a process and of those below it (proc_pid_stat(5), field 4)."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                parent = int(Path(entry.path, "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found = []
    waiting = [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _free(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
