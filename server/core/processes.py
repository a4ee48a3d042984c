"""Starting other programs from the event loop without standing still.

asyncio's own way copies the page tables of this whole process, on the loop: beside twelve thousand sockets that takes
longer than the 10 ms that anything may. A thread starts them here, by vfork (subprocess does so where nothing has to
run in between), and the kernel tells when they end.
"""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from typing import Any


async def started(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """The process; `options` are Popen's. Descriptors close themselves on exec (PEP 446): closing them one by one would
    hold the interpreter. Whoever is cancelled here leaves none behind."""

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, close_fds=False, **options)

    starting = asyncio.get_running_loop().run_in_executor(None, start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_not_wanted)
        raise


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Its exit status, once it has one; negative: the signal that ended it."""
    loop = asyncio.get_running_loop()
    if process.poll() is None:
        number = os.pidfd_open(process.pid)
        over: asyncio.Future[None] = loop.create_future()
        loop.add_reader(number, _tell, over)
        try:
            await over
        finally:
            loop.remove_reader(number)
            os.close(number)
    return process.wait()


async def output_of(process: subprocess.Popen[bytes], limit: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    """What it writes to its standard output, a pipe; `limit`: of a line, in bytes. Close the transport at the end."""
    reader = asyncio.StreamReader(limit)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), process.stdout
    )
    return reader, transport


def _tell(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


def _not_wanted(starting: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    if starting.cancelled() or starting.exception() is not None:
        return
    process = starting.result()
    process.kill()
    process.wait()
