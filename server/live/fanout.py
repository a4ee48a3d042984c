"""Takes one frame to thousands of sockets without holding up anybody else: a slice of them, then whatever else the
event loop has to do, then the next slice."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence

from server.live.client import Client

SLICE = 100
"""Clients. A write to a socket takes about 10 µs of the kernel, on uvloop only after the slice: hence no clock here."""


class Fanout:
    def __init__(self) -> None:
        self.seconds = 0.0
        """How long the last round took, from its first slice to its last."""
        self._rounds: deque[tuple[float, Iterator[Client]]] = deque()
        self._next: asyncio.Handle | None = None

    @property
    def busy(self) -> bool:
        return self._next is not None

    def deliver(self, clients: Sequence[Client]) -> None:
        """Flushes them all, in this order; at once, if they fit into one slice and nothing else is under way. To have
        laid a frame ready for thousands was one slice's work already."""
        self._rounds.append((time.monotonic(), iter(clients)))
        if self._next is None and len(clients) <= SLICE:
            self._slice()
        elif self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._slice)

    def stop(self) -> None:
        self._rounds.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _slice(self) -> None:
        self._next = None
        left = SLICE
        while self._rounds:
            began, clients = self._rounds[0]
            for client in clients:
                client.flush()
                left -= 1
                if not left:
                    self._next = asyncio.get_running_loop().call_soon(self._slice)
                    return
            self._rounds.popleft()
            self.seconds = time.monotonic() - began
