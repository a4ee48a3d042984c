"""A client that downloads as fast as one core takes bytes in: many connections, kept alive, one at a time on each."""

import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_BUFFER = 1 << 20


@dataclass
class Round:
    seconds: float
    downloads: int
    size: int
    """Bytes of each body."""

    @property
    def mb_per_s(self) -> float:
        return self.downloads * self.size / self.seconds / 1e6


@dataclass
class _Connection:
    socket: socket.socket
    request: bytes
    head: bytearray = field(default_factory=bytearray)
    left: int = -1
    """Bytes of the body still to come; below 0: the head is not whole yet."""


class Downloader:
    """`requests`: of each connection, as bytes; `check(head, size)` raises for an answer that is not the file."""

    def __init__(self, port: int, requests: Sequence[bytes], check: Callable[[str, int], None]) -> None:
        self._check = check
        self._buffer = memoryview(bytearray(_BUFFER))
        self._poll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        for request in requests:
            made = socket.create_connection(("127.0.0.1", port))
            made.setblocking(False)
            self._poll.register(made.fileno(), select.EPOLLIN)
            self._connections[made.fileno()] = _Connection(made, request)

    def run(self, downloads: int) -> Round:
        began = time.perf_counter()
        asked = 0
        for connection in self._connections.values():
            connection.socket.sendall(connection.request)
            asked += 1
        done, size = 0, 0
        while done < downloads:
            for number, _ in self._poll.poll(60):
                connection = self._connections[number]
                whole = self._take(connection)
                if whole is None:
                    continue
                size = whole
                done += 1
                if asked < downloads:
                    connection.socket.sendall(connection.request)
                    asked += 1
        return Round(time.perf_counter() - began, downloads, size)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.socket.close()
        self._poll.close()

    def _take(self, connection: _Connection) -> int | None:
        """The size of the body that has come in whole with this piece, if one has."""
        count = connection.socket.recv_into(self._buffer)
        assert count, "the server closed the connection"
        if connection.left < 0:
            connection.head += self._buffer[:count]
            head, end, body = connection.head.partition(b"\r\n\r\n")
            if not end:
                return None
            size = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            self._check(head.decode(), size)
            connection.head = bytearray(size.to_bytes(8, "big"))
            connection.left = size
            count = len(body)
        connection.left -= count
        assert connection.left >= 0, "more came than was asked for"
        if connection.left:
            return None
        size = int.from_bytes(connection.head, "big")
        connection.head, connection.left = bytearray(), -1
        return size
