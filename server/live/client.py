"""One connected socket: what waits to be sent to it, when it was last heard, why it is to be closed."""

import itertools
import json
import math
import time
from collections.abc import Mapping
from datetime import datetime

from server.core.actor import Actor
from server.edge.websockets import Line, text_frame
from server.live.protocol import Signal, Wire
from server.live.viewer import Audience, Viewer

SLOW_BYTES = 1 << 20
SLOW_SECONDS = 10.0
SILENT_SECONDS: dict[Audience, float] = {"hall": 15.0, "console": 15.0, "member": 60.0, "desk": 60.0}
"""A lost hall must be seen at once; 12,000 phones save their batteries (and this server 2,000 pings a second)."""
BURST = 40
RATE_PER_SECOND = 10.0
"""Commands of one client: a person with a mouse stays far below, a run-away script is held."""
CLOSE_SECONDS = 2.0

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
NO_SUCH_MEETING = 4404
SILENT = 4408
REPLACED = 4409
OCCUPIED = 4410
TOO_BIG = 1009
RESTARTING = 1012
TOO_SLOW = TRY_LATER = 1013

_numbers = itertools.count(1)


class Laid:
    """A frame that was laid ready for all of a group at once, and the one after it. Each client takes up what follows
    the last one it took; what all have taken is nobody's any more."""

    __slots__ = ("after", "frame")

    def __init__(self, frame: bytes = b"") -> None:
        self.frame = frame
        self.after: Laid | None = None


class Client:
    """`participant`: its name in media messages. Times are of the monotonic clock unless they say otherwise.

    Frames are posted, then flushed. A frame for thousands is laid ready once, and taken up by each when its turn comes
    or before anything else is posted to it: so whatever is sent to one of them meanwhile keeps its place behind it."""

    __slots__ = (
        "_allowance",
        "_allowance_at",
        "_bytes",
        "_full_since",
        "_full_waiting",
        "_line",
        "_queue",
        "_taken",
        "actor",
        "address",
        "checked",
        "closing",
        "cookies",
        "device",
        "heard",
        "heard_at",
        "meeting_id",
        "number",
        "participant",
        "streaming",
        "viewer",
    )

    def __init__(
        self,
        line: Line,
        *,
        cookies: Mapping[str, str],
        meeting_id: int,
        viewer: Viewer,
        participant: str,
        actor: Actor,
        now: datetime,
        address: str = "",
        device: str = "",
    ) -> None:
        self.number = next(_numbers)
        self.meeting_id = meeting_id
        self.viewer = viewer
        self.participant = participant
        self.actor = actor
        self.address = address
        self.device = device
        self.cookies = cookies
        self.checked = time.monotonic()
        self.heard = self.checked
        self.heard_at = now
        """Wall clock of the last frame from it."""
        self.streaming = False
        """Has its snapshot; nothing passing is signalled to it before."""
        self.closing: int | None = None
        """The code it is being closed with."""
        self._line = line
        self._queue: list[bytes] = []
        self._taken: Laid | None = None
        self._bytes = 0
        self._full_since: float | None = None
        self._full_waiting = 0
        self._allowance = float(BURST)
        self._allowance_at = self.checked

    # -- to the client

    def send(self, text: str) -> None:
        self.post(text_frame(text))
        self.flush()

    def follow(self, newest: Laid | None) -> None:
        """Takes up whatever is laid after this from now on; None: nothing more than what is laid already."""
        if self._taken is not None:
            self._take_up()
        self._taken = newest

    def post(self, frame: bytes) -> None:
        """Lays one frame ready for this client. One that cannot keep up is closed: it comes back with a snapshot, which
        is smaller than what it missed."""
        if self._taken is not None and self._taken.after is not None:
            self._take_up()
        if self.closing is not None:
            return
        self._queue.append(frame)
        self._bytes += len(frame)
        if self._bytes > SLOW_BYTES:
            self.close(TOO_SLOW)

    def flush(self) -> None:
        """Hands what lies ready to the line, if that takes it now; else it waits for
        `server.edge.websockets.Receiver`'s `writable`."""
        if self._taken is not None and self._taken.after is not None:
            self._take_up()
        if self._queue and not self._line.full:
            self._write()

    @property
    def idle(self) -> bool:
        """Everything is with the line, and the line takes more."""
        return not self._queue and not self._line.full and (self._taken is None or self._taken.after is None)

    def signal(self, kind: str, data: Wire) -> None:
        self.signal_text(signal_text(kind, data))

    def signal_text(self, text: str) -> None:
        """A signal made once for many clients, see `signal_text`."""
        if self.streaming:
            self.send(text)

    def close(self, code: int) -> None:
        """What lies ready is still sent, except to a client that takes nothing."""
        if self._taken is not None and self._taken.after is not None and code != TOO_SLOW:
            self._take_up()
        if self.closing is not None:
            return
        if code != TOO_SLOW and self._queue:
            self._write()
        self.closing = code
        self._queue.clear()
        self._line.close(code, CLOSE_SECONDS)

    def _take_up(self) -> None:
        while self._taken is not None and (laid := self._taken.after) is not None:
            self._taken = laid
            if self.closing is None:
                self._queue.append(laid.frame)
                self._bytes += len(laid.frame)
        if self._bytes > SLOW_BYTES:
            self.close(TOO_SLOW)

    def _write(self) -> None:
        self._line.write(self._queue[0] if len(self._queue) == 1 else b"".join(self._queue))
        self._queue.clear()
        self._bytes = 0

    # -- from the client

    def due(self) -> None:
        """Whether it may still be here is asked again at the next tick."""
        self.checked = -math.inf

    def hear(self, now: datetime) -> None:
        self.heard = time.monotonic()
        self.heard_at = now

    def may_command(self) -> bool:
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._allowance_at) * RATE_PER_SECOND)
        self._allowance_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def refund(self, part: float) -> None:
        """The command heard last is a cheap one: this part of its price comes back."""
        self._allowance += part

    def ping(self) -> None:
        """Asks its browser for a sign of life: `heard` moves on with the answer."""
        if self.streaming and self.closing is None:
            self._line.ping()

    def rest(self, seconds: float) -> None:
        """Nothing is heard from it for so long."""
        self._line.rest(seconds)

    def look_after(self, now: float) -> None:
        """Called about once a second: closes a socket that fell silent or is stuck."""
        if not self.streaming:
            self.heard = now  # it waits for us, not we for it
        elif now - self.heard > SILENT_SECONDS[self.viewer.audience]:
            self.close(SILENT)
        elif not self._line.full:
            self._full_since = None
        else:
            waiting = self._line.waiting
            if self._full_since is None or waiting < self._full_waiting:
                self._full_since = now
            elif now - self._full_since > SLOW_SECONDS:
                self.close(TOO_SLOW)
            self._full_waiting = waiting


def signal_text(kind: str, data: Wire) -> str:
    """The text of a signal; absent fields are left out."""
    signal = Signal(kind=kind, data=data.model_dump(mode="json", exclude_none=True))
    return json.dumps(signal.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
