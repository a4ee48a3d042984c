"""Files come in by tus 1.0.0 (tus.io/protocols/resumable-upload): in chunks, resumable after a lost line or a restart
of either side. Creation, termination, expiration and checksum are the extensions.

Own and small rather than tuspyserver: that one takes a chunk's bytes before it asks for rights, keeps its state in
files beside ours instead of the database, hands uploads out again by GET, and has no sentences for
people.

The bytes lie in `var/uploads/<token>`; how many there are is the offset, whatever happened before. A request for an
upload ends an older one that still writes to it: that one hangs on a dead line.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, func, select

from server.core.actor import SYSTEM, Actor
from server.core.config import Settings
from server.core.errors import DomainError, Invalid, NotFound, TooLarge, TooMany
from server.core.fields import Id
from server.core.services import Services
from server.core.transaction import Transaction
from server.edge.budgets import UPLOADS_A_PERSON
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.papers.access.lookup import require_upload
from server.papers.actions import versions
from server.papers.models import PaperVersion, Upload
from server.papers.uploads.chunks import (
    ChecksumMismatch,
    OffsetConflict,
    UploadGone,
    alone,
    bytes_of,
    folder_of,
    gathered,
    parse_checksum,
    until,
    write,
    writers,
)

log = structlog.get_logger(__name__)

KEPT = timedelta(hours=24)
"""After the last byte came."""
_AT_ONCE = 300
"""Unfinished uploads of one person: the papers of a whole session, chosen at once."""
_NAME_MAX = 300
_FRESH = 3600.0
"""Seconds."""
_CLEARING = "uploads.clear"


class FileTooLarge(TooLarge):
    """Says the limit."""


class StorageFull(DomainError):
    code = "storage-full"
    status = 507
    vi = "Máy chủ hết chỗ chứa. Báo quản trị giải phóng đĩa, rồi gửi lại; phần đã gửi vẫn được giữ."
    en = "The server's disk is full. Tell the administrator, then send again; what was sent is kept."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the client says of the file (Upload-Metadata)."""

    file_name: str
    item_id: int | None
    paper_id: int | None
    note: str


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """Where an upload stands."""

    token: str
    offset: int
    size: int
    expires_at: float
    """POSIX time."""
    paper_id: int | None = None
    version_id: int | None = None
    """Of a finished one."""


def parse_metadata(header: str) -> Wanted:
    """Raises Invalid."""
    values: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            values[key] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Invalid("Tên tệp gửi lên không đọc được.", "Upload-Metadata cannot be read.") from None
    name = clean_name(values.get("filename", ""))
    if not name:
        raise Invalid("Tệp gửi lên không có tên.", "Upload-Metadata has no filename.")
    return Wanted(name, _id(values, "item_id"), _id(values, "paper_id"), _visible(values.get("note", ""))[:_NAME_MAX])


def clean_name(name: str) -> str:
    """The last part of a path, in NFC, on one line, with its extension kept when it is cut."""
    name = PurePosixPath(_visible(name).replace("\\", "/")).name.lstrip(".")
    if len(name) <= _NAME_MAX:
        return name
    stem, dot, extension = name.rpartition(".")
    return f"{stem[: _NAME_MAX - len(extension) - 1]}{dot}{extension}" if len(extension) < 10 else name[:_NAME_MAX]


def _visible(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(" " if unicodedata.category(each)[0] == "C" else each for each in text).split())


def _id(values: dict[str, str], name: str) -> int | None:
    if not values.get(name):
        return None
    try:
        return TypeAdapter(Id).validate_python(values[name])
    except ValidationError:
        raise Invalid("Nơi nhận tệp không đúng. Tải lại trang.", f"{name} is not an id.") from None


