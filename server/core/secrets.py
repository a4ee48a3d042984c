"""Secrets that the installation makes for itself and keeps in files that only its own user may read."""

import os
import secrets
from pathlib import Path

from server.core.errors import DomainError

_SHORTEST = 16
"""Characters: what is shorter was cut off, or is somebody's word."""


class KeyFileWrong(DomainError):
    code = "key-file-wrong"
    vi = "Tệp khóa của hệ thống không dùng được. Lấy lại từ bản sao lưu."
    en = "A key file of this installation cannot be used. Bring it back from a backup."


def kept_secret(path: Path, length: int = 32) -> str:
    """The file's content; made of `length` random bytes on the first call. KeyFileWrong."""
    try:
        kept = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(path, getattr(error, "strerror", None) or "not text") from None
    else:
        if len(kept) < _SHORTEST:
            raise _wrong(path, f"{len(kept)} < {_SHORTEST}")
        return kept
    path.parent.mkdir(parents=True, exist_ok=True)
    value = secrets.token_urlsafe(length)
    write_private(path, value + "\n")
    return value


def write_private(path: Path, content: str) -> None:
    """Replaces the file whole; mode 0600 from the start."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


def _wrong(path: Path, why: str) -> KeyFileWrong:
    return KeyFileWrong(
        f"Tệp khóa {path} không dùng được ({why}). Lấy lại từ bản sao lưu; chỉ khi hệ thống chưa có dữ liệu mới xóa "
        "tệp này để tạo khóa khác.",
        f"The key file {path} cannot be used ({why}). Bring it back from a backup; delete it, so that another is made, "
        "only if this installation has no data yet.",
    )
