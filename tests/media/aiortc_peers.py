"""aiortc peers that talk to `media._core` directly: SDP is made here, so that nothing of the node takes part."""

import asyncio
import fractions
import math
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription, sdp
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from media._core import Codec, Core, Peer, Slot, Source, new_ice_credentials

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
SAMPLES = 960
RATE = 48_000


class Colour(MediaStreamTrack):
    """Pictures of 160 × 120 in one brightness (luma), 20 a second."""

    kind = "video"

    def __init__(self, luma: int) -> None:
        super().__init__()
        self._luma = luma
        self._number = count()

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(1 / 20)
        planes = np.full((180, 160), 128, np.uint8)
        planes[:120] = self._luma
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = next(self._number) * 4500
        frame.time_base = fractions.Fraction(1, 90_000)
        return frame


class Tone(MediaStreamTrack):
    """A sine of `hertz`, 48 kHz mono, 20 ms a frame."""

    kind = "audio"

    def __init__(self, hertz: float) -> None:
        super().__init__()
        self._hertz = hertz
        self._number = count()

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(SAMPLES / RATE)
        start = next(self._number) * SAMPLES
        time = np.arange(start, start + SAMPLES) / RATE
        samples = (np.sin(2 * math.pi * self._hertz * time) * 12_000).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.pts = start
        frame.sample_rate = RATE
        frame.time_base = fractions.Fraction(1, RATE)
        return frame


def codecs_of(media: sdp.MediaDescription, name: str) -> list[Codec]:
    """The offered payload types of one codec, with their RTX."""
    repeats = {
        codec.parameters.get("apt"): codec.payloadType
        for codec in media.rtp.codecs
        if codec.mimeType.lower().endswith("/rtx")
    }
    return [
        Codec(
            name,
            codec.payloadType,
            codec.clockRate,
            rtx_payload_type=repeats.get(codec.payloadType),
            profile=codec.parameters.get("profile-level-id") if name == "H264" else None,
        )
        for codec in media.rtp.codecs
        if codec.mimeType.lower().endswith("/" + name.lower())
    ][:1]


def lines_of(media: sdp.MediaDescription, name: str) -> Iterator[str]:
    """rtpmap, fmtp and rtcp-fb of the codec and its RTX, as offered."""
    first = next(codec for codec in media.rtp.codecs if codec.mimeType.lower().endswith("/" + name.lower()))
    for codec in media.rtp.codecs:
        is_repeat = codec.mimeType.lower().endswith("/rtx") and codec.parameters.get("apt") == first.payloadType
        if codec is not first and not is_repeat:
            continue
        channels = "/2" if name == "opus" else ""
        yield f"a=rtpmap:{codec.payloadType} {codec.mimeType.split('/')[1]}/{codec.clockRate}{channels}"
        if codec.parameters:
            yield f"a=fmtp:{codec.payloadType} {sdp.parameters_to_sdp(codec.parameters)}"
        for feedback in codec.rtcpFeedback:
            suffix = f" {feedback.parameter}" if feedback.parameter else ""
            yield f"a=rtcp-fb:{codec.payloadType} {feedback.type}{suffix}"


