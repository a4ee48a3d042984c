"""Sealing files for a key, and opening them: age, with SHA-256 of what lies outside and inside."""

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyrage
from pyrage import x25519

from server.backup.contents import Sealed
from server.backup.errors import BackupFailed, Damaged, WrongKey

PIECE = 1 << 20


class Sealer:
    def __init__(self, recipient: str) -> None:
        self._recipients = [x25519.Recipient.from_str(recipient)]

    def seal(self, source: IO[bytes], target: Path) -> tuple[Sealed, str]:
        """How it lies there, and SHA-256 of what is sealed in it. OSError where the disk is full."""
        plain = _Reading(source)
        with target.open("wb") as file:
            outside = _Writing(file)
            try:
                pyrage.encrypt_io(plain, outside, self._recipients)
            except (pyrage.EncryptError, OSError) as error:
                raise outside.error or plain.error or BackupFailed(str(error), str(error)) from None
        return Sealed(bytes=outside.bytes, sha256=outside.digest.hexdigest()), plain.digest.hexdigest()


class Opener:
    def __init__(self, identity: str) -> None:
        """`identity`: what `nhipcau backup key` wrote, comments and all. WrongKey if there is no key in it."""
        lines = [line.strip() for line in identity.splitlines() if line.strip() and not line.startswith("#")]
        try:
            self._identities = [x25519.Identity.from_str(line) for line in lines]
        except pyrage.IdentityError:
            raise WrongKey() from None
        if not self._identities:
            raise WrongKey()

    def open(self, source: Path, target: IO[bytes], what: str) -> str:
        """SHA-256 of what was in it. WrongKey, or Damaged with the name of `what`; then part of it may be written."""
        inside = _Writing(target)
        with source.open("rb") as file:
            try:
                pyrage.decrypt_io(file, inside, self._identities)
            except pyrage.DecryptError as error:
                if inside.error is not None:
                    raise inside.error from None
                raise (WrongKey() if "matching keys" in str(error) else Damaged.at(what)) from None
            except OSError:
                raise inside.error or Damaged.at(what) from None
        return inside.digest.hexdigest()


def digest_of(path: Path) -> Sealed:
    with path.open("rb") as file:
        return Sealed(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


@contextmanager
def zipped(target: Path) -> Iterator[IO[bytes]]:
    """Written into it, gzipped; the same content makes the same file."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0, filename="") as zip,
    ):
        yield zip  # type: ignore[misc]


def zip_into(source: Path, target: Path) -> None:
    with source.open("rb") as file, zipped(target) as zip:
        copy(file.read, zip)


def copy(read: Callable[[int], bytes], target: IO[bytes]) -> None:
    while piece := read(PIECE):
        target.write(piece)


class _Counted(io.RawIOBase):
    """The library tells of what goes wrong in here by its text alone, so it is kept."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.error: OSError | None = None

    def _count(self, piece: Any) -> None:
        self.digest.update(piece)
        self.bytes += len(piece)


class _Reading(_Counted):
    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            piece = self._file.read(size)
        except OSError as error:
            self.error = error
            raise
        self._count(piece)
        return piece


class _Writing(_Counted):
    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        try:
            self._file.write(piece)
        except OSError as error:
            self.error = error
            raise
        self._count(piece)
        return len(piece)

    def flush(self) -> None:
        if not self._file.closed:
            try:
                self._file.flush()
            except OSError as error:
                self.error = error
                raise
