"""The presenter's pointer: passing, never in the database. The newest point counts; what a line cannot take at once is
left out, so that a pointer never delays a page."""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from server.core.bus import Message
from server.live.client import signal_text
from server.live.registry import Live
from server.live.viewer import Viewer
from server.presentation.live.entities import LaserSignal

LASER = "presentation.laser"
"""Bus topic. Message: {"meeting_id", "x", "y"}."""

SCREEN_SECONDS = 1 / 15
"""To halls and consoles."""
MEMBER_SECONDS = 1 / 5
LOOP_SHARE = 1 / 4
"""Of the time, at most, goes into the pointer: 12,000 sockets take some 0.1 s."""
BUSY_SECONDS = 0.05


@dataclass
class _Pointer:
    """The pointer of one meeting on its way to one kind of audience. It ends when it has sent its newest point."""

    members: bool
    newest: str | None = None
    timer: asyncio.TimerHandle | None = None

    def wants(self, viewer: Viewer) -> bool:
        return (viewer.audience == "member") is self.members

    @property
    def every(self) -> float:
        return MEMBER_SECONDS if self.members else SCREEN_SECONDS


_pointers: WeakKeyDictionary[Live, dict[tuple[int, bool], _Pointer]] = WeakKeyDictionary()
"""(meeting, to members) -> the pointer, while it moves."""


def point(live: Live, message: Message) -> None:
    """Follows the bus: the pointer of a meeting moved."""
    pointers = _pointers.setdefault(live, {})
    text = signal_text("laser", LaserSignal(x=message["x"], y=message["y"]))
    for members in (False, True):
        pointer = pointers.setdefault((message["meeting_id"], members), _Pointer(members))
        pointer.newest = text
        if pointer.timer is None:
            _send(live, message["meeting_id"], pointer)


def _send(live: Live, meeting_id: int, pointer: _Pointer) -> None:
    pointer.timer = None
    room = live.rooms.get(meeting_id)
    if pointer.newest is None or room is None:
        _pointers[live].pop((meeting_id, pointer.members), None)
        return
    pause = BUSY_SECONDS
    if room.signal_latest(pointer.newest, pointer.wants):
        pointer.newest = None
        pause = max(pointer.every, room.round_seconds / LOOP_SHARE) if pointer.members else pointer.every
    pointer.timer = asyncio.get_running_loop().call_later(pause, _send, live, meeting_id, pointer)
