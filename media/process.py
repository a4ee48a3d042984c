"""What the processes of `media` have in common: they log JSON lines to standard error, and end with their parent."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

import structlog


def log_json() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def watch_parent(ended: Callable[[], object]) -> None:
    """Calls `ended` (from a thread) when standard input is closed, as it is when the parent dies in whatever way."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        ended()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
