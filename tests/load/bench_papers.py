"""Downloads of a 5 MB meeting pack, each a personal copy with session and rights checked, beside nginx that serves the
same bytes by sendfile with nothing to check; then the conversion's seconds per 100 pages (`bench_pipeline`).

One client takes from both in turns, round by round, over as many connections.
"""

import argparse
import asyncio
import hashlib
import io
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx2
import numpy
import pikepdf
import psutil
from PIL import Image

from server.accounts.actions.sessions import open_session
from server.accounts.dependencies import COOKIE
from server.core.actor import SYSTEM
from server.core.services import Services
from server.migrations import upgrade
from server.wiring import components
from tests import builders, library
from tests.deployment import Deployment, free_port
from tests.load.downloads import Downloader, Round
from tests.load.machine import warn_if_busy
from tests.papers import pdf

PACK_MB = 6.2
PAPERS = 5


def picture_paper(megabytes: float, seed: int) -> bytes:
    """Twelve pages of text, and as many bytes of pictures that compress no further."""
    noise = numpy.random.default_rng(seed)
    with pikepdf.open(io.BytesIO(pdf(12))) as made:
        share = megabytes * 1e6 / 4
        for page in made.pages[:4]:
            side = int((share / 0.9) ** 0.5)
            packed = io.BytesIO()
            Image.fromarray(noise.integers(0, 255, (side, side), "uint8")).save(packed, "JPEG", quality=85)
            picture = made.make_stream(
                packed.getvalue(),
                Type=pikepdf.Name.XObject,
                Subtype=pikepdf.Name.Image,
                Width=side,
                Height=side,
                ColorSpace=pikepdf.Name.DeviceGray,
                BitsPerComponent=8,
                Filter=pikepdf.Name.DCTDecode,
            )
            page.add_resource(picture, pikepdf.Name.XObject, pikepdf.Name("/Bench"))
            page.contents_add(b"q 200 0 0 200 300 60 cm /Bench Do Q")
        saved = io.BytesIO()
        made.save(saved)
        return saved.getvalue()


async def prepare(deployment: Deployment, readers: int) -> tuple[int, list[str]]:
    """A running conference with papers for a pack of 5 MB. (meeting, the delegates' cookies)"""
    deployment.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    try:
        where = await builders.province(services)
        meeting = await builders.conference(services, where, "running")
        async with services.transactions(SYSTEM) as tx:
            cookies = []
            for number in range(readers):
                person = await builders.person(tx.session, where.da_sar, f"Nguyễn Thị Đo Đạc {number}")
                await library.delegate(tx.session, meeting, person, where.da_sar_hall)
                cookies.append(
                    await open_session(tx, deployment.settings, person_id=person.id, point_id=None, user_agent="bench")
                )
        for number in range(PAPERS):
            content = picture_paper(PACK_MB / PAPERS, number)
            async with services.transactions(SYSTEM) as tx:
                paper = await library.paper(tx.session, meeting, f"Báo cáo {number}", text=None)
                version = await library.version(tx.session, paper, f"Báo cáo {number}", pages=12)
                await library.policy(tx.session, meeting, paper, download=True)
            await services.storage.put(f"{version.folder}/reading.pdf", content)
        return meeting.id, cookies
    finally:
        await services.stop()


async def build_pack(deployment: Deployment, meeting_id: int, cookie: str) -> bytes:
    """Ordered and fetched once over HTTP."""
    headers = {"X-Nhipcau": "1", "Origin": deployment.url}
    async with httpx2.AsyncClient(base_url=deployment.url, headers=headers, timeout=60) as client:
        client.cookies.set(COOKIE, cookie)
        path = f"/api/meetings/{meeting_id}/pack"
        state = (await client.post(path, json={})).json()
        deadline = time.monotonic() + 120
        while state["state"] == "queued" and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            state = (await client.get(path)).json()
        assert state["state"] == "ready", state
        answer = await client.get(f"{path}.pdf")
        assert answer.status_code == 200, answer.text
        return answer.content


