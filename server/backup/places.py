"""Where backups lie, and the folder of this machine that they are made in."""

import asyncio
import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from obstore.exceptions import BaseError
from pydantic import ValidationError

from server.backup.contents import FORMAT, INDEX, PLACE, Index, Place, Sealed, object_key
from server.backup.errors import (
    BackupFailed,
    BackupOfAnother,
    BackupPlaceAway,
    BackupUnderWay,
    Damaged,
    NoSuchBackup,
)
from server.backup.sealing import digest_of
from server.core.config import Settings
from server.core.errors import NotFound
from server.core.secrets import kept_secret
from server.core.storage import Storage

NAME = re.compile(r"\d{8}T\d{9}Z")
"""Of a backup: its time, UTC, to the millisecond."""


def naming_key(settings: Settings) -> bytes:
    """What names of objects are made with. Part of each backup, so that a restored system goes on with its place."""
    return kept_secret(settings.var / "backup.secret").encode()


def url_of(place: str) -> str:
    return Path(place).as_uri() if place.startswith("/") else place


def folder_of(place: str) -> Path | None:
    """The place, if it is a folder of this machine."""
    parts = urlsplit(url_of(place))
    return Path(parts.path) if parts.scheme == "file" else None


class Shelf:
    """A place of backups."""

    def __init__(self, place: str) -> None:
        """BackupPlaceAway: a folder is never made, as it may be the point where a disk is not mounted."""
        self.folder = folder_of(place)
        if self.folder is not None and not self.folder.is_dir():
            raise BackupPlaceAway(
                f"Không có thư mục {self.folder}. Kiểm tra ổ đĩa sao lưu đã gắn chưa, hoặc tạo thư mục rồi chạy lại.",
                f"There is no folder {self.folder}. See whether the backup's disk is mounted, or make the folder; then "
                "try again.",
            )
        self.storage = Storage.at(url_of(place))

    async def belong(self, key: bytes) -> None:
        """To this system. BackupOfAnother."""
        ours = Place(installation=hashlib.sha256(b"place " + key).hexdigest()[:16])
        try:
            there = Place.model_validate_json(await self.storage.get(PLACE))
        except NotFound:
            if await self.names():
                raise BackupOfAnother() from None
            await self.storage.put(PLACE, ours.model_dump_json().encode())
            return
        except ValidationError:
            raise Damaged.at(PLACE) from None
        if there.installation != ours.installation:
            raise BackupOfAnother()

    async def names(self) -> list[str]:
        """Of the backups that are whole, the oldest first."""
        found = [name for name in await self.storage.folders("backups") if NAME.fullmatch(name)]
        return [name for name in found if await self.storage.exists(f"backups/{name}/{INDEX}")]

    async def newest(self) -> str:
        names = await self.names()
        if not names:
            raise NoSuchBackup("Nơi này chưa có bản sao lưu nào.", "There is no backup at this place yet.")
        return names[-1]

    async def index(self, name: str) -> Index:
        """NoSuchBackup, Damaged."""
        if not NAME.fullmatch(name):
            raise NoSuchBackup()
        try:
            said = await self.storage.get(f"backups/{name}/{INDEX}")
        except NotFound:
            raise NoSuchBackup() from None
        try:
            index = Index.model_validate_json(said)
        except ValidationError:
            raise Damaged.at(f"{name}/{INDEX}") from None
        if index.format > FORMAT:
            raise Damaged(
                "Bản sao lưu do phiên bản mới hơn lập. Cài phiên bản ấy rồi khôi phục.",
                "This backup was made by a newer version. Install that version to restore it.",
            )
        return index

    async def fetch(self, key: str, sealed: Sealed, target: Path) -> None:
        """A file of the place. Damaged if it is not as the index says."""
        try:
            await self.storage.fetch(key, target)
        except NotFound:
            raise Damaged.at(key) from None
        if await asyncio.to_thread(digest_of, target) != sealed:
            raise Damaged.at(key)

    async def prune(self, keep: int) -> int:
        """Older backups than the newest `keep`, and what belongs to none. Returns how many backups went."""
        names = await self.names()
        gone = names[:-keep]
        # The index first: whatever ends this in the middle, no backup is left that is not whole.
        await self.storage.delete([f"backups/{name}/{INDEX}" for name in gone])
        kept = set(names[-keep:])
        for name in await self.storage.folders("backups"):
            if name not in kept:
                await self.storage.delete_folder(f"backups/{name}")
        used: set[str] = set()
        for name in kept:
            used.update(map(object_key, (await self.index(name)).objects))
        lying = await self.storage.entries("objects")
        await self.storage.delete([each.key for each in lying if each.key not in used])
        return len(gone)

    def settle(self) -> None:
        """A folder's files are on the disk, before an index says that they are there."""
        if self.folder is not None:
            os.sync()


@asynccontextmanager
async def told(place: str) -> AsyncIterator[None]:
    """What libraries raise, in words that say what to do."""
    try:
        yield
    except BaseError as error:
        said = " ".join(str(error).split())[:300]
        if "os error 28" in said:
            raise BackupFailed(
                f"Nơi sao lưu {place} đã đầy. Giải phóng chỗ, hoặc giảm NHIPCAU_BACKUP_KEEP; các bản trước vẫn còn "
                "nguyên.",
                f"The place of backups {place} is full. Free some room, or lower NHIPCAU_BACKUP_KEEP; earlier backups "
                "are untouched.",
            ) from None
        raise BackupPlaceAway(
            f"Không đọc ghi được nơi sao lưu {place} ({said}).", f"The place of backups {place} fails ({said})."
        ) from None
    except (psycopg.Error, sqlite3.Error) as error:
        said = " ".join(str(error).split())[:300]
        raise BackupFailed(
            f"Cơ sở dữ liệu không cho sao lưu hoặc khôi phục ({said}). Các bản sao lưu vẫn còn nguyên.",
            f"The database cannot be backed up or restored ({said}). The backups are untouched.",
        ) from None


@contextmanager
def workshop(settings: Settings) -> Iterator[Path]:
    """The folder that one backup or restore at a time works in, empty. BackupUnderWay."""
    folder = settings.var / "backup"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnderWay() from None
        work = folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def summary(index: Index, seconds: float) -> str:
    """What stands in the mark of the last backup."""
    held = sum(each.bytes for each in (*index.parts.values(), *index.objects.values()))
    return json.dumps({"at": index.at.isoformat(), "bytes": held, "seconds": round(seconds, 1)}) + "\n"
