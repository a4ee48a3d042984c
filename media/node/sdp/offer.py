"""Reads an SDP offer (RFC 8866, JSEP RFC 8829) into sections. Raises `Refused` and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

RefusalCode = Literal["bad-sdp", "no-common-codec", "too-many-slots", "busy"]

MAX_BYTES = 512 * 1024
"""A Chromium offer of 26 sections is about 130 kB."""
MAX_SECTIONS = 64

_MEDIA = re.compile(
    r"([a-z]{1,16}) ([0-9]{1,5})(?:/[0-9]{1,5})? ([A-Za-z0-9/]{1,64}) ([\x21-\x7e]+(?: [\x21-\x7e]+)*)", re.ASCII
)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`{|}~0-9A-Za-z]{1,32}", re.ASCII)
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9.\-]{1,32})/([0-9]{1,9})(?:/([0-9]{1,2}))?", re.ASCII)
_EXTMAP = re.compile(r"([0-9]{1,5})(?:/[a-z]{1,16})? ([\x21-\x7e]{1,256})(?: .*)?", re.ASCII)
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}", re.ASCII)
_FINGERPRINT = re.compile(r"sha-256 ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", re.ASCII | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_SSRC = re.compile(r"([0-9]{1,10})(?: .*)?", re.ASCII)


class Refused(Exception):
    """The offer cannot be served. `code` and `detail` (English, for the log) go back as a `Refusal`."""

    def __init__(self, code: RefusalCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code: RefusalCode = code
        self.detail = detail


@dataclass(frozen=True)
class Format:
    """One RTP payload type of a section."""

    payload_type: int
    name: str
    """As offered; compare without case."""
    clock_rate: int
    channels: int
    fmtp: str = ""
    feedback: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> dict[str, str]:
        """`fmtp` as a map; keys in lower case."""
        pairs = (part.strip().partition("=") for part in self.fmtp.split(";"))
        return {key.strip().lower(): value.strip() for key, _, value in pairs if key}


@dataclass(frozen=True)
class Attributes:
    """The `a=` lines of the session or of one section, in order."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> Iterator[str]:
        return (value for key, value in self.lines if key == name)

    def first(self, name: str) -> str | None:
        return next(self.all(name), None)

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.lines)


@dataclass(frozen=True)
class Transport:
    """How the offering side is reached: its ICE credentials, certificate and wish for the DTLS role."""

    ufrag: str
    password: str
    fingerprint: str
    """SHA-256, "AB:CD:…" in upper case."""
    setup: str
    """"actpass", "active" or "passive"."""


@dataclass(frozen=True)
class Section:
    kind: str
    port: int
    protocol: str
    format_list: str
    """The formats of the `m=` line as they stand, to be repeated in a rejected section."""
    attributes: Attributes = field(default_factory=Attributes)

    @cached_property
    def mid(self) -> str:
        mid = self.attributes.first("mid") or ""
        if not _TOKEN.fullmatch(mid):
            raise Refused("bad-sdp", "a section has no usable a=mid")
        return mid

    @property
    def alive(self) -> bool:
        """Port 0 means rejected, except for a section that waits for its bundle (RFC 8843 section 6)."""
        return self.port != 0 or self.attributes.has("bundle-only")

    @cached_property
    def direction(self) -> str:
        names = ("sendrecv", "sendonly", "recvonly", "inactive")
        return next((name for name in names if self.attributes.has(name)), "sendrecv")

    @cached_property
    def formats(self) -> list[Format]:
        """RTP formats in the order of preference of the `m=` line; those without `rtpmap` are left out."""
        fmtps: dict[str, str] = {}
        for value in self.attributes.all("fmtp"):
            payload_type, _, parameters = value.partition(" ")
            fmtps.setdefault(payload_type, parameters.strip())
        feedback: dict[str, list[str]] = {}
        for value in self.attributes.all("rtcp-fb"):
            payload_type, _, what = value.partition(" ")
            feedback.setdefault(payload_type, []).append(what.strip())
        found: dict[str, Format] = {}
        for value in self.attributes.all("rtpmap"):
            match = _RTPMAP.fullmatch(value)
            if match is None:
                raise Refused("bad-sdp", f"a=rtpmap of section {self.mid} cannot be read")
            number, name, rate, channels = match.groups()
            if int(number) > 127:
                raise Refused("bad-sdp", f"payload type {number} is out of range")
            found[number] = Format(
                payload_type=int(number),
                name=name,
                clock_rate=int(rate),
                channels=int(channels or 1),
                fmtp=fmtps.get(number, ""),
                feedback=tuple(feedback.get(number, []) + feedback.get("*", [])),
            )
        return [found[number] for number in self.format_list.split() if number in found]

    @cached_property
    def extensions(self) -> dict[str, int]:
        """RTP header extension URI -> id, those that fit the one-byte form (RFC 8285 section 4.2)."""
        found: dict[str, int] = {}
        for value in self.attributes.all("extmap"):
            match = _EXTMAP.fullmatch(value)
            if match is None:
                raise Refused("bad-sdp", f"a=extmap of section {self.mid} cannot be read")
            if 1 <= int(match[1]) <= 14:
                found.setdefault(match[2], int(match[1]))
        return found

    @cached_property
    def ssrcs(self) -> tuple[int | None, int | None]:
        """(SSRC of the track, SSRC of its retransmissions), None where the offer names none."""
        for value in self.attributes.all("ssrc-group"):
            semantics, _, members = value.partition(" ")
            numbers = [_ssrc(member) for member in members.split()]
            if semantics == "FID" and len(numbers) == 2:
                return numbers[0], numbers[1]
        first = self.attributes.first("ssrc")
        return (_ssrc(first), None) if first is not None else (None, None)


