"""Secrets that the installation makes for itself and keeps in files that only its own user may read."""

import os
import secrets
from pathlib import Path


def kept_secret(path: Path, length: int = 32) -> str:
    """The file's content; made of `length` random bytes on the first call."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
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
