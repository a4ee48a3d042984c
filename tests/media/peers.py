"""aiortc peers for the node: a publisher is one colour and one tone, a subscriber tells which it receives."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from fractions import Fraction

import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from media.contract import Answer, Publication
from tests.media.control_server import ControlServer

COLOURS = {"red": (200, 30, 30), "green": (30, 170, 40), "blue": (30, 40, 200)}
TONES = {"red": 440.0, "green": 700.0, "blue": 1100.0}
RATE = 48_000
SILENCE = 0.002
"""Root mean square below which there is no sound, of 1."""


class ColourTrack(MediaStreamTrack):
    kind = "video"

    def __init__(self, colour: str) -> None:
        super().__init__()
        pixels = np.full((96, 160, 3), COLOURS[colour], dtype=np.uint8)
        self._pixels = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p").to_ndarray()
        self._count = 0
        self._begun = time.monotonic()

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(max(0.0, self._begun + self._count / 15 - time.monotonic()))
        frame = VideoFrame.from_ndarray(self._pixels, format="yuv420p")
        frame.pts, frame.time_base = self._count * 6000, Fraction(1, 90_000)
        self._count += 1
        return frame


class ToneTrack(MediaStreamTrack):
    kind = "audio"

    def __init__(self, colour: str) -> None:
        super().__init__()
        self._frequency = TONES[colour]
        self._count = 0
        self._begun = time.monotonic()

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(max(0.0, self._begun + self._count / 50 - time.monotonic()))
        at = np.arange(self._count * 960, (self._count + 1) * 960) / RATE
        samples = (np.sin(2 * np.pi * self._frequency * at) * 9000).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._count * 960, Fraction(1, RATE)
        self._count += 1
        return frame


class Seen:
    """What arrives in one video slot."""

    def __init__(self) -> None:
        self.frames = 0
        self.changes = 0
        """Frames that differ from the one before."""
        self.colour: str | None = None
        self.size = (0, 0)
        self.mean = np.zeros(3)
        self._before: NDArray[np.uint8] | None = None

    def take(self, frame: VideoFrame) -> None:
        pixels = frame.to_ndarray(format="rgb24")
        if self._before is not None and not np.array_equal(pixels, self._before):
            self.changes += 1
        self._before = pixels
        self.size = (frame.width, frame.height)
        mean = self.mean = pixels.reshape(-1, 3).mean(axis=0)
        distances = {name: float(np.abs(mean - colour).max()) for name, colour in COLOURS.items()}
        nearest = min(distances, key=lambda name: distances[name])
        self.colour = nearest if distances[nearest] < 40 else None
        self.frames += 1


class Heard:
    """What arrives in one audio slot: the last 300 ms."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, NDArray[np.float64]]] = deque()

    def take(self, frame: AudioFrame) -> None:
        samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0] / 32768
        self._recent.append((time.monotonic(), samples))

    @property
    def loudness(self) -> float:
        """Root mean square of the last 300 ms, of 1."""
        samples = self._samples()
        return float(np.sqrt(np.mean(samples**2)))

    @property
    def tone(self) -> str | None:
        """Whose tone sounds now; None is silence."""
        samples = self._samples()
        if samples.size < RATE // 10 or self.loudness < SILENCE:
            return None
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
        frequency = float(np.argmax(spectrum)) * RATE / samples.size
        nearest = min(TONES, key=lambda name: abs(TONES[name] - frequency))
        return nearest if abs(TONES[nearest] - frequency) < 40 else None

    def _samples(self) -> NDArray[np.float64]:
        while self._recent and self._recent[0][0] < time.monotonic() - 0.3:
            self._recent.popleft()
        return np.concatenate([part for _, part in self._recent]) if self._recent else np.zeros(1)


class TestPeer:
    """One participant's connection. `colour` makes it publish a picture and a tone; `slots` are what it receives in."""

    __test__ = False

    def __init__(
        self, server: ControlServer, participant: str, *, colour: str | None = None, slots: tuple[str, ...] = ()
    ):
        self._server = server
        self.participant = participant
        self.connection = RTCPeerConnection(
            # aiortc's own "balanced" closes the transport in use when an answer bundles two sections of a kind.
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self.seen = {slot: Seen() for slot in slots if "audio" not in slot}
        self.heard = {slot: Heard() for slot in slots if "audio" in slot}
        self._published: list[tuple[Publication, RTCRtpTransceiver]] = []
        self._slots: list[tuple[str, RTCRtpTransceiver]] = []
        self._readers: list[asyncio.Task[None]] = []
        if colour is not None:
            self._published = [
                ("microphone", self.connection.addTransceiver(ToneTrack(colour), "sendonly")),
                ("camera", self.connection.addTransceiver(ColourTrack(colour), "sendonly")),
            ]
        for slot in slots:
            kind = "audio" if slot in self.heard else "video"
            self._slots.append((slot, self.connection.addTransceiver(kind, "recvonly")))

    async def join(self, session: str = "s1", room: str = "1") -> None:
        """Offers, and returns once media flows."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await self._server.offer(
            self.participant,
            session,
            self.connection.localDescription.sdp,
            publish={transceiver.mid: publication for publication, transceiver in self._published},
            slots={transceiver.mid: slot for slot, transceiver in self._slots},
            room=room,
        )
        assert isinstance(answer, Answer), answer
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        for slot, transceiver in self._slots:
            self._readers.append(asyncio.create_task(self._read(slot, transceiver.receiver.track)))
        await eventually(lambda: self.connection.connectionState == "connected")

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await self.connection.close()

    async def _read(self, slot: str, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, VideoFrame):
                    self.seen[slot].take(frame)
                elif isinstance(frame, AudioFrame):
                    self.heard[slot].take(frame)


async def eventually(holds: object, seconds: float = 20.0) -> float:
    """Waits until `holds()` is true; the seconds that took. Raises TimeoutError."""
    assert callable(holds)
    begun = time.monotonic()
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  (what is waited for happens in other processes)
            await asyncio.sleep(0.02)
    return time.monotonic() - begun