class Participant:
    """One aiortc peer connection to the core. Ids of sources and slots are `100 * peer + index of the section`."""

    def __init__(self, core: Core, peer: int, video: str, address: str = "127.0.0.1") -> None:
        self.core = core
        self.address = address
        self.peer = peer
        self.names = {"audio": "opus", "video": video}
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.received: dict[str, MediaStreamTrack] = {}
        self.pc.on("track", lambda track: self.received.__setitem__(track.kind, track))

    def id_of(self, index: int) -> int:
        return 100 * self.peer + index

    async def publish(self, *tracks: MediaStreamTrack) -> None:
        for track in tracks:
            self.pc.addTrack(track)
        await self._negotiate()

    async def receive(self, *kinds: str) -> None:
        for kind in kinds:
            self.pc.addTransceiver(kind, direction="recvonly")
        await self._negotiate()

    async def _negotiate(self) -> None:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        offer = sdp.SessionDescription.parse(self.pc.localDescription.sdp)
        ufrag, password = new_ice_credentials()
        self._describe(offer.media, ufrag, password)
        answer = self._answer(offer.media, ufrag, password)
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def _describe(self, sections: Sequence[sdp.MediaDescription], ufrag: str, password: str) -> None:
        first = sections[0]
        assert first.ice is not None
        assert first.dtls is not None
        digest = next(each.value for each in first.dtls.fingerprints if each.algorithm == "sha-256")
        sources, slots, extensions = [], [], {}
        for index, media in enumerate(sections):
            codecs = codecs_of(media, self.names[media.kind])
            extensions |= {each.uri: each.id for each in media.rtp.headerExtensions}
            if media.direction == "recvonly":
                ssrc = 7_000_000 + 2 * self.id_of(index)
                rtx = ssrc + 1 if media.kind == "video" else None
                slots.append(Slot(self.id_of(index), media.kind, media.rtp.muxId, codecs, ssrc=ssrc, rtx_ssrc=rtx))
            else:
                rtx = media.ssrc_group[0].items[1] if media.ssrc_group else None
                sources.append(
                    Source(
                        self.id_of(index),
                        media.kind,
                        media.rtp.muxId,
                        codecs,
                        ssrc=media.ssrc[0].ssrc,
                        rtx_ssrc=rtx,
                    )
                )
        self.core.add_peer(
            Peer(
                self.peer,
                local_ufrag=ufrag,
                local_password=password,
                remote_ufrag=first.ice.usernameFragment,
                remote_password=first.ice.password,
                fingerprint=digest,
                dtls_role="server",
                extensions=extensions,
                feedback="remb",
                sources=sources,
                slots=slots,
            )
        )

    def _answer(self, sections: Sequence[sdp.MediaDescription], ufrag: str, password: str) -> str:
        mids = " ".join(media.rtp.muxId for media in sections)
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", f"a=group:BUNDLE {mids}"]
        for index, media in enumerate(sections):
            codec_lines = list(lines_of(media, self.names[media.kind]))
            types = " ".join(line.split(":")[1].split()[0] for line in codec_lines if line.startswith("a=rtpmap"))
            receives = media.direction == "recvonly"
            lines += [
                f"m={media.kind} 9 UDP/TLS/RTP/SAVPF {types}",
                "c=IN IP4 127.0.0.1",
                f"a=ice-ufrag:{ufrag}",
                f"a=ice-pwd:{password}",
                f"a=fingerprint:sha-256 {self.core.fingerprint}",
                "a=setup:passive",
                f"a=mid:{media.rtp.muxId}",
                "a=sendonly" if receives else "a=recvonly",
                "a=rtcp-mux",
                *(f"a=extmap:{each.id} {each.uri}" for each in media.rtp.headerExtensions),
                *codec_lines,
            ]
            if receives:
                ssrc = 7_000_000 + 2 * self.id_of(index)
                if media.kind == "video":
                    lines += [f"a=ssrc-group:FID {ssrc} {ssrc + 1}", f"a=ssrc:{ssrc + 1} cname:nhip-cau"]
                lines.append(f"a=ssrc:{ssrc} cname:nhip-cau")
            candidate = f"a=candidate:1 1 udp 2130706431 {self.address} {self.core.port} typ host"
            lines += [candidate, "a=end-of-candidates"]
        return "\r\n".join(lines) + "\r\n"

    async def luma(self) -> float:
        """Mean brightness of the next picture."""
        frame = await self.received["video"].recv()
        if not isinstance(frame, VideoFrame):
            raise MediaStreamError
        return float(frame.to_ndarray(format="yuv420p")[: frame.height].mean())

    async def pitch(self, frames: int = 25) -> float:
        """Strongest frequency of the next `frames` frames of sound, in Hz."""
        parts = []
        for _ in range(frames):
            frame = await self.received["audio"].recv()
            if not isinstance(frame, AudioFrame):
                raise MediaStreamError
            parts.append(frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0].astype(float))
        samples = np.concatenate(parts)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        return float(np.argmax(spectrum) * RATE / len(samples))

    async def close(self) -> None:
        await self.pc.close()
