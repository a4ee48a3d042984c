"""Restoring into an empty system. Done again after whatever ended it, it goes on; the server does not start before it
is done. Papers and keys come first, the database last: rows that speak of papers are never there without them."""

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from server.backup import database, keys
from server.backup.checking import Reading, require_tables
from server.backup.contents import SQLITE_PART, Index, Manifest, object_key, part_of
from server.backup.errors import Damaged, NotEmpty
from server.backup.making import Say, silent
from server.backup.papers import unpack_folder
from server.backup.places import Shelf, told, workshop
from server.backup.sealing import Opener
from server.backup.unfinished import marker
from server.core.config import Settings
from server.core.secrets import write_private
from server.core.storage import Storage


@dataclass(frozen=True, slots=True)
class Schema:
    """What `server.migrations` does."""

    upgrade: Callable[[str, str], None]
    """Brings the database at a URL to a revision, or to "head"."""
    require_known: Callable[[str], None]
    """Raises for a revision of a newer program."""


@dataclass(frozen=True, slots=True)
class Restored:
    name: str
    index: Index
    manifest: Manifest
    other_keys: list[str]
    """Settings of this system that differ from the keys in the backup."""


async def restore(
    settings: Settings, place: str, identity: str, schema: Schema, *, name: str | None = None, say: Say = silent
) -> Restored:
    """NotEmpty, Damaged, WrongKey, NoSuchBackup, OldSchema's kin, OSError."""
    async with told(place):
        with workshop(settings) as work:
            shelf = Shelf(place)
            chosen = name or await shelf.newest()
            index = await shelf.index(chosen)
            reading = Reading(shelf, chosen, index, Opener(identity), work)
            manifest = await reading.manifest()
            kept = await reading.keys()
            schema.require_known(index.revision)
            await _require_whole(shelf, index)
            storage = Storage(settings)
            await _require_empty(settings, manifest, storage)
            again = _under_way(settings) == chosen
            write_private(marker(settings), json.dumps({"backup": chosen}) + "\n")
            say("Đưa tài liệu về…", "Bringing the papers back…")
            await _papers(reading, manifest, storage, work, again=again)
            other = keys.put_back(settings, kept)
            say("Đưa cơ sở dữ liệu về…", "Bringing the database back…")
            if manifest.kind == "sqlite":
                await _sqlite(settings, reading, manifest, work)
            else:
                await _postgresql(settings, reading, manifest, schema, work)
            schema.upgrade(settings.database, "head")
            os.sync()
            marker(settings).unlink()
            return Restored(chosen, index, manifest, other)


def _under_way(settings: Settings) -> str | None:
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads(marker(settings).read_text("ascii"))["backup"])
    return None


async def _require_whole(shelf: Shelf, index: Index) -> None:
    """By their sizes: nothing has been written yet."""
    for object, sealed in index.objects.items():
        if await shelf.storage.size(object_key(object)) != sealed.bytes:
            raise Damaged.at(object_key(object))


async def _require_empty(settings: Settings, manifest: Manifest, storage: Storage) -> None:
    if (manifest.kind == "sqlite") != database.is_sqlite(settings.database):
        kind = "SQLite" if manifest.kind == "sqlite" else "PostgreSQL"
        raise NotEmpty(
            f"Bản sao lưu này của cơ sở dữ liệu {kind}. Đặt NHIPCAU_DATABASE_URL cho đúng loại rồi chạy lại.",
            f"This is a backup of a {kind} database. Set NHIPCAU_DATABASE_URL to one of that kind, then try again.",
        )
    _require_stopped(settings)
    if _under_way(settings) is not None:
        return  # whatever is there, the restore before this one brought
    if database.units_in(settings.database):
        raise NotEmpty.because("cơ sở dữ liệu đã có đơn vị", "the database has units")
    for name in await storage.folders():
        if await storage.entries(name):
            raise NotEmpty.because("kho tài liệu đã có tệp", "the papers' storage has files")


_LEAVING_SECONDS = 3.0
"""PostgreSQL notices after a moment that a program which was killed is gone."""
_RUNNING = NotEmpty(
    "Nhịp Cầu hoặc chương trình khác đang dùng cơ sở dữ liệu này. Dừng lại rồi chạy lệnh khôi phục.",
    "Nhịp Cầu or another program is using this database. Stop it, then restore.",
)


def _require_stopped(settings: Settings) -> None:
    if database.is_sqlite(settings.database):
        if not database.alone(database.sqlite_file(settings.database)):
            raise _RUNNING
        return
    with database.connect(settings.database) as connection:
        connection.autocommit = True
        until = time.monotonic() + _LEAVING_SECONDS
        while connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        ).fetchone():
            if time.monotonic() > until:
                raise _RUNNING
            time.sleep(0.1)


async def _papers(reading: Reading, manifest: Manifest, storage: Storage, work: Path, *, again: bool) -> None:
    """`again`: folders that have all their files are there from the try before."""
    for name in await storage.folders():
        if name not in manifest.papers:
            await storage.delete_folder(name)
    for name, folder in manifest.papers.items():
        lying = await storage.entries(name)
        if again and (len(lying), sum(each.size for each in lying)) == (folder.files, folder.bytes):
            continue
        await storage.delete_folder(name)
        tar = await reading.folder(manifest, name, work / "folder.tar")
        unpack_folder(tar, work / "folder")
        await storage.put_folder(name, work / "folder")


async def _sqlite(settings: Settings, reading: Reading, manifest: Manifest, work: Path) -> None:
    opened = await reading.part(manifest, SQLITE_PART, work / "opened")
    copy = work / "database"
    database.unpack(opened, copy)
    require_tables(manifest, database.sqlite_tables(copy))
    file = database.sqlite_file(settings.database)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in (f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(left).unlink(missing_ok=True)
    draft = file.with_name(f".{file.name}.restored")
    shutil.move(copy, draft)
    draft.replace(file)


async def _postgresql(settings: Settings, reading: Reading, manifest: Manifest, schema: Schema, work: Path) -> None:
    database.drop_tables(settings.database)
    schema.upgrade(settings.database, reading.index.revision)
    with database.connect(settings.database) as connection:
        if database.tables_of(connection) != list(manifest.tables):
            raise Damaged.at("PostgreSQL")
    parts = [(name, await reading.part(manifest, part_of(name), work / f"{name}.gz")) for name in manifest.tables]
    database.load_postgresql(settings.database, manifest, parts)
