"""Secret choices while a ballot is open.

A vote that is acknowledged is on the disk, together with that its seat has voted: so what is on the disk must say
nothing. Each choice is sealed (ChaCha20-Poly1305, RFC 8439) by a key of the ballot that stands in a file of its own,
outside the database, its journal and every backup. At the close all are opened at once, mixed and written anew under
random names; then the key is destroyed, and what the journal and old backups hold of the sealed ones opens for nobody.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from server.core.errors import Conflict

_KEY_BYTES = 32
_NONCE_BYTES = 12
"""RFC 8439, section 2.3."""


class KeyLost(Conflict):
    code = "ballot-key-lost"
    vi = (
        "Khóa niêm phong của cuộc bỏ phiếu kín không còn (máy chủ được phục hồi từ bản sao lưu), nên phiếu đã bỏ không"
        " mở được nữa. Hủy lượt bỏ phiếu này và tổ chức bỏ phiếu lại."
    )
    en = (
        "The key that sealed this secret ballot is gone (the server was restored from a backup), so the votes cannot be"
        " opened any more. Call this ballot off and hold it again."
    )


class BallotKeys:
    """Of the ballots that are open. One per process; the files are shared by all of this machine."""

    def __init__(self, var: Path) -> None:
        self._folder = var / "ballot-keys"
        self._ciphers: dict[int, ChaCha20Poly1305] = {}

    def make(self, ballot_id: int) -> None:
        """On the disk when it returns."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ciphers.pop(ballot_id, None)
        descriptor = os.open(self._path(ballot_id), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        _write(descriptor, secrets.token_bytes(_KEY_BYTES))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def seal(self, ballot_id: int, marks: str, code: str) -> bytes:
        """Of one length for all votes of a ballot."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher(ballot_id).encrypt(nonce, f"{marks}{code}".encode("ascii"), None)

    def open(self, ballot_id: int, sealed: Sequence[bytes], options: int) -> list[tuple[str, str]]:
        """Marks and code of each, mixed. KeyLost."""
        cipher = self._cipher(ballot_id) if sealed else None
        opened: list[tuple[str, str]] = []
        for each in sealed:
            assert cipher is not None  # noqa: S101
            try:
                plain = cipher.decrypt(each[:_NONCE_BYTES], each[_NONCE_BYTES:], None).decode("ascii")
            except InvalidTag:
                raise KeyLost() from None
            opened.append((plain[:options], plain[options:]))
        secrets.SystemRandom().shuffle(opened)
        return opened

    def destroy(self, ballot_id: int) -> None:
        """Overwritten where it stands, and taken away."""
        self._ciphers.pop(ballot_id, None)
        try:
            descriptor = os.open(self._path(ballot_id), os.O_WRONLY)
        except FileNotFoundError:
            return
        _write(descriptor, secrets.token_bytes(_KEY_BYTES))
        self._path(ballot_id).unlink(missing_ok=True)

    def kept(self) -> list[int]:
        """Ballots whose keys are there."""
        return [int(each.stem) for each in self._folder.glob("*.sealing") if each.stem.isdigit()]

    def _path(self, ballot_id: int) -> Path:
        return self._folder / f"{ballot_id}.sealing"

    def _cipher(self, ballot_id: int) -> ChaCha20Poly1305:
        if ballot_id not in self._ciphers:
            try:
                self._ciphers[ballot_id] = ChaCha20Poly1305(self._path(ballot_id).read_bytes())
            except (OSError, ValueError):
                raise KeyLost() from None
        return self._ciphers[ballot_id]


def _write(descriptor: int, content: bytes) -> None:
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
