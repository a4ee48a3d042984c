"""Papers, a folder of the storage at a time (one version, one pack): a tar that is the same for the same files, stored
once. A folder that looks as it did last time is not even read."""

import hashlib
import hmac
import shutil
import sqlite3
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from server.backup.contents import Folder, Sealed, object_key
from server.backup.places import Shelf
from server.backup.sealing import Sealer, digest_of
from server.core.errors import NotFound
from server.core.storage import Entry, Storage


class Remembered:
    """What earlier rounds found, in a file beside: nothing depends on it but time."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE TABLE IF NOT EXISTS folders (name TEXT PRIMARY KEY, look TEXT NOT NULL, found TEXT NOT NULL);"
            "CREATE TABLE IF NOT EXISTS objects (name TEXT PRIMARY KEY, sealed TEXT NOT NULL);"
        )

    def folder(self, name: str, look: str) -> Folder | None:
        row = self._connection.execute("SELECT found FROM folders WHERE name = ? AND look = ?", (name, look)).fetchone()
        return Folder.model_validate_json(row[0]) if row else None

    def note_folder(self, name: str, look: str, found: Folder) -> None:
        self._connection.execute("REPLACE INTO folders VALUES (?, ?, ?)", (name, look, found.model_dump_json()))

    def sealed(self, name: str) -> Sealed | None:
        row = self._connection.execute("SELECT sealed FROM objects WHERE name = ?", (name,)).fetchone()
        return Sealed.model_validate_json(row[0]) if row else None

    def note_sealed(self, name: str, sealed: Sealed) -> None:
        self._connection.execute("REPLACE INTO objects VALUES (?, ?)", (name, sealed.model_dump_json()))

    def close(self) -> None:
        self._connection.close()


@dataclass
class PaperRounds:
    storage: Storage
    shelf: Shelf
    sealer: Sealer
    key: bytes
    work: Path
    remembered: Remembered
    known: dict[str, Sealed]
    """Objects that earlier backups have, as their indexes say."""
    lying: dict[str, int]
    """Objects at the place -> their bytes."""
    folders: dict[str, Folder] = field(default_factory=dict)
    objects: dict[str, Sealed] = field(default_factory=dict)
    new: int = 0

    async def round(self) -> None:
        """Before and after the database is copied: what it speaks of was there before, or is there now."""
        for name in await self.storage.folders():
            found = await self._folder(name)
            if found is not None:
                self.folders[name] = found

    def used(self) -> dict[str, Sealed]:
        return {each.object: self.objects[each.object] for each in self.folders.values()}

    async def _folder(self, name: str) -> Folder | None:
        entries = await self.storage.entries(name)
        if not entries:
            return None
        look = hashlib.sha256(repr(entries).encode()).hexdigest()
        found = self.remembered.folder(name, look)
        if found is not None and self._is_there(found.object):
            return found
        tar = self.work / "folder.tar"
        try:
            await self._pack(name, entries, tar)
        except (NotFound, FileNotFoundError, _Changed):
            return None  # deleted or replaced just now; the next round sees what became of it
        inside = digest_of(tar)
        object = hmac.digest(self.key, inside.sha256.encode(), "sha256").hex()
        found = Folder(
            object=object, sha256=inside.sha256, files=len(entries), bytes=sum(each.size for each in entries)
        )
        if not self._is_there(object):
            await self._store(object, tar)
        self.remembered.note_folder(name, look, found)
        tar.unlink()
        return found

    def _is_there(self, object: str) -> bool:
        sealed = self.objects.get(object) or self.known.get(object) or self.remembered.sealed(object)
        if sealed is None or self.lying.get(object) != sealed.bytes:
            return False
        self.objects[object] = sealed
        return True

    async def _store(self, object: str, tar: Path) -> None:
        outside = self.work / "object.age"
        with tar.open("rb") as file:
            sealed, _ = self.sealer.seal(file, outside)
        await self.shelf.storage.put(object_key(object), outside)
        outside.unlink()
        self.remembered.note_sealed(object, sealed)
        self.objects[object], self.lying[object] = sealed, sealed.bytes
        self.new += 1

    async def _pack(self, name: str, entries: list[Entry], target: Path) -> None:
        fetched = self.work / "entry"
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
            for entry in entries:
                path = self.storage.local(entry.key)
                if path is None:
                    await self.storage.fetch(entry.key, fetched)
                    path = fetched
                _add(tar, entry.key.removeprefix(f"{name}/"), path, entry.size)


class _Changed(Exception):
    pass


def _add(tar: tarfile.TarFile, name: str, path: Path, size: int) -> None:
    with path.open("rb") as file:
        member = tarfile.TarInfo(name)
        member.size, member.mode = file.seek(0, 2), 0o600
        if member.size != size:
            raise _Changed
        file.seek(0)
        tar.addfile(member, file)


def unpack_folder(tar: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with tarfile.open(tar) as file:
        file.extractall(target, filter="data")
