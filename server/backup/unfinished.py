"""A restore that was begun and is not done."""

from pathlib import Path

from server.backup.errors import RestoreUnfinished
from server.core.config import Settings


def marker(settings: Settings) -> Path:
    """There while a restore is not done: the server does not start."""
    return settings.var / "restore-unfinished"


def require_finished(settings: Settings) -> None:
    """RestoreUnfinished."""
    if marker(settings).exists():
        raise RestoreUnfinished()
