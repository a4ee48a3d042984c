import asyncio
import socket
import time

import uvloop

from server.edge.reading_turns import ReadingTurns

LINES, MESSAGE_SECONDS = 200, 0.001


class Line(asyncio.Protocol):
    """Each message takes a millisecond."""

    def __init__(self, turns: ReadingTurns, read: list[bytes]) -> None:
        self.turns = turns
        self.read = read
        self.unread = b""
        self.waits = False

    def data_received(self, data: bytes) -> None:
        self.unread += data
        if not self.waits:
            self.waits = not self.turns.allow(self)
            if not self.waits:
                self.read_on()

    def read_on(self) -> None:
        self.waits = False
        if self.unread:
            until = time.thread_time() + MESSAGE_SECONDS
            while time.thread_time() < until:
                pass
            self.read.append(self.unread)
        self.unread = b""


def test_what_came_on_all_lines_at_once_leaves_room_for_others() -> None:
    """On the event loop that the server runs on, and with sockets: what it hands over in one go is its own affair."""

    async def told() -> tuple[list[bytes], float]:
        turns, read = ReadingTurns(), list[bytes]()
        loop = asyncio.get_running_loop()
        ends = []
        for _ in range(LINES):
            ours, theirs = socket.socketpair()
            await loop.create_connection(lambda: Line(turns, read), sock=ours)
            ends.append(theirs)
        for number, end in enumerate(ends):
            end.send(b"%d" % number)
        worst = 0.0
        while len(read) < LINES:
            # Of this thread's work: others may have the processor.
            before = time.thread_time()
            await asyncio.sleep(0.001)
            worst = max(worst, time.thread_time() - before)
        for end in ends:
            end.close()
        return read, worst

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        read, worst = runner.run(told())
    assert sorted(map(int, read)) == list(range(LINES))
    assert worst < 0.030, "one after the other they take 0.2 s"
