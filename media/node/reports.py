"""From the packet core's statistics to one `LinkReport` a participant and second, with a rating that does not flicker.

Rating, from means smoothed over about three seconds (a single lost burst is no weak line):

| rating | packet loss, either way | round trip |
|---|---|---|
| weak | from 3 % (audio concealment begins to be heard) | from 400 ms (people begin to talk over each other) |
| bad | from 10 % (picture stalls between repairs) | from 800 ms |

A line recovers one step when it is below 60 % of the limit it had crossed, so that a line on the edge is reported once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from media.contract import LinkReport, Participant

Rating = Literal["good", "weak", "bad"]


class SourceStatistics(TypedDict):
    """A track that the peer sends, over the last second."""

    source: int
    packets: int
    """Received, without retransmissions."""
    lost: int
    """Missing before repair."""
    frames: int
    """Pictures that began; 0 for audio."""
    audio_level: int | None
    """Loudest of the second, -dBov (RFC 6464); None when the peer does not tell."""


class SlotStatistics(TypedDict):
    """What the peer receives in one slot, over the last second."""

    slot: int
    packets: int
    fraction_lost: float
    """From the peer's last receiver report, 0 to 1."""


class PeerStatistics(TypedDict):
    """One item of a "statistics" event of the core (`Event.data["peers"]`)."""

    peer: int
    rtt_ms: float | None
    """None until the first receiver report, and for a peer that receives nothing."""
    bytes_up: int
    """UDP payload of the last second, from the peer to the node."""
    bytes_down: int
    sources: list[SourceStatistics]
    slots: list[SlotStatistics]


SMOOTHING = 0.3
"""Weight of the newest second: 63 % of a step shows after three."""
RECOVERY = 0.6
LOSS_LIMITS = (0.03, 0.10)
"""Weak from, bad from."""
RTT_LIMITS_MS = (400.0, 800.0)
RATINGS: tuple[Rating, Rating, Rating] = ("good", "weak", "bad")


@dataclass(slots=True)
class LinkMeter:
    """Rates one session's line; feed it once a second."""

    loss: float = 0.0
    rtt_ms: float = 0.0
    step: int = 0

    def rate(self, loss: float, rtt_ms: float | None) -> Rating:
        """`loss` is the worse direction's share, 0 to 1."""
        self.loss += SMOOTHING * (loss - self.loss)
        if rtt_ms is not None:
            self.rtt_ms += SMOOTHING * (rtt_ms - self.rtt_ms)
        while self.step < 2 and self._exceeds(self.step, 1.0):
            self.step += 1
        while self.step > 0 and not self._exceeds(self.step - 1, RECOVERY):
            self.step -= 1
        return RATINGS[self.step]

    def _exceeds(self, limit: int, factor: float) -> bool:
        return self.loss >= LOSS_LIMITS[limit] * factor or self.rtt_ms >= RTT_LIMITS_MS[limit] * factor


def link_report(
    participant: Participant, meter: LinkMeter, peer: PeerStatistics, *, microphone: int | None, camera: int | None
) -> LinkReport:
    """One second of one participant. `microphone` and `camera` are its source ids, where it publishes them."""
    sources = {source["source"]: source for source in peer["sources"]}
    received = sum(source["packets"] for source in peer["sources"])
    lost = sum(source["lost"] for source in peer["sources"])
    loss_up = lost / (received + lost) if received + lost > 0 else 0.0
    sent = sum(slot["packets"] for slot in peer["slots"])
    loss_down = sum(slot["fraction_lost"] * slot["packets"] for slot in peer["slots"]) / sent if sent > 0 else 0.0
    level = sources[microphone]["audio_level"] if microphone in sources else None
    return LinkReport(
        participant=participant,
        rtt_ms=peer["rtt_ms"],
        loss_up=loss_up,
        loss_down=loss_down,
        bitrate_up=peer["bytes_up"] * 8,
        bitrate_down=peer["bytes_down"] * 8,
        audio_level=level,
        camera_fps=float(sources[camera]["frames"]) if camera in sources else 0.0,
        rating=meter.rate(max(loss_up, loss_down), peer["rtt_ms"]),
    )
