"""The file that an upload grows in: who may write to it now, and how a chunk gets there."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import structlog

from server.core.config import Settings
from server.core.errors import Conflict, DomainError, Invalid, TooLarge

log = structlog.get_logger(__name__)

CHUNK_MAX = 8 * 1024 * 1024
_BUFFER = 256 * 1024
_SUMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
CHECKSUMS = ",".join(_SUMS)


class OffsetConflict(Conflict):
    code = "offset-conflict"
    vi = "Phần gửi không nối đúng chỗ. Trang tự hỏi lại và gửi tiếp; đồng chí không cần thao tác."
    en = "This part does not follow what came before. The page asks and goes on by itself; nothing to do."


class ChecksumMismatch(DomainError):
    code = "checksum-mismatch"
    status = 460
    """tus, checksum extension."""
    vi = "Dữ liệu bị sai trên đường truyền. Trang tự gửi lại phần này; đồng chí không cần thao tác."
    en = "The data was damaged on its way. The page sends this part again by itself; nothing to do."


class UploadGone(DomainError):
    code = "upload-expired"
    status = 410
    vi = "Lần gửi này đã quá hạn và bị xóa. Chọn lại tệp để gửi từ đầu."
    en = "This upload has expired and was removed. Choose the file again to send it anew."


@dataclass
class Writer:
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


writers: dict[Path, Writer] = {}
"""Who writes to a file now, in this process; each `var` belongs to one."""


@asynccontextmanager
async def alone(settings: Settings, token: str) -> AsyncIterator[tuple[Path, Writer]]:
    """As the only one who touches the file. Whoever did before is asked to stop: the newest request is alive."""
    path = folder_of(settings) / token
    while (before := writers.get(path)) is not None:
        before.stop.set()
        await before.over.wait()
    writer = writers[path] = Writer()
    try:
        yield path, writer
    finally:
        del writers[path]
        writer.over.set()


async def until(body: AsyncIterator[bytes], stop: asyncio.Event) -> AsyncIterator[bytes]:
    """The body, as far as it came when told to stop."""
    stopped: asyncio.Task[object] = asyncio.create_task(stop.wait())
    pieces = aiter(body)
    try:
        while True:
            coming = asyncio.create_task(_next(pieces))
            await asyncio.wait([coming, stopped], return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                return
            piece = coming.result()
            if piece is None:
                return
            yield piece
    finally:
        stopped.cancel()


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


async def gathered(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """In larger pieces, at most a chunk altogether. The line may break at any time: what came is given too."""
    waiting = bytearray()
    total = 0
    try:
        async for piece in body:
            total += len(piece)
            if total > CHUNK_MAX:
                raise TooLarge()
            waiting += piece
            if len(waiting) >= _BUFFER:
                yield bytes(waiting)
                waiting.clear()
    except ConnectionError:
        log.info("upload-line-broken", received=total)
    if waiting:
        yield bytes(waiting)


def write(file: BinaryIO, piece: bytes) -> None:
    file.write(piece)
    file.flush()


def parse_checksum(header: str | None) -> tuple["hashlib._Hash | None", bytes]:
    if not header:
        return None, b""
    name, _, encoded = header.partition(" ")
    try:
        return _SUMS[name](), base64.b64decode(encoded, validate=True)
    except (KeyError, binascii.Error, ValueError):
        raise Invalid("Mã kiểm tra không đọc được.", f"Upload-Checksum must be one of {CHECKSUMS}.") from None


def bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise UploadGone() from None


def folder_of(settings: Settings) -> Path:
    folder = settings.var / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
