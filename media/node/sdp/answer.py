"""Writes the answer: ICE-lite, one UDP port (and one of TCP) for all, one transport for all sections."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from media.node.sdp.offer import Format, Section, SessionOffer
from media.node.sdp.terms import CodecTerms, Feedback, SlotTerms, SourceTerms, Terms, wanted_extensions

_CNAME = "nhipcau"
START_KILOBITS = 800
"""Where Chromium begins with a picture, in kbit/s. Its own default of 300 shows a called hall small for seconds."""


class Endpoint(NamedTuple):
    """Where browsers reach the node."""

    address: str
    """IP, of either family."""
    port: int


@dataclass(frozen=True)
class LocalTransport:
    """How this node is reached by one peer."""

    ufrag: str
    password: str
    fingerprint: str
    endpoints: tuple[Endpoint, ...]
    """Best first, at least one."""
    tcp_endpoints: tuple[Endpoint, ...] = ()
    """Where it takes ICE over TCP, for lines without UDP."""


def write_answer(offer: SessionOffer, terms: Terms, local: LocalTransport) -> str:
    """The answer to `offer`: sections and MIDs in its order, those not agreed on rejected (port 0)."""
    agreed: dict[str, SourceTerms | SlotTerms] = {source.mid: source for source in terms.sources}
    agreed.update({slot.mid: slot for slot in terms.slots})
    mids = [section.mid for section in offer.sections if section.mid in agreed]
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=ice-lite", f"a=group:BUNDLE {' '.join(mids)}"]
    lines.append("a=msid-semantic:WMS *")
    for section in offer.sections:
        each = agreed.get(section.mid)
        if each is None:
            lines += [f"m={section.kind} 0 {section.protocol} {section.format_list}", "c=IN IP4 0.0.0.0"]
            lines += [f"a=mid:{section.mid}", "a=inactive"]
            continue
        # Candidates in every section, as everything else of the transport: RFC 8843 needs them in the first alone, but
        # aiortc reads those of the last when it bundles.
        lines += _section(section, each, terms, local) + _candidates(local)
    return "\r\n".join(lines) + "\r\n"


def _candidates(local: LocalTransport) -> list[str]:
    """RFC 8839 section 5.1: host candidates, each a preference below the one before it."""
    lines: list[str] = []
    for index, (address, port) in enumerate(local.endpoints):
        priority = (126 << 24) | ((65535 - index) << 8) | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {port} typ host")
    for index, (address, port) in enumerate(local.tcp_endpoints):
        # RFC 6544 section 4.2: below every candidate of UDP; of the passive ones the first is the best.
        priority = (90 << 24) | ((4 << 13 | 8191 - index) << 8) | 255
        foundation = len(local.endpoints) + index + 1
        lines.append(f"a=candidate:{foundation} 1 tcp {priority} {address} {port} typ host tcptype passive")
    return [*lines, "a=end-of-candidates"]


def _section(section: Section, each: SourceTerms | SlotTerms, terms: Terms, local: LocalTransport) -> list[str]:
    published = isinstance(each, SourceTerms)
    formats = [format for codec in each.codecs for format in (codec.format, codec.rtx) if format is not None]
    address, port = local.endpoints[0]
    lines = [
        f"m={section.kind} {port} {section.protocol} {' '.join(str(format.payload_type) for format in formats)}",
        f"c=IN IP{ip_address(address).version} {address}",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{'active' if terms.dtls_role == 'client' else 'passive'}",
        f"a=mid:{section.mid}",
        "a=recvonly" if published else "a=sendonly",
        "a=rtcp-mux",
    ]
    if section.attributes.has("rtcp-rsize"):
        lines.append("a=rtcp-rsize")
    for uri in wanted_extensions(section, published, terms.feedback):
        if terms.extensions[uri] == section.extensions[uri]:
            lines.append(f"a=extmap:{terms.extensions[uri]} {uri}")
    told = isinstance(each, SlotTerms) and each.tells_arrivals
    for codec in each.codecs:
        lines += _format(codec, published, terms.feedback if published else "transport-cc" if told else "none")
    if isinstance(each, SlotTerms):
        lines += _stream(each)
    return lines


def _format(codec: CodecTerms, published: bool, feedback: Feedback) -> list[str]:
    number = codec.format.payload_type
    channels = f"/{codec.format.channels}" if codec.format.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {codec.format.name}/{codec.format.clock_rate}{channels}"]
    wanted = ["nack", "nack pli", "ccm fir"] if codec.name != "opus" else []
    if feedback == "transport-cc":
        wanted.append("transport-cc")
    if published and feedback == "remb" and codec.name != "opus":
        wanted.append("goog-remb")
    lines += [f"a=rtcp-fb:{number} {value}" for value in wanted if value in codec.format.feedback]
    fmtp = _opus_parameters(codec.format) if codec.name == "opus" else codec.format.fmtp
    if published and codec.name != "opus":
        fmtp = ";".join(filter(None, (fmtp, f"x-google-start-bitrate={START_KILOBITS}")))
    if fmtp:
        lines.append(f"a=fmtp:{number} {fmtp}")
    if codec.rtx is not None:
        lines.append(f"a=rtpmap:{codec.rtx.payload_type} rtx/{codec.rtx.clock_rate}")
        lines.append(f"a=fmtp:{codec.rtx.payload_type} apt={number}")
    return lines


def _opus_parameters(format: Format) -> str:
    """In-band FEC always (a lost packet is rebuilt from the next one); stereo where the offer has it."""
    parameters = ["minptime=10", "useinbandfec=1"]
    parameters += [f"{name}=1" for name in ("stereo", "sprop-stereo") if format.parameters.get(name) == "1"]
    return ";".join(parameters)


def _stream(slot: SlotTerms) -> list[str]:
    """A stream for each slot: slots share no clock, so a browser must not hold one back to match another."""
    lines = [f"a=msid:{slot.slot} {slot.slot}"]
    numbers = [slot.ssrc] if slot.rtx_ssrc is None else [slot.ssrc, slot.rtx_ssrc]
    if slot.rtx_ssrc is not None:
        lines.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
    for number in numbers:
        lines += [f"a=ssrc:{number} cname:{_CNAME}", f"a=ssrc:{number} msid:{slot.slot} {slot.slot}"]
    return lines
