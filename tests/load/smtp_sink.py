"""A mail server that takes everything and keeps nothing, in a process of its own: RFC 5321 as far as a client asks for
it, counted. aiosmtpd reads line by line, which for a letter's PDF takes longer than to make it."""

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection

END = b"\r\n.\r\n"


class _Session(asyncio.Protocol):
    def __init__(self, taken: list[tuple[float, int]]) -> None:
        self._taken = taken
        self._data: bytearray | None = None
        self._line = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say("220 sink")

    def data_received(self, data: bytes) -> None:
        if self._data is not None:
            searched = max(0, len(self._data) - len(END))
            self._data += data
            at = self._data.find(END, searched)
            if at < 0:
                return
            rest = bytes(self._data[at + len(END) :])
            self._taken.append((time.time(), at))
            self._data = None
            self._say("250 taken")
            data = rest
        self._line += data
        while self._data is None and (at := self._line.find(b"\r\n")) >= 0:
            line = bytes(self._line[:at])
            del self._line[: at + 2]
            self._command(line)

    def _command(self, line: bytes) -> None:
        match line[:4].upper():
            case b"EHLO":
                self._say("250-sink\r\n250-8BITMIME\r\n250 SIZE 0")
            case b"DATA":
                self._data = bytearray(self._line)
                self._line.clear()
                self._say("354 go on")
            case b"QUIT":
                self._say("221 bye")
                self._transport.close()
            case _:
                self._say("250 OK")

    def _say(self, text: str) -> None:
        self._transport.write(text.encode() + b"\r\n")


def _serve(pipe: Connection) -> None:
    async def run() -> None:
        taken: list[tuple[float, int]] = []
        server = await asyncio.get_running_loop().create_server(lambda: _Session(taken), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            # Whoever asks gets what came since.
            await asyncio.to_thread(pipe.recv)
            since, taken[:] = list(taken), []
            pipe.send(since)

    asyncio.run(run())


class Sink:
    """`port` is where it listens; `taken()`: (time, bytes) of each message since the last call."""

    def __init__(self) -> None:
        self._pipe, far = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(far,), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()

    def taken(self) -> list[tuple[float, int]]:
        self._pipe.send(None)
        found: list[tuple[float, int]] = self._pipe.recv()
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
