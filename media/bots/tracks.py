"""A simulated hall's camera and microphone as aiortc tracks."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from fractions import Fraction
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpsender import RTCRtpSender
from av import Packet, VideoFrame

from media.bots.palette import Room
from media.bots.scene import Scene
from media.bots.speech import FRAME, RATE, Speech
from media.contract import PictureDemand

VIDEO_CLOCK = 90_000
SIZES: dict[PictureDemand, tuple[int, float]] = {"full": (640, 15.0), "small": (320, 8.0)}
"""Width in pixels and frames a second for each demand; "none" sends nothing."""


class CameraTrack(MediaStreamTrack):
    """The hall's picture, as large and as often as it is wanted now."""

    kind = "video"

    def __init__(self, name: str, above: str, room: Room) -> None:
        super().__init__()
        self._name, self._above, self._room = name, above, room
        self._scenes: dict[int, Scene] = {}
        self._demand: PictureDemand = "none"
        self._wanted = asyncio.Event()
        self._begun = time.monotonic()
        self._next = 0.0

    def set_demand(self, demand: PictureDemand) -> None:
        """From now on; "none" stops the encoder."""
        self._demand = demand
        if demand == "none":
            self._wanted.clear()
        else:
            self._wanted.set()

    async def recv(self) -> VideoFrame:
        while True:
            if self.readyState != "live":
                raise MediaStreamError
            await self._wanted.wait()
            width, rate = SIZES.get(self._demand, SIZES["small"])
            now = time.monotonic() - self._begun
            # After a pause, or when the machine could not keep up, begin anew rather than catch up in a burst.
            self._next = max(self._next + 1 / rate, now - 1 / rate)
            await asyncio.sleep(self._next - now)
            if self._wanted.is_set():
                break
        frame = self._scene(width).frame(datetime.now().astimezone())
        frame.pts = int((time.monotonic() - self._begun) * VIDEO_CLOCK)
        frame.time_base = Fraction(1, VIDEO_CLOCK)
        return frame

    def _scene(self, width: int) -> Scene:
        if width not in self._scenes:
            self._scenes[width] = Scene(self._name, self._above, self._room, width)
        return self._scenes[width]

    def stop(self) -> None:
        super().stop()
        self._wanted.set()


class MicrophoneTrack(MediaStreamTrack):
    """The hall's speech in a loop, already encoded; the server decides who is heard."""

    kind = "audio"

    def __init__(self, speech: Speech, *, offset: int = 0) -> None:
        """`offset` packets are skipped at first, so that halls do not all begin at once."""
        super().__init__()
        self._speech = speech
        self._offset = offset
        self._sent = 0
        self._begun = 0.0
        self.level = 127
        """Of the packet last taken, in -dBov."""

    def set_speech(self, speech: Speech) -> None:
        """Goes on with `speech`."""
        self._speech = speech

    async def recv(self) -> Packet[Any]:
        if self.readyState != "live":
            raise MediaStreamError
        if self._sent == 0:
            self._begun = time.monotonic()
        wait = self._begun + self._sent * FRAME / RATE - time.monotonic()
        if wait < -1:
            self._begun -= wait
        await asyncio.sleep(max(wait, 0))
        index = (self._sent + self._offset) % len(self._speech.levels)
        packet = Packet(self._speech.packets[index])
        packet.pts = self._sent * FRAME
        packet.time_base = Fraction(1, RATE)
        self.level = self._speech.levels[index]
        self._sent += 1
        return packet


def send_levels(sender: RTCRtpSender, track: MicrophoneTrack) -> None:
    """Makes `sender` write the audio level (RFC 6464) of packets that come encoded; aiortc does so for raw sound."""
    original = sender._next_encoded_frame

    async def with_level(codec: Any) -> Any:
        frame = await original(codec)
        if frame is not None:
            frame.audio_level = -track.level
        return frame

    setattr(sender, "_next_encoded_frame", with_level)  # noqa: B010  (a method of the instance alone)