async def create(tx: Transaction, settings: Settings, meeting_id: int, size: int, wanted: Wanted) -> UploadStatus:
    """A place for a file of `size` bytes. Raises FileTooLarge, StorageFull, TooMany, Invalid, NotAllowed, NotFound."""
    await require_upload(
        tx.session, tx.actor, tx.now, meeting_id=meeting_id, item_id=wanted.item_id, paper_id=wanted.paper_id
    )
    if tx.actor.person_id is None:
        raise NotFound()
    check_size(settings, size)
    number, under_way = (
        await tx.session.execute(
            select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(
                Upload.person_id == tx.actor.person_id, Upload.version_id.is_(None)
            )
        )
    ).one()
    if number >= _AT_ONCE or (number and under_way + size > UPLOADS_A_PERSON):
        raise TooMany(
            "Đang có quá nhiều tệp gửi dở. Đợi gửi xong bớt rồi chọn tiếp.",
            "Too many files are being sent. Wait until some are done, then choose more.",
        )
    folder = folder_of(settings)
    announced = await tx.session.scalars(select(Upload.token).where(Upload.version_id.is_(None)))
    promised = await tx.session.scalar(select(func.sum(Upload.size)).where(Upload.version_id.is_(None))) or 0
    promised -= _arrived(folder, announced.all())
    if _room(settings) < promised + size:
        raise StorageFull()
    upload = Upload(
        token=secrets.token_urlsafe(32),
        meeting_id=meeting_id,
        person_id=tx.actor.person_id,
        item_id=wanted.item_id,
        paper_id=wanted.paper_id,
        file_name=wanted.file_name,
        note=wanted.note,
        size=size,
        created_at=tx.now,
        expires_at=tx.now + KEPT,
    )
    tx.session.add(upload)
    await tx.session.flush()
    (folder / upload.token).touch(mode=0o600)
    await enqueue(tx, _CLEARING, {}, subject="uploads", delay=KEPT)
    return _standing(upload, 0)


def check_size(settings: Settings, size: int) -> None:
    if size == 0:
        raise Invalid("Tệp không có nội dung. Kiểm tra lại tệp rồi gửi.", "The file is empty. Check it, then send it.")
    if size > settings.upload_max_mb * 1024 * 1024:
        raise FileTooLarge(
            f"Tệp lớn hơn {settings.upload_max_mb} MB. Giảm cỡ ảnh hoặc tách tài liệu rồi gửi lại.",
            f"The file is larger than {settings.upload_max_mb} MB. Make its pictures smaller or split it.",
            most=settings.upload_max_mb * 1024 * 1024,
        )


def _room(settings: Settings) -> int:
    """Bytes that uploads may still take."""
    return shutil.disk_usage(folder_of(settings)).free - settings.disk_reserve_mb * 1024 * 1024


def _arrived(folder: Path, tokens: Sequence[str]) -> int:
    """Bytes of unfinished uploads that are on the disk."""
    found = 0
    for token in tokens:
        with contextlib.suppress(FileNotFoundError):
            found += (folder / token).stat().st_size
    return found


async def stand(services: Services, actor: Actor, token: str) -> UploadStatus:
    """How far it is. One whose last byte came just before a crash is finished now."""
    upload = await _own(services, actor, token)
    if upload.version_id is not None:
        return await _finished(services, upload)
    async with alone(services.settings, token) as (path, _):
        offset = bytes_of(path)
        if offset == upload.size:
            return await _finish(services, actor, upload, path)
    return _standing(upload, offset)


async def receive(
    services: Services, actor: Actor, token: str, offset: int, body: AsyncIterator[bytes], *, checksum: str | None
) -> UploadStatus:
    """Appends the body at the offset; the last byte makes a version of it. What came before the line broke stays,
    unless there was a checksum. Raises OffsetConflict, ChecksumMismatch, TooLarge, UploadGone, NotFound, NotAllowed."""
    upload = await _own(services, actor, token)
    if upload.version_id is not None:
        return await _finished(services, upload)
    sum_of, expected = parse_checksum(checksum)
    async with alone(services.settings, token) as (path, writer):
        if bytes_of(path) != offset:
            raise OffsetConflict(offset=bytes_of(path))
        with path.open("r+b") as file:
            file.seek(offset)
            async for piece in gathered(until(body, writer.stop)):
                if file.tell() + len(piece) > upload.size:
                    raise FileTooLarge(
                        "Dữ liệu gửi lên nhiều hơn cỡ tệp đã báo. Chọn lại tệp để gửi từ đầu.",
                        "More came than was announced. Choose the file again to send it anew.",
                    )
                if _room(services.settings) < len(piece):
                    raise StorageFull()
                await asyncio.to_thread(write, file, piece)
                if sum_of is not None:
                    sum_of.update(piece)
            reached = file.tell()
            if sum_of is not None and (writer.stop.is_set() or sum_of.digest() != expected):
                file.truncate(offset)
                raise ChecksumMismatch()
            if reached == upload.size:
                await asyncio.to_thread(os.fsync, file.fileno())
        if writer.stop.is_set():
            raise OffsetConflict(offset=reached)
        if reached == upload.size:
            return await _finish(services, actor, upload, path)
    await _keep_longer(services, upload)
    return _standing(upload, reached)


