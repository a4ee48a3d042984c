"""One connected socket: what waits to be sent to it, when it was last heard, why it is to be closed."""

import asyncio
import itertools
import json
import math
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime

from starlette.websockets import WebSocket

from server.core.actor import Actor
from server.live.feature import Viewer
from server.live.protocol import Signal, Wire

SLOW_BYTES = 1 << 20
SLOW_SECONDS = 10.0
SILENT_SECONDS = 15.0
BURST = 40
RATE_PER_SECOND = 10.0
"""Commands of one client: a person with a mouse stays far below, a run-away script is held."""

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403
NO_SUCH_MEETING = 4404
SILENT = 4408
REPLACED = 4409
TOO_BIG = 1009
RESTARTING = 1012
TOO_SLOW = 1013

_numbers = itertools.count(1)


class Client:
    """`participant`: its name in media messages. Times are of the monotonic clock unless they say otherwise."""

    def __init__(
        self,
        socket: WebSocket,
        *,
        meeting_id: int,
        viewer: Viewer,
        participant: str,
        actor: Actor,
        now: datetime,
    ) -> None:
        self.number = next(_numbers)
        self.meeting_id = meeting_id
        self.viewer = viewer
        self.participant = participant
        self.actor = actor
        self.cookies: Mapping[str, str] = socket.cookies
        self.checked = time.monotonic()
        self.heard = self.checked
        self.heard_at = now
        """Wall clock of the last frame from it."""
        self.streaming = False
        """Has its snapshot; nothing passing is signalled to it before."""
        self.closing: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._socket = socket
        self._queue: deque[str] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._sending_since: float | None = None
        self._allowance = float(BURST)
        self._allowance_at = self.checked

    def send(self, text: str) -> None:
        """Queues one frame. A client that cannot keep up is closed: it comes back with a snapshot, which is smaller
        than what it missed."""
        if self.closing.done():
            return
        self._queue.append(text)
        self._bytes += len(text)
        if self._bytes > SLOW_BYTES:
            self.close(TOO_SLOW)
        self._filled.set()

    def signal(self, kind: str, data: Wire) -> None:
        self.signal_text(signal_text(kind, data))

    def signal_text(self, text: str) -> None:
        """A signal made once for many clients, see `signal_text`."""
        if self.streaming:
            self.send(text)

    def close(self, code: int) -> None:
        if not self.closing.done():
            self.closing.set_result(code)

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

    def look_after(self) -> None:
        """Called about once a second: closes a socket that fell silent or is stuck."""
        now = time.monotonic()
        if not self.streaming:
            self.heard = now  # it waits for us, not we for it
        elif now - self.heard > SILENT_SECONDS:
            self.close(SILENT)
        elif self._sending_since is not None and now - self._sending_since > SLOW_SECONDS:
            self.close(TOO_SLOW)

    async def write(self) -> None:
        """Sends what is queued, in order, until cancelled or the socket fails."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._queue:
                text = self._queue.popleft()
                self._sending_since = time.monotonic()
                await self._socket.send_text(text)
                self._sending_since = None
                self._bytes -= len(text)

    async def flush(self) -> None:
        """Sends what is still queued, without waiting for more."""
        while self._queue:
            await self._socket.send_text(self._queue.popleft())


def signal_text(kind: str, data: Wire) -> str:
    """The frame of a signal; absent fields are left out."""
    signal = Signal(kind=kind, data=data.model_dump(mode="json", exclude_none=True))
    return json.dumps(signal.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
