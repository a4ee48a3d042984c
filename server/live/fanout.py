"""Takes one frame to thousands of sockets without holding up anybody else: a slice of them, then whatever else the
event loop has to do, then the next slice."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence

from server.live.client import Client, Laid

SLICE = 40
"""Clients. A write to a socket takes about 10 µs of the kernel, on uvloop only after the slice: hence no clock here.
With 100 of them a slice was 3 ms, and whatever else the loop had to do in that turn came on top."""


class Group:
    """Clients that see the same. What is for all of them is laid down once, however many they are: to put it into each
    one's queue is milliseconds of twelve thousand, and one commit may bring several events."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._newest = Laid()

    def admit(self, client: Client) -> None:
        """It takes up whatever is laid from now on."""
        self.clients.add(client)
        client.follow(self._newest)

    def leave(self, client: Client) -> None:
        if client in self.clients:
            self.clients.discard(client)
            client.follow(None)

    def lay(self, frame: bytes) -> None:
        """Ready for each of them; `Fanout.deliver` takes it to them."""
        laid = Laid(frame)
        self._newest.after = laid
        self._newest = laid


class Fanout:
    def __init__(self) -> None:
        self.seconds = 0.0
        """How long the last round took, from its first slice to its last."""
        self._rounds: deque[tuple[float, Iterator[Client], bytes]] = deque()
        self._next: asyncio.Handle | None = None

    @property
    def busy(self) -> bool:
        return self._next is not None

    def deliver(self, clients: Sequence[Client], passing: bytes = b"") -> None:
        """Flushes them all, in this order; at once, if they fit into one slice and nothing else is under way.

        `passing`: a frame besides, for those who are idle when their turn comes; the others miss it."""
        self._rounds.append((time.monotonic(), iter(clients), passing))
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
            began, clients, passing = self._rounds[0]
            for client in clients:
                if passing and client.idle:
                    client.post(passing)
                client.flush()
                left -= 1
                if not left:
                    self._next = asyncio.get_running_loop().call_soon(self._slice)
                    return
            self._rounds.popleft()
            self.seconds = time.monotonic() - began