async def terminate(services: Services, actor: Actor, token: str) -> None:
    """Forgets an unfinished upload; of a finished one only the record goes."""
    upload = await _own(services, actor, token)
    async with alone(services.settings, token) as (path, _):
        # The file first: on a full disk there is no room for the transaction before. A record without its file is gone.
        path.unlink(missing_ok=True)
        async with services.transactions(actor) as tx:
            await tx.session.execute(delete(Upload).where(Upload.id == upload.id))


async def _own(services: Services, actor: Actor, token: str) -> Upload:
    """The actor's own upload, whose rights still hold."""
    now = services.clock()
    async with services.database.read() as session:
        upload = await session.scalar(select(Upload).where(Upload.token == token))
        if upload is None or actor.person_id is None or upload.person_id != actor.person_id:
            raise NotFound()
        if upload.version_id is None:
            if upload.expires_at <= now:
                raise UploadGone()
            await require_upload(
                session, actor, now, meeting_id=upload.meeting_id, item_id=upload.item_id, paper_id=upload.paper_id
            )
    return upload


async def _finish(services: Services, actor: Actor, upload: Upload, path: Path) -> UploadStatus:
    folder = secrets.token_hex(16)
    digest = await asyncio.to_thread(_sha256, path)
    await services.storage.put(f"{folder}/original", path)
    try:
        async with services.transactions(actor) as tx:
            row = await tx.session.get(Upload, upload.id, with_for_update=True)
            if row is None:
                raise NotFound()
            version = await versions.add_version(
                tx,
                meeting_id=row.meeting_id,
                item_id=row.item_id,
                paper_id=row.paper_id,
                file_name=row.file_name,
                size=row.size,
                sha256=digest,
                folder=folder,
                note=row.note,
            )
            row.version_id = version.id
    except BaseException:
        with contextlib.suppress(Exception):
            await services.storage.delete_folder(folder)
        raise
    await asyncio.to_thread(path.unlink, missing_ok=True)
    return _standing(row, row.size, version.paper_id)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _finished(services: Services, upload: Upload) -> UploadStatus:
    async with services.database.read() as session:
        version = await session.get(PaperVersion, upload.version_id)
    return _standing(upload, upload.size, version.paper_id if version else None)


async def _keep_longer(services: Services, upload: Upload) -> None:
    """Once in a while: a chunk should not cost a transaction."""
    now = services.clock()
    if upload.expires_at - now < KEPT / 2:
        async with services.transactions(SYSTEM) as tx:
            row = await tx.session.get(Upload, upload.id)
            if row is not None:
                row.expires_at = upload.expires_at = now + KEPT


def _standing(upload: Upload, offset: int, paper_id: int | None = None) -> UploadStatus:
    return UploadStatus(upload.token, offset, upload.size, upload.expires_at.timestamp(), paper_id, upload.version_id)


async def clear_expired(services: Services, _job: Job) -> None:
    """Removes what nobody finished, and finished ones' records; comes again while there are any."""
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(Upload).where(Upload.expires_at <= tx.now))
        kept = set(await tx.session.scalars(select(Upload.token)))
        if kept:
            await enqueue(tx, _CLEARING, {}, subject="uploads", delay=KEPT / 4)
    await asyncio.to_thread(_clear_files, folder_of(services.settings), kept)


def _clear_files(folder: Path, kept: set[str]) -> None:
    """Files without a record; a fresh one's may be about to be committed."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.name not in kept and path not in writers and path.stat().st_mtime < time.time() - _FRESH:
                path.unlink()


clearing = JobKind(_CLEARING, clear_expired)
