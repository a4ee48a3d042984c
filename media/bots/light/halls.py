"""A simulated hall as light as can be: the real sign-in, live channel and offer, with media from the load generator."""

import asyncio
import time
import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from media.bots.light import sdp
from media.bots.light.generator import Generator, Slot, Track
from media.bots.light.lines import Line
from media.bots.light.sdp import FEEDBACK, Section
from media.bots.live import LiveChannel, sign_in

CAMERA, MICROPHONE = "1", "0"
SHAPES: dict[str, dict[str, Any]] = {
    "none": {"active": False},
    "small": {"active": True, "fps": 15, "packets": 1, "size": 900},
    "full": {"active": True, "fps": 24, "packets": 8, "size": 1100},
}
"""What a camera sends at each demand: nothing; about 110 kbit/s; about 1.7 Mbit/s."""

# The first small picture of a grid is the stage, which the halls here have in its own slot.
VIDEO_SLOTS = ("stage", "content", *(f"tile-{n}" for n in range(1, 9)))
AUDIO_SLOTS = ("audio-0", "audio-1", "audio-2")
EXTENSIONS = (
    ("urn:ietf:params:rtp-hdrext:ssrc-audio-level", 1),
    ("http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", 2),
    ("http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", 3),
    ("urn:ietf:params:rtp-hdrext:sdes:mid", 4),
)


@dataclass(frozen=True)
class Invitation:
    """A hall's personal link: its token, and what it opens."""

    token: str
    meeting_id: int
    point_id: int


class Hall:
    """One hall from its join until `leave`. Its peer in the generator has the point's id, which its picture bears."""

    def __init__(self, server: str, generator: Generator, invitation: Invitation) -> None:
        self._server = server
        self._generator = generator
        self._invitation = invitation
        self._stack = AsyncExitStack()
        self._node = asyncio.Event()
        self._demand = "none"
        self._has_floor = False
        self._is_connected = False
        self.began = 0.0
        """When it started to join, seconds since 1970."""

    @property
    def point_id(self) -> int:
        return self._invitation.point_id

    async def join(self) -> None:
        """Returns when media flows."""
        self.began = time.time()
        cookie = await sign_in(self._server, self._invitation.token)
        path = f"/api/meetings/{self._invitation.meeting_id}/live?as=hall&point={self.point_id}"
        self._channel = await self._stack.enter_async_context(LiveChannel(self._server, path, cookie))
        self._reader = asyncio.create_task(self._read())
        await asyncio.wait_for(self._node.wait(), 20)
        local = await self._generator.create(self.point_id)
        sections, publish, slots = self._sections()
        reply = await self._channel.command(
            "media.offer",
            {
                "session": uuid.uuid4().hex,
                "sdp": sdp.write(local, "actpass", sections),
                "publish": publish,
                "slots": slots,
            },
        )
        answer: str = reply["sdp"]
        self._generator.connect(
            self.point_id,
            sdp.remote_of(answer),
            tracks=self._tracks(),
            slots=[Slot(slots[each.mid], each.kind, each.ssrc) for each in sdp.sent_of(answer) if each.mid in slots],
            extensions=sdp.extensions_of(answer),
            pli=True,
        )
        self._is_connected = True
        self._obey()
        await self._generator.connected(self.point_id)

    def _sections(self) -> tuple[list[Section], dict[str, str], dict[str, str]]:
        def section(kind: str, mid: str, direction: str, ssrc: int | None = None) -> Section:
            return Section(kind, mid, direction, ssrc, feedback=FEEDBACK, extensions=EXTENSIONS)

        sections = [
            section("audio", MICROPHONE, "sendonly", self.point_id * 2),
            section("video", CAMERA, "sendonly", self.point_id * 2 + 1),
        ]
        slots = {}
        for mid, name in enumerate((*AUDIO_SLOTS, *VIDEO_SLOTS), start=2):
            sections.append(section("audio" if name in AUDIO_SLOTS else "video", str(mid), "recvonly"))
            slots[str(mid)] = name
        return sections, {MICROPHONE: "microphone", CAMERA: "camera"}, slots

    def _tracks(self) -> list[Track]:
        return [
            Track("audio", MICROPHONE, self.point_id * 2, self.point_id, {"active": self._has_floor}),
            Track("video", CAMERA, self.point_id * 2 + 1, self.point_id, SHAPES[self._demand]),
        ]

    async def _read(self) -> None:
        async for message in self._channel:
            match message:
                case {"type": "snapshot", "collections": collections}:
                    self._take_own(collections.get("points", {}).get(str(self.point_id)))
                case {"type": "event", "changes": changes}:
                    for change in changes:
                        self._told(change)
                        if change["collection"] == "points" and change["key"] == str(self.point_id):
                            self._take_own(change["value"])
                case {"type": "signal", "kind": "media-node", "data": {"up": True}}:
                    self._node.set()
                case {"type": "signal", "kind": "demand", "data": {"camera": demand}}:
                    self._demand = demand
                    self._obey()

    def _told(self, change: dict[str, Any]) -> None:
        """Every change that reached this hall."""

    def _take_own(self, own: dict[str, Any] | None) -> None:
        self._has_floor = bool(own and own["floor"])
        self._obey()

    def _obey(self) -> None:
        """As a browser does: sends what is watched, and its sound only with the floor."""
        if self._is_connected:
            self._generator.send(cmd="shape", peer=self.point_id, mid=CAMERA, **SHAPES[self._demand])
            self._generator.send(cmd="shape", peer=self.point_id, mid=MICROPHONE, active=self._has_floor)

    async def leave(self) -> None:
        await self._stack.aclose()
        if hasattr(self, "_reader"):
            await asyncio.gather(self._reader, return_exceptions=True)


class Pictures:
    """When each hall first saw whose picture on the stage, as the generator tells it."""

    def __init__(self, generator: Generator) -> None:
        self.first: dict[int, float] = {}
        """Peer -> first stage picture of any publisher."""
        self._shown: dict[tuple[int, int], float] = {}
        self._sounds: dict[tuple[int, int], float] = {}
        self.lost: list[Line] = []
        """Peers that were disconnected."""
        generator.watch(self._take)

    def _take(self, line: Line) -> None:
        match line:
            case {"event": "picture", "slot": "stage", "peer": peer, "publisher": publisher, "at": at}:
                self.first.setdefault(peer, at)
                self._shown[peer, publisher] = at
            case {"event": "sound", "peer": peer, "publisher": publisher, "at": at}:
                self._sounds[peer, publisher] = at
            case {"event": "disconnected"}:
                self.lost.append(line)

    def shown(self, peer: int, publisher: int, since: float) -> float | None:
        """When this picture came on the peer's stage, if that was after `since`."""
        at = self._shown.get((peer, publisher))
        return at if at is not None and at >= since else None

    def heard(self, peer: int, publisher: int, since: float) -> float | None:
        at = self._sounds.get((peer, publisher))
        return at if at is not None and at >= since else None


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
