"""The end of the chain, kept outside the database: whoever cuts or rewrites the log has to reach this file, the key and
the system's log too.

`var/audit.head` holds the newest entry that this server saw committed; `var/log/audit-heads.log`, and the server's log,
get one line a day, and one at each start.
"""

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.core.config import Settings
from server.core.repeating import repeated
from server.core.secrets import write_private
from server.core.services import Services

log = structlog.get_logger(__name__)

EVERY = 2.0
"""Seconds: entries younger than this can be cut off unseen by whoever stops the server first."""


@dataclass(frozen=True, slots=True)
class Head:
    id: int
    hash: str


def head_file(settings: Settings) -> Path:
    return settings.var / "audit.head"


def heads_file(settings: Settings) -> Path:
    return settings.var / "log" / "audit-heads.log"


def read_heads(settings: Settings, key: bytes) -> list[Head]:
    """Those that are kept and bear this key's seal, the newest last."""
    lines = []
    for path in (heads_file(settings), head_file(settings)):
        with contextlib.suppress(FileNotFoundError):
            lines += path.read_text(encoding="ascii").splitlines()
    heads = []
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = json.loads(line)
            head = Head(int(said["id"]), str(said["hash"]))
            if hmac.compare_digest(said["seal"], _seal(key, head)):
                heads.append(head)
    return sorted(set(heads), key=lambda head: head.id)


class Anchors:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._last: Head | None = None
        self._day = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with repeated(self.drop, EVERY, "audit-head-not-kept"):
            yield

    async def drop(self) -> None:
        """Keeps where the chain ends now."""
        async with self._services.database.read() as session:
            newest = await session.execute(
                select(AuditEntry.id, AuditEntry.hash)
                .where(AuditEntry.position.is_not(None))
                .order_by(AuditEntry.position.desc())
                .limit(1)
            )
            row = newest.first()
        if row is None or Head(*row) == self._last:
            return
        head = self._last = Head(*row)
        line = json.dumps(
            {"id": head.id, "hash": head.hash, "seal": _seal(self._services.transactions.audit_key, head)}
        )
        await asyncio.to_thread(write_private, head_file(self._services.settings), line + "\n")
        day = f"{self._services.clock():%Y-%m-%d}"
        if day != self._day:
            self._day = day
            log.info("audit-head", entry=head.id, hash=head.hash)
            await asyncio.to_thread(_append, heads_file(self._services.settings), line + "\n")


def _seal(key: bytes, head: Head) -> str:
    return hmac.new(key, f"head {head.id} {head.hash}".encode(), sha256).hexdigest()


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(line)
