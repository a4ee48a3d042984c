"""What a benchmark of forwarding asks of a server: take one publisher, show it to each subscriber."""

import sys
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Self

from media.bots.light.generator import EXTENSIONS, Generator, Remote, Slot, Track
from media.bots.light.lines import Lines

PUBLISHER = 1
VIDEO_SSRC = 0x11111111
AUDIO_SSRC = 0x22222222


class Server(ABC):
    """A server under test, in a process of its own."""

    name: str
    settings: str
    """What a reader of the figures must know of how it was run."""

    @property
    @abstractmethod
    def pid(self) -> int: ...

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    async def publish(self, generator: Generator, shape: dict[str, Any]) -> str:
        """Connects peer `PUBLISHER` with one camera and one microphone. `shape`: of the camera. Returns the SRTP
        profile that DTLS agreed on."""

    @abstractmethod
    async def subscribe(self, generator: Generator, peer: int) -> None:
        """Connects `peer` so that it receives both."""


def tracks(shape: dict[str, Any], video_mid: str, audio_mid: str) -> list[Track]:
    return [
        Track("video", video_mid, VIDEO_SSRC, PUBLISHER, shape),
        Track("audio", audio_mid, AUDIO_SSRC, PUBLISHER),
    ]


class OurCore(Server):
    name = "forward"
    settings = "media._core in one Python process, one thread forwards"

    def __init__(self, host: str) -> None:
        self._host = host
        self._node = Lines(sys.executable, "-m", "tests.load.core_node", host)

    @property
    def pid(self) -> int:
        return self._pid

    async def __aenter__(self) -> Self:
        await self._node.__aenter__()
        ready = await self._node.expect(event="ready")
        self._pid = int(ready["pid"])
        self._address = f"{self._host}:{ready['port']}"
        self._fingerprint = str(ready["fingerprint"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._node.__aexit__(kind, error, trace)

    async def _peer(
        self, generator: Generator, peer: int, sources: list[dict[str, Any]], slots: list[dict[str, Any]]
    ) -> Remote:
        local = await generator.create(peer, self._host)
        self._node.send(
            cmd="peer",
            peer=peer,
            ufrag=local.ufrag,
            password=local.password,
            fingerprint=local.fingerprint,
            dtls_role="server",
            sources=sources,
            slots=slots,
        )
        added = await self._node.expect(event="added", peer=peer)
        return Remote(self._address, added["ufrag"], added["password"], self._fingerprint, "passive")

    async def publish(self, generator: Generator, shape: dict[str, Any]) -> str:
        sources = [
            {"source": 1, "kind": "video", "mid": "0", "ssrc": VIDEO_SSRC},
            {"source": 2, "kind": "audio", "mid": "1", "ssrc": AUDIO_SSRC},
        ]
        remote = await self._peer(generator, PUBLISHER, sources, [])
        generator.connect(PUBLISHER, remote, tracks=tracks(shape, "0", "1"), extensions=EXTENSIONS)
        return str((await generator.connected(PUBLISHER))["profile"])

    async def subscribe(self, generator: Generator, peer: int) -> None:
        video, audio = peer * 2 + 1000, peer * 2 + 1001
        slots = [
            {"slot": video, "kind": "video", "mid": "0", "ssrc": video},
            {"slot": audio, "kind": "audio", "mid": "1", "ssrc": audio},
        ]
        remote = await self._peer(generator, peer, [], slots)
        places = [Slot("stage", "video", video), Slot("audio-0", "audio", audio)]
        generator.connect(peer, remote, slots=places, extensions=EXTENSIONS, pli=True)
        await generator.connected(peer)
        self._node.send(cmd="assign", assignments=[[peer, video, 1], [peer, audio, 2]])

    async def left(self, peer: int) -> None:
        """Waits until the core has noticed that a peer is gone."""
        await self._node.expect(event="disconnected", peer=peer)
