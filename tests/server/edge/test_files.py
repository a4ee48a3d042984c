"""Files by sendfile over real sockets: whole, in parts, with keep-alive, to slow clients and to some that go away."""

import asyncio
import gc
import os
import random
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from server.edge import files
from server.edge.budgets import Connections
from server.edge.files import FilePart, Spliced
from server.edge.listening import configuration
from server.edge.turnstile import Turnstile
from tests.sockets import _Server

LARGE = 9_000_000


@pytest.fixture
def content(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(random.Random(3).randbytes(LARGE))
    return path


LONG = 40_000_000
"""More than the kernel takes for somebody who does not read."""


@pytest.fixture
async def address(content: Path, tmp_path: Path) -> AsyncIterator[tuple[str, int]]:
    shrinking = tmp_path / "shrinking.bin"
    shrinking.write_bytes(b"x" * 10)

    async def spliced(_request: Request) -> Response:
        parts = [b"begin ", FilePart(content, 100, LARGE - 200), b" end"]
        return Spliced(parts, "application/octet-stream", {"ETag": '"one"'})

    routes = [
        Route("/file", lambda _: FileResponse(content)),
        Route("/spliced", spliced, methods=["GET"]),
        Route("/shrinking", lambda _: Spliced([FilePart(shrinking, 0, 1000)], "text/plain")),
        Route("/gone", lambda _: Spliced([FilePart(tmp_path / "no", 0, 1000)], "text/plain")),
        Route("/text", lambda _: PlainTextResponse("short")),
        Route("/long", lambda _: PlainTextResponse("x" * LONG)),
    ]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    options = {"lifespan": "off", "log_level": "critical"}
    server: uvicorn.Server = _Server(
        configuration(
            Starlette(routes=routes),
            2,
            connections=Connections("127.0.0.1"),
            turnstile=Turnstile(lambda _address: True),
            **options,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110  (uvicorn tells by this flag alone)
        await asyncio.sleep(0.01)
    yield listener.getsockname()
    server.should_exit = True
    await task
    listener.close()


class Line:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def dial(cls, address: tuple[str, int]) -> "Line":
        return cls(*await asyncio.open_connection(*address, limit=4 * 2**20))

    def ask(self, path: str, method: str = "GET", **headers: str) -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: here", *(f"{name}: {value}" for name, value in headers.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    async def answer(self, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        size = int(headers.get("content-length", 0)) if body else 0
        return int(head[0].split()[1]), headers, await self.reader.readexactly(size)


async def test_whole_files_parts_and_heads_on_one_connection(address: tuple[str, int], content: Path) -> None:
    whole = content.read_bytes()
    spliced = b"begin " + whole[100:-100] + b" end"
    line = await Line.dial(address)
    for _ in range(2):
        line.ask("/file")
        assert (await line.answer())[2] == whole
        line.ask("/text")
        assert (await line.answer())[2] == b"short"
        line.ask("/spliced")
        status, headers, body = await line.answer()
        assert (status, body) == (200, spliced)
        line.ask("/file", "HEAD")
        assert (await line.answer(body=False))[1]["content-length"] == str(LARGE)
        line.ask("/file", Range="bytes=5-8")
        assert (await line.answer())[2] == whole[5:9]
        for first, last in ((0, 5), (3, 50), (LARGE - 300, len(spliced) - 1), (len(spliced) - 2, 10**15)):
            line.ask("/spliced", Range=f"bytes={first}-{last}", **{"If-Range": '"one"'})
            status, headers, body = await line.answer()
            assert (status, body) == (206, spliced[first : last + 1])
            assert headers["content-range"].endswith(f"/{len(spliced)}")
    line.writer.close()


async def test_requests_that_do_not_wait_for_answers(address: tuple[str, int], content: Path) -> None:
    line = await Line.dial(address)
    for path in ("/spliced", "/text", "/file", "/text"):
        line.ask(path)
    sizes = [len((await line.answer())[2]) for _ in range(4)]
    assert sizes == [LARGE - 190, 5, LARGE, 5]
    line.writer.close()


async def test_a_slow_client_holds_up_nobody_and_gets_it_all(address: tuple[str, int], content: Path) -> None:
    slow = await Line.dial(address)
    slow.ask("/file")
    await slow.reader.readuntil(b"\r\n\r\n")
    quick = await Line.dial(address)
    for _ in range(3):
        quick.ask("/spliced")
        assert len((await quick.answer())[2]) == LARGE - 190
    got = bytearray()
    while len(got) < LARGE:
        piece = await slow.reader.read(1_000_000)
        assert piece
        got += piece
        await asyncio.sleep(0.005)
    assert bytes(got) == content.read_bytes()
    slow.ask("/text")
    assert (await slow.answer())[2] == b"short"
    for line in (slow, quick):
        line.writer.close()


async def test_clients_that_go_away_leave_nothing_open(address: tuple[str, int]) -> None:
    def open_files() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    before = open_files()
    for number in range(12):
        line = await Line.dial(address)
        line.ask("/file")
        if number % 3:
            await line.reader.readexactly(1000)
        line.writer.transport.abort()
    async with asyncio.timeout(10):
        while open_files() > before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_client_that_takes_nothing_is_given_up(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_STALLED_SECONDS", 0.3)
    line = await Line.dial(address)
    line.writer.transport.pause_reading()  # type: ignore[attr-defined]
    line.ask("/file")
    await asyncio.sleep(1.2)
    line.writer.transport.resume_reading()  # type: ignore[attr-defined]
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await line.answer()


@pytest.mark.parametrize("path", ["/shrinking", "/gone"])
async def test_a_file_that_is_not_what_it_was_ends_the_connection(address: tuple[str, int], path: str) -> None:
    """Too late to say so: a body that ends too early is a failure that every client notices."""
    line = await Line.dial(address)
    line.ask(path)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await line.answer()
    other = await Line.dial(address)
    other.ask("/text")
    assert (await other.answer())[2] == b"short"
    other.writer.close()


async def test_nothing_is_closed_under_a_burst_however_often_its_request_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The numbers of socket and file would be somebody else's, and the burst would go to a stranger."""
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(_socket: int, _file: int, _offset: int, end: int) -> int:
        began.set()
        may_end.wait(10)
        ended.set()
        return end

    monkeypatch.setattr(files, "_sent", slow)
    burst = asyncio.create_task(files._poured_beside(0, 0, 0, 1))
    await asyncio.to_thread(began.wait, 10)
    for _ in range(3):
        burst.cancel()
        await asyncio.sleep(0.01)
    assert not burst.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await burst
    assert ended.is_set()


async def test_who_does_not_read_the_answer_holds_no_connection(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that reads slowly has it whole."""
    monkeypatch.setattr("server.edge.bounded_protocol.DRAIN_SECONDS", 0.5)
    silent, slow = await Line.dial(address), await Line.dial(address)
    for each in (silent, slow):
        each.ask("/long")
    head = await slow.reader.readuntil(b"\r\n\r\n")
    assert f"content-length: {LONG}".encode() in head
    read = 0
    async with asyncio.timeout(60):
        while read < LONG:
            some = await slow.reader.read(LONG // 40)
            assert some
            read += len(some)
            await asyncio.sleep(0.1)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await silent.answer()
    slow.ask("/text")
    assert (await slow.answer())[2] == b"short"
