"""How the halls' lines fare: the figures for screens, and when a line counts as weak."""

from typing import Literal

from media.contract import LinkReport, PictureDown
from server.live.protocol import Wire

WEAK_AFTER = 5.0
GOOD_AFTER = 10.0
"""Seconds a rating must last before the state changes: a line that flickers is weak, and stays so until it is quiet."""


class PointLink(Wire):
    """A hall's line over the last second."""

    rtt_ms: float | None
    loss_up: float
    """Share lost from the hall to the node before repair, 0 to 1."""
    loss_down: float
    bitrate_up: int
    """bit/s"""
    bitrate_down: int
    audio_level: int | None
    """Loudest of the second in -dBov: 0 is loudest, 127 silence."""
    fps: float
    """Of its camera."""
    picture_down: PictureDown
    rating: Literal["good", "weak", "bad"]


class LinksSignal(Wire):
    """Signal `links`, to consoles once a second."""

    points: dict[int, PointLink]
    """By point id; only halls whose media is connected."""


def figures(report: LinkReport) -> PointLink:
    return PointLink(
        rtt_ms=report.rtt_ms if report.rtt_ms is None else round(report.rtt_ms, 1),
        loss_up=round(report.loss_up, 4),
        loss_down=round(report.loss_down, 4),
        bitrate_up=report.bitrate_up,
        bitrate_down=report.bitrate_down,
        audio_level=report.audio_level,
        fps=round(report.camera_fps, 1),
        picture_down=report.picture_down,
        rating=report.rating,
    )


class WeakWatch:
    """Decides with hysteresis. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._contrary_since: dict[int, float] = {}

    def rate(self, point_id: int, rating: str, now: float, *, weak: bool) -> bool | None:
        """`weak`: what the point counts as now. Returns what it becomes, or None if it stays."""
        if (rating != "good") is weak:
            self._contrary_since.pop(point_id, None)
            return None
        since = self._contrary_since.setdefault(point_id, now)
        if now - since < (GOOD_AFTER if weak else WEAK_AFTER):
            return None
        del self._contrary_since[point_id]
        return not weak

    def forget(self, point_id: int) -> None:
        self._contrary_since.pop(point_id, None)
