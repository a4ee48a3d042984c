"""From the packet core's statistics to one `LinkReport` a participant and second, with a rating that does not flicker.

Rating, from means smoothed over about three seconds (a single lost burst is no weak line):

| rating | packet loss, either way | round trip |
|---|---|---|
| weak | from 3 % (audio concealment begins to be heard) | from 400 ms (people begin to talk over each other) |
| bad | from 10 % (picture stalls between repairs) | from 800 ms |

A line recovers one step when it is below 60 % of the limit it had crossed, so that a line on the edge is reported once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypedDict

from media.contract import LinkReport, Participant, PictureDown

Rating = Literal["good", "weak", "bad"]


class SourceStatistics(TypedDict):
    """A track that the peer sends. Totals since it began, but `fps` and `audio_level` of the last second."""

    source: int
    ssrc: int | None
    packets: int
    bytes: int
    lost: int
    """After repair."""
    nacked: int
    recovered: int
    key_frames: int
    fps: float
    audio_level: int | None
    """Loudest, -dBov (RFC 6464); None when the peer does not tell."""


class SlotStatistics(TypedDict):
    """What the peer receives in one slot. Totals since it began, but `loss` as last reported."""

    slot: int
    source: int | None
    packets: int
    bytes: int
    retransmitted: int
    loss: float
    waiting_key_frame: bool
    no_codec: bool
    """The source has no codec that the slot negotiated: nothing can be shown."""
    paused: bool
    """The receiver's line carries less than this picture and what goes before it."""
    reduced: bool
    """For the same reason the source's smaller picture is shown."""


class PeerStatistics(TypedDict):
    """One item of a "statistics" event of the core (`Event.data["peers"]`): the last second of one peer."""

    peer: int
    rtt_ms: float | None
    """None until it is measured, and for a peer that receives nothing."""
    bitrate_up: int
    """bit/s from the peer to the node."""
    bitrate_down: int
    loss_up: float
    """Share of packets lost before repair, 0 to 1."""
    loss_down: float
    limit_down: int | None
    sources: list[SourceStatistics]
    slots: list[SlotStatistics]


SMOOTHING = 0.3
"""Weight of the newest second: 63 % of a step shows after three."""
RECOVERY = 0.6
LOSS_LIMITS = (0.03, 0.10)
"""Weak from, bad from."""
RTT_LIMITS_MS = (400.0, 800.0)
RATINGS: tuple[Rating, Rating, Rating] = ("good", "weak", "bad")


LEAST: dict[PictureDown, Rating] = {"full": "good", "reduced": "weak", "none": "bad"}
"""A line that does not carry the picture is none that is good, however little of what is left of it is lost."""


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
    participant: Participant,
    meter: LinkMeter,
    peer: PeerStatistics,
    *,
    microphone: int | None,
    camera: int | None,
    large: Collection[int] = (),
) -> LinkReport:
    """One second of one participant. `microphone` and `camera` are its source ids, where it publishes them, `large` the
    slots of its stage and its content."""
    sources = {source["source"]: source for source in peer["sources"]}
    picture = _picture_down(peer, large)
    measured = meter.rate(max(peer["loss_up"], peer["loss_down"]), peer["rtt_ms"])
    least = LEAST[picture]
    return LinkReport(
        participant=participant,
        rtt_ms=peer["rtt_ms"],
        loss_up=peer["loss_up"],
        loss_down=peer["loss_down"],
        bitrate_up=peer["bitrate_up"],
        bitrate_down=peer["bitrate_down"],
        audio_level=sources[microphone]["audio_level"] if microphone in sources else None,
        camera_fps=sources[camera]["fps"] if camera in sources else 0.0,
        limit_down=peer["limit_down"],
        picture_down=picture,
        rating=max(measured, least, key=RATINGS.index),
    )


def _picture_down(peer: PeerStatistics, large: Collection[int]) -> PictureDown:
    shown = [slot for slot in peer["slots"] if slot["slot"] in large]
    if any(slot["paused"] for slot in shown):
        return "none"
    return "reduced" if any(slot["reduced"] for slot in shown) else "full"
