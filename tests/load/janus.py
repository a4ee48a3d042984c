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

from tests.deployment import free_port
from tests.load.forwarding import AUDIO_SSRC, PUBLISHER, VIDEO_SSRC, Server, tracks
from tests.load.generator import OPUS, VP8, Generator, Local, Remote, Slot
from tests.load.lines import Line

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


def offer(local: Local, video_mid: str, audio_mid: str) -> str:
    """Sends one camera and one microphone."""
    return _sdp(
        local,
        "actpass",
        [
            ("video", video_mid, VP8, "VP8/90000", "sendonly", VIDEO_SSRC),
            ("audio", audio_mid, OPUS, "opus/48000/2", "sendonly", AUDIO_SSRC),
        ],
    )


def _sdp(local: Local, setup: str, sections: list[tuple[str, str, int, str, str, int | None]]) -> str:
    mids = " ".join(mid for _, mid, *_ in sections)
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}", "a=msid-semantic: WMS *"]
    for kind, mid, payload_type, codec, direction, ssrc in sections:
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid}",
            f"a={direction}",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            f"a=setup:{setup}",
            "a=rtcp-mux",
            f"a=rtpmap:{payload_type} {codec}",
        ]
        if kind == "video":
            lines += [f"a=rtcp-fb:{payload_type} nack pli", f"a=rtcp-fb:{payload_type} ccm fir"]
        if ssrc is not None:
            lines += ["a=msid:bench track", f"a=ssrc:{ssrc} cname:bench"]
        lines += ["a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"


def _value(sdp: str, name: str) -> str:
    prefix = f"a={name}:"
    return next(line.removeprefix(prefix).strip() for line in sdp.splitlines() if line.startswith(prefix))


def remote_of(sdp: str) -> Remote:
    """Where and who the other side is, from the first section and its first UDP candidate."""
    candidates = (line.split() for line in sdp.splitlines() if line.startswith("a=candidate:"))
    address = next(f"{words[4]}:{words[5]}" for words in candidates if words[2].lower() == "udp")
    fingerprint = _value(sdp, "fingerprint").split()[1]
    return Remote(address, _value(sdp, "ice-ufrag"), _value(sdp, "ice-pwd"), fingerprint, _value(sdp, "setup"))


class Janus(Server):
    name = "janus"

    def __init__(self, host: str, event_loops: int | None = None) -> None:
        self._host = host
        self._loops = (os.cpu_count() or 1) if event_loops is None else event_loops
        self.settings = f"VideoRoom, ICE-lite, AES-GCM, event_loops={self._loops}, HTTP transport, log level 3"
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
        self._process = subprocess.Popen(
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

    async def publish(self, generator: Generator, shape: dict[str, Any]) -> None:
        joined = await self._ask(
            self._publisher, {"request": "join", "ptype": "publisher", "room": ROOM, "display": "bench"}
        )
        self._feed = joined["plugindata"]["data"]["id"]
        local = await generator.create(PUBLISHER, self._host)
        jsep = {"type": "offer", "sdp": offer(local, "0", "1")}
        answer = await self._ask(self._publisher, {"request": "publish", "audio": True, "video": True}, jsep)
        remote = remote_of(answer["jsep"]["sdp"])
        generator.connect(PUBLISHER, remote, tracks=tracks(shape, "0", "1"))
        await generator.connected(PUBLISHER)
        # The room shows a publisher to others only once Janus has noticed that its media is up.
        await asyncio.sleep(0.5)

    async def subscribe(self, generator: Generator, peer: int) -> None:
        handle = await self._attach()
        request = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": self._feed}]}
        attached = await self._ask(handle, request)
        offered: str = attached["jsep"]["sdp"]
        local = await generator.create(peer, self._host)
        slots, sections = [], []
        for text in offered.split("m=")[1:]:
            kind = text.split()[0]
            name = "stage" if kind == "video" else "audio-0"
            slots.append(Slot(name, kind, int(_value(text, "ssrc").split()[0])))
            payload_type = int(text.split()[3])
            codec = "VP8/90000" if kind == "video" else "opus/48000/2"
            sections.append((kind, _value(text, "mid"), payload_type, codec, "recvonly", None))
        jsep = {"type": "answer", "sdp": _sdp(local, "active", sections)}
        await self._ask(handle, {"request": "start", "room": ROOM}, jsep)
        generator.connect(peer, remote_of(offered), slots=slots, pli=True)
        await generator.connected(peer)
