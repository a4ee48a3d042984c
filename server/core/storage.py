"""Where files lie: a folder of this machine, or object storage. Keys are short paths ("3f2a…/pages/1-900.webp")."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from server.core.config import Settings
from server.core.errors import NotFound

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_AT_ONCE = 8
"""Objects under way at the same time, of one folder."""


class Entry(NamedTuple):
    key: str
    size: int
    tag: str
    """Another one, as soon as the object is replaced."""


class Storage:
    """One per process and place. Writing replaces an object whole: readers see the old or the new one, never a part."""

    def __init__(self, settings: Settings) -> None:
        self._open(settings.storage_url or (settings.var / "papers").resolve().as_uri())

    @classmethod
    def at(cls, url: str) -> "Storage":
        """Another place than that of the papers."""
        made = cls.__new__(cls)
        made._open(url)
        return made

    def _open(self, url: str) -> None:
        self._store: ObjectStore
        self._root: Path | None = None
        if url.startswith("file:"):
            self._store = LocalStore.from_url(url, mkdir=True)
            self._root = Path(self._store.prefix or "/")
        else:
            self._store = from_url(url)

    async def put(self, key: str, content: bytes | Path) -> None:
        """Bytes, or a file's content; the file stays where it is."""
        await obstore.put_async(self._store, _checked(key), content)

    async def put_folder(self, prefix: str, folder: Path) -> int:
        """Every file below `folder` as `<prefix>/<its path>`; they may be moved away. Returns their bytes."""
        files = await asyncio.to_thread(_files, folder)
        if self._root is not None:
            moves = [(path, self._root / _checked(f"{prefix}/{name}")) for path, name, _ in files]
            await asyncio.to_thread(_move, moves)
        else:
            places = asyncio.Semaphore(_AT_ONCE)

            async def send(path: Path, name: str) -> None:
                async with places:
                    await self.put(f"{prefix}/{name}", path)

            async with asyncio.TaskGroup() as group:
                for path, name, _ in files:
                    group.create_task(send(path, name))
        return sum(size for *_, size in files)

    async def get(self, key: str) -> bytes:
        """The whole object. NotFound if there is none."""
        try:
            found = await obstore.get_async(self._store, _checked(key))
        except (NotFoundError, FileNotFoundError):
            raise NotFound() from None
        return bytes(await found.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The object in pieces of up to some MiB. NotFound on the first one if there is none."""
        try:
            found = await obstore.get_async(self._store, _checked(key))
        except (NotFoundError, FileNotFoundError):
            raise NotFound() from None
        async for piece in found.stream():
            yield bytes(piece)

    async def fetch(self, key: str, target: Path) -> None:
        """Writes the object to a new file of this machine. NotFound if there is none."""
        if self._root is not None:
            try:
                await asyncio.to_thread(shutil.copyfile, self._root / _checked(key), target)
            except FileNotFoundError:
                raise NotFound() from None
            return
        with target.open("wb") as file:
            async for piece in self.stream(key):
                await asyncio.to_thread(file.write, piece)

    def local(self, key: str) -> Path | None:
        """The object's file where objects are files of this machine (it may not exist); else None."""
        checked = _checked(key)
        return self._root / checked if self._root is not None else None

    async def size(self, key: str) -> int | None:
        """Bytes; None if there is no such object."""
        try:
            return (await obstore.head_async(self._store, _checked(key)))["size"]
        except (NotFoundError, FileNotFoundError):
            return None

    async def exists(self, key: str) -> bool:
        return await self.size(key) is not None

    async def folders(self, prefix: str = "") -> list[str]:
        """What is directly below the prefix and has something in it, by its own name, in order."""
        below = _checked(prefix) if prefix else None
        found = await obstore.list_with_delimiter_async(self._store, below)
        return sorted(each.rstrip("/").rpartition("/")[2] for each in found["common_prefixes"])

    async def entries(self, prefix: str) -> list[Entry]:
        """Every object below the prefix, in order; drafts of writes that were cut off are none."""
        found = []
        async for part in obstore.list(self._store, _checked(prefix)):
            for each in part:
                if _KEY.fullmatch(each["path"]):
                    tag = each["e_tag"] or each["last_modified"].isoformat()
                    found.append(Entry(each["path"], each["size"], tag))
        return sorted(found)

    async def delete(self, keys: Sequence[str]) -> None:
        """Those that are not there are fine."""
        if self._root is not None:
            await asyncio.to_thread(_unlink, [self._root / _checked(key) for key in keys])
        elif keys:
            await obstore.delete_async(self._store, [_checked(key) for key in keys])

    async def delete_folder(self, prefix: str) -> None:
        """Everything below the prefix; nothing there is fine."""
        if self._root is not None:
            await asyncio.to_thread(shutil.rmtree, self._root / _checked(prefix), ignore_errors=True)
            return
        async for found in obstore.list(self._store, _checked(prefix)):
            await obstore.delete_async(self._store, [each["path"] for each in found])


def _checked(key: str) -> str:
    """Keys are made here, never typed by anybody: a wrong one is a mistake of ours."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key: {key!r}")
    return key


def _files(folder: Path) -> list[tuple[Path, str, int]]:
    """Each with its path below the folder, and its bytes."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path, path.relative_to(folder).as_posix(), path.stat().st_size) for path in found]


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _move(moves: list[tuple[Path, Path]]) -> None:
    for path, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.replace(target)
        except OSError:  # another file system: copied beside, then put in place at once
            draft = target.with_name(f".{target.name}.{os.getpid()}")
            shutil.copyfile(path, draft)
            draft.replace(target)
