"""SDP of the load generator's peers: written for offers and answers, read from those of servers."""

from dataclasses import dataclass

from media.bots.light.generator import OPUS, VP8, Local, Remote

FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")


@dataclass(frozen=True)
class Section:
    kind: str
    mid: str
    direction: str
    ssrc: int | None = None
    """Of what is sent in it."""
    payload_type: int | None = None
    """Default: the generator's own."""
    feedback: tuple[str, ...] = ("nack pli", "ccm fir")
    extensions: tuple[tuple[str, int], ...] = ()

    def lines(self, local: Local, setup: str) -> list[str]:
        audio = self.kind == "audio"
        number = self.payload_type or (OPUS if audio else VP8)
        lines = [
            f"m={self.kind} 9 UDP/TLS/RTP/SAVPF {number}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{self.mid}",
            f"a={self.direction}",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            f"a=setup:{setup}",
            "a=rtcp-mux",
            f"a=rtpmap:{number} {'opus/48000/2' if audio else 'VP8/90000'}",
        ]
        lines += [f"a=extmap:{number} {uri}" for uri, number in self.extensions]
        if not audio:
            lines += [f"a=rtcp-fb:{number} {name}" for name in self.feedback]
        if self.ssrc is not None:
            lines += ["a=msid:bench track", f"a=ssrc:{self.ssrc} cname:bench"]
        return [*lines, "a=end-of-candidates"]


def write(local: Local, setup: str, sections: list[Section]) -> str:
    mids = " ".join(section.mid for section in sections)
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}", "a=msid-semantic: WMS *"]
    for section in sections:
        lines += section.lines(local, setup)
    return "\r\n".join(lines) + "\r\n"


def value(sdp: str, name: str) -> str | None:
    """Of the first `a=name:`."""
    prefix = f"a={name}:"
    return next((line.removeprefix(prefix).strip() for line in sdp.splitlines() if line.startswith(prefix)), None)


def required(sdp: str, name: str) -> str:
    found = value(sdp, name)
    if found is None:
        raise ValueError(f"no a={name} in the SDP")
    return found


def remote_of(sdp: str) -> Remote:
    """Where and who the other side is, by the first UDP candidate."""
    candidates = (line.split() for line in sdp.splitlines() if line.startswith("a=candidate:"))
    address = next(f"{words[4]}:{words[5]}" for words in candidates if words[2].lower() == "udp")
    fingerprint = required(sdp, "fingerprint").split()[1]
    return Remote(address, required(sdp, "ice-ufrag"), required(sdp, "ice-pwd"), fingerprint, required(sdp, "setup"))


@dataclass(frozen=True)
class Sent:
    """A section in which the other side sends."""

    kind: str
    mid: str
    ssrc: int
    payload_type: int


def sent_of(sdp: str) -> list[Sent]:
    """What the other side will send: its sections that name an SSRC, rejected ones left out."""
    found = []
    for text in ("\n" + sdp).split("\nm=")[1:]:
        kind, port, _, payload_type, *_ = text.split()
        ssrc = value(text, "ssrc")
        if port != "0" and ssrc is not None:
            found.append(Sent(kind, required(text, "mid"), int(ssrc.split()[0]), int(payload_type)))
    return found


def extensions_of(sdp: str) -> dict[str, int]:
    """RTP header extension URI -> id, over all sections."""
    found = {}
    for line in sdp.splitlines():
        if line.startswith("a=extmap:"):
            number, uri, *_ = line.removeprefix("a=extmap:").split()
            found[uri] = int(number)
    return found
