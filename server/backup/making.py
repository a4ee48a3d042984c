"""Making a backup of a system that runs."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from server import __version__
from server.backup import keys
from server.backup.contents import INDEX, KEYS, MANIFEST, Index, Manifest, Sealed
from server.backup.database import dump, is_sqlite
from server.backup.errors import BackupNotSet
from server.backup.papers import PaperRounds, Remembered
from server.backup.places import Shelf, naming_key, summary, told, workshop
from server.backup.sealing import Sealer
from server.core.clock import utc_now
from server.core.config import Settings
from server.core.secrets import write_private
from server.core.storage import Storage

Say = Callable[[str, str], None]
"""Takes what is being done, in Vietnamese and in English."""


def silent(_vi: str, _en: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    index: Index
    new_objects: int
    pruned: int
    seconds: float


async def make(settings: Settings, say: Say = silent, clock: Callable[[], datetime] = utc_now) -> Made:
    """Blocks this process: run it in one of its own. Whatever ends it, earlier backups stay, and half of one counts for
    nothing: the next round clears it away. DomainErrors of `errors`, OSError."""
    if settings.backup_to is None or settings.backup_key is None:
        raise BackupNotSet()
    async with told(settings.backup_to):
        with workshop(settings) as work:
            shelf = Shelf(settings.backup_to)
            return await _Making(settings, shelf, Sealer(settings.backup_key), work, say).run(clock)


class _Making:
    def __init__(self, settings: Settings, shelf: Shelf, sealer: Sealer, work: Path, say: Say) -> None:
        self._settings = settings
        self._shelf = shelf
        self._sealer = sealer
        self._work = work
        self._say = say
        self._parts: dict[str, Sealed] = {}
        self._plain: dict[str, str] = {}

    async def run(self, clock: Callable[[], datetime]) -> Made:
        began = time.monotonic()
        settings, shelf = self._settings, self._shelf
        key = naming_key(settings)
        await shelf.belong(key)
        remembered = Remembered(settings.var / "backup" / "remembered.db")
        try:
            papers = await self._rounds(key, remembered)
            self._say("Chép tài liệu…", "Copying papers…")
            await papers.round()
            # Before the database: the end of the audit log that is kept must not be beyond the log's.
            kept = keys.gather(settings)
            self._say("Chép cơ sở dữ liệu…", "Copying the database…")
            at = clock()
            name = f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"
            database = dump(settings.database, self._work, self._seal)
            await papers.round()
        finally:
            remembered.close()
        self._seal_text(KEYS, json.dumps(kept))
        manifest = Manifest(
            kind="sqlite" if is_sqlite(settings.database) else "postgresql",
            tables=database.tables,
            sequences=database.sequences,
            papers=papers.folders,
            plain=self._plain,
        )
        self._seal_text(MANIFEST, manifest.model_dump_json())
        for part in self._parts:
            await shelf.storage.put(f"backups/{name}/{part}", self._work / part)
        shelf.settle()
        index = Index(version=__version__, revision=database.revision, at=at, parts=self._parts, objects=papers.used())
        await shelf.storage.put(f"backups/{name}/{INDEX}", index.model_dump_json().encode())
        shelf.settle()
        pruned = await shelf.prune(settings.backup_keep)
        seconds = time.monotonic() - began
        write_private(settings.last_backup, summary(index, seconds))
        return Made(name, index, papers.new, pruned, seconds)

    async def _rounds(self, key: bytes, remembered: Remembered) -> PaperRounds:
        known: dict[str, Sealed] = {}
        for name in await self._shelf.names():
            known |= (await self._shelf.index(name)).objects
        lying = {Path(each.key).stem: each.size for each in await self._shelf.storage.entries("objects")}
        storage = Storage(self._settings)
        return PaperRounds(storage, self._shelf, self._sealer, key, self._work, remembered, known, lying)

    def _seal(self, part: str, packed: Path) -> None:
        with packed.open("rb") as file:
            self._parts[part], self._plain[part] = self._sealer.seal(file, self._work / part)
        packed.unlink()

    def _seal_text(self, part: str, text: str) -> None:
        packed = self._work / "text"
        packed.write_text(text, encoding="utf-8")
        self._seal(part, packed)
