"""A real server process with its media node on free ports, in a folder of its own: for browser tests, benchmarks."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import psutil

from server.core.config import Settings


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Deployment:
    """`nhipcau serve` under test. `addresses`: where browsers reach it beside 127.0.0.1 (namespaces' host ends)."""

    def __init__(self, var: Path, addresses: tuple[str, ...] = ()) -> None:
        self.var = var
        self.port = free_port()
        self.media_port = free_port(socket.SOCK_DGRAM)
        host = "0.0.0.0" if addresses else "127.0.0.1"
        self.environment = {
            "NHIPCAU_VAR": str(var),
            "NHIPCAU_HOST": host,
            "NHIPCAU_PORT": str(self.port),
            "NHIPCAU_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "NHIPCAU_MEDIA_BIND": f"{host}:{self.media_port}",
            "NHIPCAU_MEDIA_ADVERTISE": json.dumps(["127.0.0.1", *addresses]),
        }
        self.log = var / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, var=self.var, port=self.port, public_url=self.url)

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        self.var.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve"],
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self, seconds: float = 40.0) -> None:
        """Waits until the server answers and its media node has dialled in."""
        deadline = time.monotonic() + seconds
        async with httpx2.AsyncClient(base_url=self.url, timeout=2) as client:
            while True:
                try:
                    if (await client.get("/api/health")).json()["node"]:
                        return
                except (httpx2.HTTPError, ValueError, KeyError):
                    pass
                assert self._process is not None
                assert self._process.poll() is None, f"server ended:\n{self.tail()}"
                assert time.monotonic() < deadline, f"not ready in {seconds} s:\n{self.tail()}"
                await asyncio.sleep(0.1)

    def tail(self, characters: int = 4000) -> str:
        return self.log.read_text(errors="replace")[-characters:]

    def processes(self) -> list[psutil.Process]:
        """The server and everything it started (the media node)."""
        server = psutil.Process(self.pid)
        return [server, *server.children(recursive=True)]

    def node_pid(self) -> int:
        """The embedded media node's process."""
        return next(p.pid for p in self.processes()[1:] if "media.node" in " ".join(p.cmdline()))

    def cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self.processes()]
        return sum(t.user + t.system for t in times)

    def kill(self) -> None:
        """The machine's plug is pulled on the server alone (SIGKILL)."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"server did not stop in 10 s:\n{self.tail()}") from None