def start_nginx(folder: Path, content: bytes) -> tuple[subprocess.Popen[bytes], int]:
    """One worker, sendfile, the same bytes; as a distribution would run it for static files."""
    port = free_port()
    site = folder / "site"
    site.mkdir()
    (site / "pack.pdf").write_bytes(content)
    site.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""
        daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
        user root;
        events {{ worker_connections 4096; }}
        http {{
          sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000; access_log off;
          types {{ application/pdf pdf; }}
          client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
          uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
          server {{ listen 127.0.0.1:{port} backlog=4096; root {site}; }}
        }}
        """
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return subprocess.Popen([program, "-p", str(folder), "-c", str(configuration)]), port


def request(path: str, port: int, cookie: str = "") -> bytes:
    more = f"Cookie: {COOKIE}={cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode()


class Competitor:
    def __init__(self, name: str, *, port: int, asked: list[bytes], size: int, pid: int) -> None:
        self.name = name
        self.rounds: list[Round] = []
        self._size = size
        self._processes = [psutil.Process(pid), *psutil.Process(pid).children()]
        self._downloader = Downloader(port, asked, self._check)
        self.cpu = 0.0

    def _check(self, head: str, size: int) -> None:
        assert head.startswith("HTTP/1.1 200"), head
        assert abs(size - self._size) < 100, (self.name, size, self._size)  # names are of different lengths

    def run(self, downloads: int, *, counts: bool = True) -> None:
        before = self._cpu()
        made = self._downloader.run(downloads)
        if counts:
            self.rounds.append(made)
            self.cpu += self._cpu() - before

    def _cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._processes)

    @property
    def mb_per_s(self) -> float:
        return sum(r.downloads * r.size for r in self.rounds) / sum(r.seconds for r in self.rounds) / 1e6

    @property
    def cpu_ms(self) -> float:
        return self.cpu / sum(each.downloads for each in self.rounds) * 1000

    def close(self) -> None:
        self._downloader.close()


def compare(ours: Competitor, nginx: Competitor, arguments: argparse.Namespace) -> None:
    each = max(arguments.connections, arguments.downloads // arguments.rounds)
    for competitor in (nginx, ours):
        competitor.run(arguments.connections, counts=False)
    for number in range(arguments.rounds):
        for competitor in random.sample((nginx, ours), 2):
            competitor.run(each)
        pair = f"nginx {nginx.rounds[-1].mb_per_s:.0f} MB/s, papers {ours.rounds[-1].mb_per_s:.0f} MB/s"
        print(f"round {number + 1}: {pair}")
    print(f"BENCH papers_vs_nginx={ours.mb_per_s / nginx.mb_per_s:.2f}")
    print(f"BENCH papers_mb_per_s={ours.mb_per_s:.0f} MB/s")
    print(f"BENCH nginx_mb_per_s={nginx.mb_per_s:.0f} MB/s")
    print(f"BENCH papers_cpu_ms_per_download={ours.cpu_ms:.2f} ms")
    print(f"BENCH nginx_cpu_ms_per_download={nginx.cpu_ms:.2f} ms")


async def run(arguments: argparse.Namespace) -> None:
    warn_if_busy()
    with tempfile.TemporaryDirectory(prefix="nhipcau-papers-") as name, ExitStack() as stack:
        folder = Path(name)
        deployment = Deployment(folder / "var")
        meeting_id, cookies = await prepare(deployment, arguments.connections)
        deployment.start()
        stack.callback(deployment.stop)
        await deployment.ready()
        content = await build_pack(deployment, meeting_id, cookies[0])
        print(f"a personal pack of {len(content) / 1e6:.2f} MB, {hashlib.sha256(content).hexdigest()[:12]}")
        nginx, nginx_port = start_nginx(folder, content)
        stack.callback(nginx.wait)
        stack.callback(nginx.send_signal, signal.SIGTERM)
        await asyncio.sleep(1)
        path = f"/api/meetings/{meeting_id}/pack.pdf"
        asked = [request(path, deployment.port, cookie) for cookie in cookies]
        size = len(content)
        ours = Competitor("papers", port=deployment.port, asked=asked, size=size, pid=deployment.pid)
        asked = [request("/pack.pdf", nginx_port)] * len(cookies)
        other = Competitor("nginx", port=nginx_port, asked=asked, size=size, pid=nginx.pid)
        stack.callback(ours.close)
        stack.callback(other.close)
        compare(ours, other, arguments)
        if arguments.log:
            print(deployment.tail(20_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--downloads", type=int, default=480, help="from each")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--no-pipeline", action="store_true", help="downloads only")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    arguments = parser.parse_args()
    asyncio.run(run(arguments))
    if not arguments.no_pipeline:
        subprocess.run([sys.executable, "-m", "tests.load.bench_pipeline"], check=True)


if __name__ == "__main__":
    main()
