"""The load generator (`media/core/loadgen`) as seen by benchmarks, and what its tracks are."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media.bots.light.lines import ROOT, Line, Lines

PROGRAM = ROOT / "media/core/target/release/loadgen"

VP8 = 96
OPUS = 111
EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": 4,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": 1,
}


@dataclass(frozen=True)
class Track:
    """`shape`: fps, packets, size, active, pace_us; see the generator's protocol."""

    kind: str
    mid: str
    ssrc: int
    publisher: int
    shape: dict[str, Any] = field(default_factory=dict)

    @property
    def payload_type(self) -> int:
        return VP8 if self.kind == "video" else OPUS

    def spec(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "mid": self.mid,
            "ssrc": self.ssrc,
            "payload_type": self.payload_type,
            "publisher": self.publisher,
            **self.shape,
        }


@dataclass(frozen=True)
class Slot:
    name: str
    kind: str
    ssrc: int


@dataclass(frozen=True)
class Remote:
    """What an answer says of the other side. `setup` is its `a=setup`."""

    address: str
    ufrag: str
    password: str
    fingerprint: str
    setup: str


@dataclass(frozen=True)
class Local:
    """What an offer must say of a peer."""

    peer: int
    ufrag: str
    password: str
    fingerprint: str
    port: int


class Generator(Lines):
    def __init__(self, program: Path = PROGRAM) -> None:
        super().__init__(program)
        self._requests = itertools.count(1)

    async def create(self, peer: int, host: str = "127.0.0.1") -> Local:
        self.send(cmd="create", peer=peer, bind=f"{host}:0")
        line = await self.expect(event="created", peer=peer)
        return Local(peer, line["ufrag"], line["pwd"], line["fingerprint"], line["port"])

    def connect(
        self,
        peer: int,
        remote: Remote,
        *,
        tracks: list[Track] | None = None,
        slots: list[Slot] | None = None,
        extensions: dict[str, int] | None = None,
        pli: bool = False,
    ) -> None:
        self.send(
            cmd="connect",
            peer=peer,
            address=remote.address,
            ufrag=remote.ufrag,
            pwd=remote.password,
            fingerprint=remote.fingerprint,
            dtls="server" if remote.setup == "active" else "client",
            extensions=extensions or {},
            tracks=[track.spec() for track in tracks or []],
            slots=[{"name": slot.name, "kind": slot.kind, "ssrc": slot.ssrc} for slot in slots or []],
            pli=pli,
        )

    async def connected(self, peer: int) -> Line:
        return await self.expect(event="connected", peer=peer)

    async def reset(self) -> None:
        self.send(cmd="reset")
        await self.expect(event="reset")

    async def stats(self, *, detail: bool = False) -> Line:
        request = next(self._requests)
        self.send(cmd="stats", request=request, detail=detail)
        return await self.expect(event="stats", request=request)
