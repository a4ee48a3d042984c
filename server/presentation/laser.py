"""The presenter's pointer: passing, never in the database. The newest point counts; what a line cannot take at once is
left out, so that a pointer never delays a page."""

import asyncio
import time
from dataclasses import dataclass, field

from server.core.bus import Message
from server.live.client import signal_text
from server.live.feature import Viewer
from server.live.registry import Live
from server.live.room import Room
from server.presentation.live import LaserSignal

LASER = "presentation.laser"
"""Bus topic. Message: {"meeting_id", "x", "y"}."""

SCREEN_SECONDS = 1 / 15
"""To halls and consoles."""
MEMBER_SECONDS = 1 / 5
LOOP_SHARE = 4
"""Members' rounds take at most this part of the time: 12,000 sockets are served in tens of milliseconds."""


@dataclass
class _Audience:
    """Who gets the pointer at one rate."""

    members: bool
    every: float
    due: float = 0.0
    timer: asyncio.TimerHandle | None = None


@dataclass
class _Pointer:
    """The pointer in one meeting."""

    room: Room
    signal: LaserSignal = field(default_factory=lambda: LaserSignal(x=None, y=None))
    audiences: tuple[_Audience, ...] = field(
        default_factory=lambda: (_Audience(False, SCREEN_SECONDS), _Audience(True, MEMBER_SECONDS))
    )

    def move(self, signal: LaserSignal) -> None:
        self.signal = signal
        for audience in self.audiences:
            if audience.timer is None:
                loop = asyncio.get_running_loop()
                audience.timer = loop.call_later(max(0.0, audience.due - loop.time()), self._send, audience)

    def _send(self, audience: _Audience) -> None:
        audience.timer = None
        began = time.monotonic()
        text = signal_text("laser", self.signal)
        busy = self.room.signal_all(text, lambda viewer: _is_member(viewer) is audience.members)
        taken = time.monotonic() - began
        audience.due = asyncio.get_running_loop().time() + max(audience.every, taken * LOOP_SHARE)
        del busy


def _is_member(viewer: Viewer) -> bool:
    return viewer.audience == "member"