@dataclass(frozen=True)
class SessionOffer:
    attributes: Attributes
    sections: list[Section]

    @cached_property
    def bundle(self) -> frozenset[str]:
        """MIDs of the BUNDLE group."""
        for value in self.attributes.all("group"):
            semantics, *mids = value.split()
            if semantics == "BUNDLE":
                return frozenset(mids)
        return frozenset()

    def transport(self, section: Section) -> Transport:
        """The section's own transport attributes, else the session's."""
        ufrag = self._inherited(section, "ice-ufrag")
        password = self._inherited(section, "ice-pwd")
        if not _UFRAG.fullmatch(ufrag) or not _PASSWORD.fullmatch(password):
            raise Refused("bad-sdp", "ICE user name or password is missing or malformed")
        setup = self._inherited(section, "setup")
        if setup not in ("actpass", "active", "passive"):
            raise Refused("bad-sdp", "a=setup is missing or unknown")
        return Transport(ufrag, password, self._fingerprint(section), setup)

    def _inherited(self, section: Section, name: str) -> str:
        return section.attributes.first(name) or self.attributes.first(name) or ""

    def _fingerprint(self, section: Section) -> str:
        for attributes in (section.attributes, self.attributes):
            for value in attributes.all("fingerprint"):
                match = _FINGERPRINT.fullmatch(value)
                if match is not None:
                    return match[1].upper()
        raise Refused("bad-sdp", "no SHA-256 fingerprint")


def parse_offer(sdp: str) -> SessionOffer:
    """Splits `sdp` into session and sections; values are checked when they are asked for."""
    if len(sdp) > MAX_BYTES:
        raise Refused("bad-sdp", f"more than {MAX_BYTES} bytes")
    lines = sdp.replace("\r\n", "\n").split("\n")
    if _CONTROL.search(sdp.replace("\r\n", "")):
        raise Refused("bad-sdp", "control characters in a line")
    if lines[0] != "v=0":
        raise Refused("bad-sdp", "does not begin with v=0")
    session = Attributes()
    sections: list[Section] = []
    current = session
    for line in lines:
        if line.startswith("m="):
            match = _MEDIA.fullmatch(line[2:])
            if match is None:
                raise Refused("bad-sdp", "an m= line cannot be read")
            kind, port, protocol, formats = match.groups()
            sections.append(Section(kind, int(port), protocol, formats))
            current = sections[-1].attributes
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.lines.append((name, value))
    if not 1 <= len(sections) <= MAX_SECTIONS:
        raise Refused("bad-sdp", f"{len(sections)} sections; 1 to {MAX_SECTIONS} can be served")
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise Refused("bad-sdp", "a MID stands twice")
    return SessionOffer(session, sections)


def _ssrc(value: str) -> int:
    match = _SSRC.fullmatch(value)
    number = int(match[1]) if match is not None else 0
    if not 0 < number < 2**32:
        raise Refused("bad-sdp", "an SSRC is not a number from 1 to 2^32 - 1")
    return number
