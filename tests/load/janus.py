"""Janus VideoRoom (Debian's package) as a server of the benchmark of forwarding.

It runs as an operator would tune it for this work: ICE-lite as our core does it, AES-GCM, no NACK queue longer than
its default, log at warnings only, only the plugin and the transport in use, and event loops as many as the machine has
cores (measured cheaper here than its default of one thread for each peer).
"""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from media.bots.light import sdp
from media.bots.light.generator import Generator, Slot
from media.bots.light.lines import Line
from media.bots.light.sdp import Section
from tests.deployment import free_port
from tests.load.forwarding import AUDIO_SSRC, PUBLISHER, VIDEO_SSRC, Server, tracks

ROOM = 1234
LIBRARIES = "/usr/lib/x86_64-linux-gnu/janus"


def _configuration(event_loops: int) -> str:
    return f"""
general: {{
    configs_folder = "."
    plugins_folder = "{LIBRARIES}/plugins"
    transports_folder = "{LIBRARIES}/transports"
    events_folder = "{LIBRARIES}/events"
    loggers_folder = "{LIBRARIES}/loggers"
    debug_level = 3
    session_timeout = 0
    event_loops = {event_loops}
}}
media: {{ }}
nat: {{ ice_lite = true }}
plugins: {{ disable = "{_all_but("plugins", "libjanus_videoroom.so")}" }}
transports: {{ disable = "{_all_but("transports", "libjanus_http.so")}" }}
events: {{ broadcast = false }}
"""


def _all_but(folder: str, kept: str) -> str:
    return ",".join(path.name for path in sorted(Path(LIBRARIES, folder).glob("*.so")) if path.name != kept)


class Janus(Server):
    name = "janus"

    def __init__(self, host: str, event_loops: int | None = None) -> None:
        self._host = host
        self._loops = (os.cpu_count() or 1) if event_loops is None else event_loops
        self.settings = f"VideoRoom, ICE-lite, event_loops={self._loops}, HTTP transport, log level 3"
        self._replies: dict[str, asyncio.Future[Line]] = {}
        self._transactions = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="janus-")
        folder = Path(self._folder.name)
        port = free_port()
        (folder / "janus.jcfg").write_text(_configuration(self._loops))
        (folder / "janus.transport.http.jcfg").write_text(
            f'general: {{ json = "compact"\n base_path = "/janus"\n http = true\n port = {port}\n ip = "127.0.0.1" }}\n'
            "admin: { admin_http = false }\n"
        )
        (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
        self._log = (folder / "log").open("wb")
        command = ["janus", "--configs-folder", str(folder), "--config", str(folder / "janus.jcfg")]
        self._process = subprocess.Popen(  # noqa: ASYNC220  (takes no time)
            [*command, "--interface", self._host], stdout=self._log, stderr=self._log, cwd=folder
        )
        self._http = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)
        await self._listening()
        self._session = (await self._post("/janus", janus="create"))["data"]["id"]
        self._events = asyncio.create_task(self._listen())
        self._publisher = await self._attach()
        await self._ask(
            self._publisher,
            {"request": "create", "room": ROOM, "publishers": 1, "audiocodec": "opus", "videocodec": "vp8"}
            | {"bitrate": 10_000_000, "fir_freq": 0, "record": False},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "_events"):
            self._events.cancel()
        await self._http.aclose()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        if error is not None:
            print((Path(self._folder.name) / "log").read_text(errors="replace")[-3000:])
        self._folder.cleanup()

    async def _listening(self) -> None:
        for _ in range(100):
            try:
                await self._http.get("/janus/info")
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return
        raise TimeoutError("Janus does not listen")

    async def _post(self, path: str, **body: object) -> Line:
        self._transactions += 1
        transaction = str(self._transactions)
        response = await self._http.post(path, json={"transaction": transaction, **body})
        line: Line = response.json()
        if line["janus"] == "error":
            raise RuntimeError(f"Janus: {line['error']}")
        return line

    async def _listen(self) -> None:
        """Long polling, which Janus answers with whatever has happened."""
        while True:
            response = await self._http.get(f"/janus/{self._session}", params={"maxev": 20})
            for line in response.json():
                future = self._replies.pop(line.get("transaction", ""), None)
                if line["janus"] == "event" and future is not None and not future.done():
                    future.set_result(line)

    async def _attach(self) -> int:
        path = f"/janus/{self._session}"
        handle: int = (await self._post(path, janus="attach", plugin="janus.plugin.videoroom"))["data"]["id"]
        return handle

    async def _ask(self, handle: int, body: dict[str, Any], jsep: Line | None = None) -> Line:
        """A message to the plugin; waits for its answer, be it at once or as an event."""
        path = f"/janus/{self._session}/{handle}"
        transaction = str(self._transactions + 1)
        future: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._replies[transaction] = future
        extra = {} if jsep is None else {"jsep": jsep}
        line = await self._post(path, janus="message", body=body, **extra)
        if line["janus"] == "ack":
            line = await asyncio.wait_for(future, 20)
        data = line["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(f"VideoRoom: {data['error']}")
        return line

    async def publish(self, generator: Generator, shape: dict[str, Any]) -> str:
        joined = await self._ask(
            self._publisher, {"request": "join", "ptype": "publisher", "room": ROOM, "display": "bench"}
        )
        self._feed = joined["plugindata"]["data"]["id"]
        local = await generator.create(PUBLISHER, self._host)
        sections = [
            Section("video", "0", "sendonly", VIDEO_SSRC),
            Section("audio", "1", "sendonly", AUDIO_SSRC),
        ]
        jsep = {"type": "offer", "sdp": sdp.write(local, "actpass", sections)}
        answer = await self._ask(self._publisher, {"request": "publish", "audio": True, "video": True}, jsep)
        remote = sdp.remote_of(answer["jsep"]["sdp"])
        generator.connect(PUBLISHER, remote, tracks=tracks(shape, "0", "1"))
        profile = str((await generator.connected(PUBLISHER))["profile"])
        # The room shows a publisher to others only once Janus has noticed that its media is up.
        await asyncio.sleep(0.5)
        return profile

    async def subscribe(self, generator: Generator, peer: int) -> None:
        handle = await self._attach()
        request = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": self._feed}]}
        attached = await self._ask(handle, request)
        offered: str = attached["jsep"]["sdp"]
        local = await generator.create(peer, self._host)
        sent = sdp.sent_of(offered)
        sections = [Section(each.kind, each.mid, "recvonly", payload_type=each.payload_type) for each in sent]
        jsep = {"type": "answer", "sdp": sdp.write(local, "active", sections)}
        await self._ask(handle, {"request": "start", "room": ROOM}, jsep)
        slots = [Slot("stage" if each.kind == "video" else "audio-0", each.kind, each.ssrc) for each in sent]
        generator.connect(peer, sdp.remote_of(offered), slots=slots, pli=True)
        await generator.connected(peer)
