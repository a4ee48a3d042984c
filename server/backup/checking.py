"""Looking at backups: that everything is there, and, with the key, that it opens and holds what it should."""

import io
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from server.backup.contents import KEYS, MANIFEST, SQLITE_PART, Index, Manifest, object_key
from server.backup.database import sqlite_tables, unpack
from server.backup.errors import Damaged
from server.backup.making import Say, silent
from server.backup.places import Shelf, told, workshop
from server.backup.sealing import Opener
from server.core.config import Settings


@dataclass(frozen=True, slots=True)
class Checked:
    name: str
    index: Index
    bytes: int
    manifest: Manifest | None
    """None: looked at without the key."""


class Reading:
    """A backup, and the key that opens it."""

    def __init__(self, shelf: Shelf, name: str, index: Index, opener: Opener, work: Path) -> None:
        self.shelf = shelf
        self.name = name
        self.index = index
        self._opener = opener
        self._work = work

    async def manifest(self) -> Manifest:
        """WrongKey, Damaged."""
        try:
            return Manifest.model_validate_json(await self._text(MANIFEST))
        except ValidationError:
            raise Damaged.at(MANIFEST) from None

    async def keys(self) -> dict[str, str]:
        kept: dict[str, str] = json.loads(await self._text(KEYS))
        return kept

    async def part(self, manifest: Manifest, part: str, target: Path) -> Path:
        """Opened and as it was sealed."""
        if part not in self.index.parts:
            raise Damaged.at(part)
        outside = self._work / "outside"
        await self.shelf.fetch(f"backups/{self.name}/{part}", self.index.parts[part], outside)
        self._open(outside, target, part, manifest.plain.get(part, ""))
        return target

    async def folder(self, manifest: Manifest, name: str, target: Path) -> Path:
        """The tar of a folder of papers."""
        folder = manifest.papers[name]
        if folder.object not in self.index.objects:
            raise Damaged.at(folder.object)
        outside = self._work / "outside"
        await self.shelf.fetch(object_key(folder.object), self.index.objects[folder.object], outside)
        self._open(outside, target, folder.object, folder.sha256)
        return target

    def _open(self, outside: Path, target: Path, what: str, sha256: str) -> None:
        with target.open("wb") as file:
            if self._opener.open(outside, file, what) != sha256:
                raise Damaged.at(what)
        outside.unlink()

    async def _text(self, part: str) -> bytes:
        if part not in self.index.parts:
            raise Damaged.at(part)
        outside = self._work / "outside"
        await self.shelf.fetch(f"backups/{self.name}/{part}", self.index.parts[part], outside)
        text = io.BytesIO()
        self._opener.open(outside, text, part)
        return text.getvalue()


async def list_backups(place: str) -> list[tuple[str, Index]]:
    """The oldest first."""
    async with told(place):
        shelf = Shelf(place)
        return [(name, await shelf.index(name)) for name in await shelf.names()]


async def verify(
    settings: Settings, place: str, identity: str | None, name: str | None = None, say: Say = silent
) -> Checked:
    """Reads the whole backup. Without the key: each file is there, as it was written. With it: each opens, is what was
    sealed, and the database is sound. Damaged, WrongKey, NoSuchBackup."""
    async with told(place):
        with workshop(settings) as work:
            shelf = Shelf(place)
            chosen = name or await shelf.newest()
            index = await shelf.index(chosen)
            held = sum(each.bytes for each in (*index.parts.values(), *index.objects.values()))
            if identity is None:
                for part, sealed in index.parts.items():
                    await shelf.fetch(f"backups/{chosen}/{part}", sealed, work / "looked-at")
                for object, sealed in index.objects.items():
                    await shelf.fetch(object_key(object), sealed, work / "looked-at")
                return Checked(chosen, index, held, None)
            reading = Reading(shelf, chosen, index, Opener(identity), work)
            return Checked(chosen, index, held, await _through(reading, work, say))


async def _through(reading: Reading, work: Path, say: Say) -> Manifest:
    manifest = await reading.manifest()
    await reading.keys()
    say("Xem cơ sở dữ liệu…", "Looking at the database…")
    for part in manifest.plain:
        opened = await reading.part(manifest, part, work / "opened")
        if part == SQLITE_PART:
            unpack(opened, work / "database")
            require_tables(manifest, sqlite_tables(work / "database"))
    say("Xem tài liệu…", "Looking at the papers…")
    for name in manifest.papers:
        await reading.folder(manifest, name, work / "opened")
    return manifest


def require_tables(manifest: Manifest, found: object) -> None:
    if found != manifest.tables:
        raise Damaged.at("SQLite")
