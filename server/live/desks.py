"""Tells the pages on which a meeting is prepared that somebody has changed it.

A page says what it shows in nouns ("delegate", "paper"): of a change it is told the noun alone, and it asks again for
what it shows, with its own rights. So a change that reaches nobody here costs one look into a dictionary, and members
and halls are sent nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from server.core.bus import MEETING_CHANGED, Bus, Message
from server.live import log
from server.live.client import signal_text
from server.live.protocol import Wire
from server.live.room import Room

GAP_SECONDS = 0.5
"""From one signal of a meeting to the next: an import of a thousand rows, or halls that come in by the dozen, are two
signals a second, not a thousand."""


class ChangedSignal(Wire):
    """Signal `changed`, to desks: what somebody has changed in the meeting, see `noun_of`."""

    nouns: list[str]


def noun_of(kind: str) -> str:
    """What an act is about: "delegate" of "delegates.added" and of "delegate.edited"."""
    noun = kind.split(".", maxsplit=1)[0]
    return noun if noun.endswith("ss") else noun.removesuffix("s")


class Desks:
    """One per process."""

    def __init__(self, bus: Bus, rooms: Mapping[int, Room]) -> None:
        self._bus = bus
        self._rooms = rooms
        self._waiting: dict[int, tuple[set[str], asyncio.TimerHandle]] = {}

    def listen(self) -> Callable[[], None]:
        """Follows the bus. Returns the way out."""
        with ExitStack() as stack:
            stack.callback(self._bus.subscribe(MEETING_CHANGED, self._on_change))
            stack.callback(self._bus.subscribe(log.EVENTS, self._on_event))
            stack.callback(self._forget)
            return stack.pop_all().close

    def _on_change(self, message: Message) -> None:
        self._changed(message["meeting_id"], message["kinds"])

    def _on_event(self, message: Message) -> None:
        if message.get("event") is not None:
            self._changed(message["meeting_id"], [message["event"]["kind"]])

    def _changed(self, meeting_id: int, kinds: list[str]) -> None:
        room = self._rooms.get(meeting_id)
        if room is None or not room.desks:
            return
        nouns = {noun_of(kind) for kind in kinds}
        if meeting_id in self._waiting:
            self._waiting[meeting_id][0].update(nouns)
        else:
            self._tell(meeting_id, nouns)

    def _tell(self, meeting_id: int, nouns: set[str]) -> None:
        room = self._rooms.get(meeting_id)
        if room is not None:
            text = signal_text("changed", ChangedSignal(nouns=sorted(nouns)))
            for desk in list(room.desks):
                desk.signal_text(text)
        timer = asyncio.get_running_loop().call_later(GAP_SECONDS, self._next, meeting_id)
        self._waiting[meeting_id] = (set(), timer)

    def _next(self, meeting_id: int) -> None:
        nouns, _timer = self._waiting.pop(meeting_id)
        if nouns:
            self._tell(meeting_id, nouns)

    def _forget(self) -> None:
        for _nouns, timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
