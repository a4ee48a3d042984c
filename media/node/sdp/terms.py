"""Chooses what of an offer is served: one bundled transport, tracks to send, fixed slots to receive in.

Every receiving section gets SSRCs that never change: what is shown in a slot is switched behind them, so nothing is
negotiated again when others come and go. A publisher is held to one codec (VP8, else H.264), so that a slot can be
switched to any source; slots accept both.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from media.contract import Publication
from media.node.sdp.offer import Format, Refused, Section, SessionOffer, Transport

Kind = Literal["audio", "video"]
Feedback = Literal["transport-cc", "remb", "none"]

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "RTP/SAVPF")
KIND_OF: dict[Publication, Kind] = {
    "microphone": "audio",
    "camera": "video",
    "camera-small": "video",
    "content": "video",
    "content-audio": "audio",
}
MAX_SLOTS = 40
_SLOT = re.compile(r"(?P<audio>audio-[0-7]|preview-audio)|stage|content|preview|tile-(?:[0-9]|1[0-9]|2[0-4])", re.ASCII)


@dataclass(frozen=True)
class CodecTerms:
    name: Literal["opus", "VP8", "H264"]
    format: Format
    rtx: Format | None


@dataclass(frozen=True)
class SourceTerms:
    """A track the peer will send."""

    mid: str
    publication: Publication
    kind: Kind
    codecs: tuple[CodecTerms, ...]
    ssrc: int | None
    rtx_ssrc: int | None


@dataclass(frozen=True)
class SlotTerms:
    """A place in which the peer will receive."""

    mid: str
    slot: str
    kind: Kind
    codecs: tuple[CodecTerms, ...]
    ssrc: int
    rtx_ssrc: int | None
    tells_arrivals: bool = False
    """The peer tells when packets came, so that no more is sent than its line carries."""


@dataclass(frozen=True)
class Terms:
    """What was agreed."""

    remote: Transport
    dtls_role: Literal["client", "server"]
    """Ours."""
    extensions: dict[str, int]
    feedback: Feedback
    sources: tuple[SourceTerms, ...]
    slots: tuple[SlotTerms, ...]


def agree(offer: SessionOffer, publish: Mapping[str, Publication], slots: Mapping[str, str]) -> Terms:
    """Takes of `offer` what can be served; `publish` and `slots` are those of `media.contract.Offer`.

    Left out are sections in neither map, outside the bundle, or without a codec in common.
    Raises `Refused` when the offer is malformed, contradicts the maps, or nothing of it can be served.
    """
    _check_maps(offer, publish, slots)
    served = {section.mid: _codecs(section) for section in offer.sections if _may_serve(offer, section, publish, slots)}
    sections = [section for section in offer.sections if served.get(section.mid)]
    if not sections:
        raise Refused("no-common-codec", "no section can be served: Opus, VP8 or H.264 constrained baseline, bundled")
    remote = offer.transport(sections[0])
    sources = _sources(sections, publish, served)
    ssrcs = _fresh_ssrcs(sources)
    feedback = _feedback([section for section in sections if section.mid in publish])
    return Terms(
        remote=remote,
        dtls_role="client" if remote.setup == "passive" else "server",
        extensions=_extensions(sections, publish, feedback),
        feedback=feedback,
        sources=sources,
        slots=tuple(
            _slot(section, slots[section.mid], served[section.mid], ssrcs)
            for section in sections
            if section.mid in slots
        ),
    )


def _check_maps(offer: SessionOffer, publish: Mapping[str, Publication], slots: Mapping[str, str]) -> None:
    if len(slots) > MAX_SLOTS:
        raise Refused("too-many-slots", f"{len(slots)} slots asked for, {MAX_SLOTS} are the most")
    sections = {section.mid: section for section in offer.sections}
    for mid in (*publish, *slots):
        if mid not in sections:
            raise Refused("bad-sdp", f"MID {mid!r} is not in the offer")
    if publish.keys() & slots.keys():
        raise Refused("bad-sdp", "a MID is both published and a slot")
    for names in (publish, slots):
        if len(set(names.values())) != len(names):
            raise Refused("bad-sdp", "a publication or slot stands twice")
    for mid, publication in publish.items():
        if sections[mid].kind != KIND_OF[publication] or sections[mid].direction not in (
            "sendonly",
            "sendrecv",
            "inactive",
        ):
            raise Refused("bad-sdp", f"section {mid} cannot carry {publication}")
    for mid, slot in slots.items():
        match = _SLOT.fullmatch(slot)
        if match is None:
            raise Refused("bad-sdp", f"no such slot: {slot[:32]!r}")
        kind = "audio" if match["audio"] else "video"
        if sections[mid].kind != kind or sections[mid].direction not in ("recvonly", "sendrecv", "inactive"):
            raise Refused("bad-sdp", f"section {mid} cannot be the slot {slot}")


def _may_serve(
    offer: SessionOffer, section: Section, publish: Mapping[str, object], slots: Mapping[str, object]
) -> bool:
    return (
        (section.mid in publish or section.mid in slots)
        and section.alive
        and section.direction != "inactive"
        and section.protocol in PROTOCOLS
        and section.attributes.has("rtcp-mux")
        and (section.mid in offer.bundle or len(offer.sections) == 1)
    )


def _codecs(section: Section) -> tuple[CodecTerms, ...]:
    """Codecs in common, best first."""
    rtx = {format.parameters.get("apt"): format for format in section.formats if format.name.lower() == "rtx"}
    found: dict[str, CodecTerms] = {}
    for format in section.formats:
        name = _codec_name(section.kind, format)
        if name is not None and name not in found:
            found[name] = CodecTerms(name, format, rtx.get(str(format.payload_type)))
    return tuple(found[name] for name in ("opus", "VP8", "H264") if name in found)


def _codec_name(kind: str, format: Format) -> Literal["opus", "VP8", "H264"] | None:
    name = format.name.lower()
    if kind == "audio":
        return "opus" if name == "opus" and (format.clock_rate, format.channels) == (48000, 2) else None
    if kind != "video" or format.clock_rate != 90000:
        return None
    if name == "vp8":
        return "VP8"
    if name == "h264" and format.parameters.get("packetization-mode") == "1" and _constrained_baseline(format):
        return "H264"
    return None


def _constrained_baseline(format: Format) -> bool:
    """RFC 6184 table 5: profile-idc 42 with constraint set 1, or 4D with constraint set 0."""
    profile = format.parameters.get("profile-level-id", "")
    if not re.fullmatch(r"[0-9a-fA-F]{6}", profile):
        return False
    idc, constraints = profile[:2].lower(), int(profile[2:4], 16)
    return (idc == "42" and constraints & 0x4F == 0x40) or (idc == "4d" and constraints & 0x8F == 0x80)


def _sources(
    sections: list[Section], publish: Mapping[str, Publication], served: Mapping[str, tuple[CodecTerms, ...]]
) -> tuple[SourceTerms, ...]:
    sources: list[SourceTerms] = []
    for section in sections:
        if section.mid not in publish:
            continue
        ssrc, rtx_ssrc = section.ssrcs
        if ssrc is None and MID not in section.extensions:
            raise Refused("bad-sdp", f"section {section.mid} names neither an SSRC nor the MID header extension")
        publication = publish[section.mid]
        codec = served[section.mid][:1]
        sources.append(SourceTerms(section.mid, publication, KIND_OF[publication], codec, ssrc, rtx_ssrc))
    named = [ssrc for source in sources for ssrc in (source.ssrc, source.rtx_ssrc) if ssrc is not None]
    if len(set(named)) != len(named):
        raise Refused("bad-sdp", "an SSRC stands twice")
    return tuple(sources)


def _slot(section: Section, slot: str, codecs: tuple[CodecTerms, ...], ssrcs: Iterator[int]) -> SlotTerms:
    kind: Kind = "audio" if section.kind == "audio" else "video"
    rtx_ssrc = next(ssrcs) if any(codec.rtx for codec in codecs) else None
    return SlotTerms(section.mid, slot, kind, codecs, next(ssrcs), rtx_ssrc, tells_arrivals(section))


def tells_arrivals(section: Section) -> bool:
    """Of a section that receives."""
    offered = [set(codec.format.feedback) for codec in _codecs(section)]
    return TRANSPORT_CC in section.extensions and bool(offered) and all("transport-cc" in each for each in offered)


def _fresh_ssrcs(sources: tuple[SourceTerms, ...]) -> Iterator[int]:
    taken = {ssrc for source in sources for ssrc in (source.ssrc, source.rtx_ssrc)}
    while True:
        ssrc = secrets.randbelow(2**32 - 1) + 1
        if ssrc not in taken:
            taken.add(ssrc)
            yield ssrc


def _feedback(published: list[Section]) -> Feedback:
    """What the peer's sender can adapt to; one kind for the whole transport."""
    videos = [section for section in published if section.kind == "video"]
    offered = [{value for codec in _codecs(section) for value in codec.format.feedback} for section in videos]
    if (
        videos
        and all("transport-cc" in values for values in offered)
        and all(TRANSPORT_CC in s.extensions for s in videos)
    ):
        return "transport-cc"
    return "remb" if videos and all("goog-remb" in values for values in offered) else "none"


def wanted_extensions(section: Section, published: bool, feedback: Feedback) -> list[str]:
    """Header extensions for a section, of those it offers. What nobody reads is not asked for: it costs bytes."""
    wanted = [MID]
    if section.kind == "audio":
        wanted.append(AUDIO_LEVEL)
    if feedback == "transport-cc" if published else tells_arrivals(section):
        wanted.append(TRANSPORT_CC)
    if published and feedback == "remb":
        wanted.append(ABS_SEND_TIME)
    return [uri for uri in wanted if uri in section.extensions]


def _extensions(sections: list[Section], publish: Mapping[str, object], feedback: Feedback) -> dict[str, int]:
    """URI -> id of the bundle. An id names one URI in all of it (RFC 8843 section 15)."""
    chosen: dict[str, int] = {}
    for section in sections:
        for uri in wanted_extensions(section, section.mid in publish, feedback):
            chosen.setdefault(uri, section.extensions[uri])
    if len(set(chosen.values())) != len(chosen):
        raise Refused("bad-sdp", "a header extension id names two extensions")
    return chosen
