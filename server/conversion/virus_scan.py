"""The virus scanner, where there is one: clamd's INSTREAM command (clamd(8)), asked by the server itself, as the
conversion has no network."""

import asyncio
import contextlib
import struct
from pathlib import Path

_PIECE = 256 * 1024
_PATIENCE = 120.0
"""Seconds for the whole file."""


class ScannerAway(Exception):
    """No answer, or none that says whether the file is clean."""


async def is_infected(path: Path, address: str) -> bool:
    """`address`: "unix:/run/clamav/clamd.ctl" or "tcp:host:port". Raises ScannerAway."""
    try:
        async with asyncio.timeout(_PATIENCE):
            answer = await _ask(path, address)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
        raise ScannerAway(str(error) or type(error).__name__) from error
    if answer.endswith(b"FOUND"):
        return True
    if answer.endswith(b"OK"):
        return False
    raise ScannerAway(answer.decode(errors="replace")[:200])


async def _ask(path: Path, address: str) -> bytes:
    kind, _, where = address.partition(":")
    if kind == "unix":
        reader, writer = await asyncio.open_unix_connection(where)
    else:
        host, _, port = where.rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    try:
        with path.open("rb") as file:
            writer.write(b"zINSTREAM\0")
            with contextlib.suppress(ConnectionError):  # a scanner that has heard enough answers and closes
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    writer.write(struct.pack("!I", len(piece)) + piece)
                    await writer.drain()
                writer.write(struct.pack("!I", 0))
                await writer.drain()
        return (await reader.readuntil(b"\0")).rstrip(b"\0 ")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
