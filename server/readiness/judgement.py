"""What a hall's measurements mean, and how ready a hall is: pure functions, so that board, hall and record agree."""

from dataclasses import dataclass
from typing import Literal, Protocol

Fault = Literal[
    "camera-none",
    "camera-denied",
    "camera-muted",
    "camera-dark",
    "microphone-none",
    "microphone-denied",
    "microphone-muted",
    "microphone-silent",
    "loop-unheard",
    "loop-unable",
    "media-none",
    "up-weak",
    "down-weak",
    "loss",
    "delay",
]
State = Literal["ready", "testing", "trouble", "lost", "absent"]

SILENT_DB = -60.0
"""dBFS: below it is the noise of an open input with nothing connected; a quiet room is around -50."""
LEAST_KBPS = 300
"""What a hall's small picture and its sound take in either direction."""
MOST_LOSS = 0.05
"""Share of packets. Opus and repairs hide up to that."""
MOST_ROUND_TRIP_MS = 500
"""Beyond it people fall into each other's word (ITU-T G.114 allows 400 ms one way at the very most)."""


class Measured(Protocol):
    @property
    def camera(self) -> str: ...
    @property
    def microphone(self) -> str: ...
    @property
    def level_db(self) -> float | None: ...
    @property
    def loop(self) -> str: ...
    @property
    def connected(self) -> bool: ...
    @property
    def up_kbps(self) -> int | None: ...
    @property
    def down_kbps(self) -> int | None: ...
    @property
    def loss_up(self) -> float | None: ...
    @property
    def loss_down(self) -> float | None: ...
    @property
    def round_trip_ms(self) -> int | None: ...


def faults_of(test: Measured) -> list[Fault]:
    """What is to be mended, the most important first; empty: the hall may take part as it is."""
    found: list[Fault] = []
    if not test.connected:
        found.append("media-none")
    if test.microphone != "ok":
        found.append(f"microphone-{test.microphone}")  # type: ignore[arg-type]
    elif test.level_db is None or test.level_db < SILENT_DB:
        found.append("microphone-silent")
    if test.camera != "ok":
        found.append(f"camera-{test.camera}")  # type: ignore[arg-type]
    if test.microphone == "ok" and test.loop != "heard":
        found.append(f"loop-{test.loop}")  # type: ignore[arg-type]
    if test.connected:
        if test.up_kbps is not None and test.up_kbps < LEAST_KBPS:
            found.append("up-weak")
        if test.down_kbps is not None and test.down_kbps < LEAST_KBPS:
            found.append("down-weak")
        if max(test.loss_up or 0, test.loss_down or 0) > MOST_LOSS:
            found.append("loss")
        if (test.round_trip_ms or 0) > MOST_ROUND_TRIP_MS:
            found.append("delay")
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """What counts of a hall now: nothing from before the time that counts."""

    presence: str
    said_ready: bool
    """Its technician pressed "ready"; still so while its line is cut."""
    passed: bool | None
    """Its last test; None: none."""
    verdict: bool | None
    """What was last said of it by who runs the meeting; None: nothing, or a test was made since."""


def state_of(found: Found) -> State:
    """Who looked and listened has the last word; a test that failed outweighs a "ready" that somebody pressed."""
    if found.presence == "lost":
        return "lost"
    here = found.presence in ("testing", "ready")
    if found.verdict is False:
        return "trouble"
    if found.verdict is True and here:
        return "ready"
    if found.passed is False:
        return "trouble"
    if not here:
        return "absent"
    return "ready" if found.passed and found.said_ready else "testing"
