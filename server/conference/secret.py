"""The secret that media nodes show when they dial in."""

import os
import secrets
from pathlib import Path

from server.core.config import Settings


def secret_file(settings: Settings) -> Path:
    """The file that nodes on this machine read the secret from; readable by its owner alone."""
    return settings.var / "media.secret"


def media_secret(settings: Settings) -> str:
    """The configured secret, or the one in the file, which is made when it is missing. The file always holds it."""
    path = secret_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    if settings.media_secret:
        _write(path, settings.media_secret)
        return settings.media_secret
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    made = secrets.token_urlsafe(32)
    _write(path, made)
    return made


def _write(path: Path, secret: str) -> None:
    """Replaces the file in one step, never readable by others even for a moment."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    new.replace(path)
