"""A line that breaks before the answer came: whoever asks again with the same key gets the answer and no second thing.

`Idempotency-Key` as in draft-ietf-httpapi-idempotency-key-header: the sender's own random word for one intent. It
counts for one session and for one request (method, address, body) and is kept for a day.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Header, HTTPException, Request, Response
from sqlalchemy import LargeBinary, String, UniqueConstraint, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import ClientDisconnect

from server.core.actor import SYSTEM
from server.core.database import Base
from server.core.errors import Conflict, Invalid
from server.core.services import Services
from server.core.transaction import Transaction
from server.edge.dependencies import optional_actor, services_of

KEPT = timedelta(days=1)
_SHORTEST, _LONGEST = 16, 128
_MEANT = ("upload-length", "upload-metadata")
"""What a request says in its head, beside address and body."""
_KEPT_HEADERS = ("location", "upload-offset", "upload-expires")
_LONG = 64 * 1024
"""Bytes of an answer from which it is sealed in a thread."""
_LOST_AFTER = timedelta(minutes=2)
"""Longer than any of these requests takes: whoever began it has died."""


class IdempotentAnswer(Base):
    """What was answered to one request. Only who has the key can read it: answers may hold personal links."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (UniqueConstraint("owner", "key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(40))
    """ "session-7", or "anybody" for who is not signed in."""
    key_hash: Mapped[str] = mapped_column(String(64))
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    """None: begun, and not answered yet."""
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: where the new thing is."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class KeyReused(Invalid):
    code = "idempotency-key-reused"
    vi = "Yêu cầu này mang mã của một yêu cầu khác. Tải lại trang rồi làm lại."
    en = "This request carries the key of another one. Reload the page and do it again."


class StillRunning(Conflict):
    code = "still-running"
    vi = "Yêu cầu này đang được thực hiện. Đợi giây lát."
    en = "This request is being carried out. Wait a moment."


class OutcomeUnknown(Conflict):
    code = "outcome-unknown"
    vi = "Máy chủ dừng giữa chừng khi làm việc này. Tải lại trang, xem việc đã xong chưa rồi mới làm lại."
    en = "The server stopped in the middle of this. Reload the page and see whether it was done before doing it again."


async def _key(
    idempotency_key: Annotated[str | None, Header(min_length=_SHORTEST, max_length=_LONGEST)] = None,
) -> None:
    """Declares the header; `server.edge.routing` heeds it."""


once = _key
Once = Depends(once)
"""For routes that make something: `@router.post("/things", dependencies=[Once])`."""


class Running:
    """Requests with a key that this process is at, by owner and key."""

    def __init__(self) -> None:
        self.keys: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class Keyed:
    """A request with a key."""

    owner: str
    key: str
    request_hash: str
    now: datetime

    @property
    def key_hash(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()

    @classmethod
    async def of(cls, request: Request) -> "Keyed | None":
        """None where no usable key is given; one that is too short or too long is refused as a field."""
        key = request.headers.get("idempotency-key", "").strip('"')
        if not _SHORTEST <= len(key) <= _LONGEST:
            return None
        actor = await optional_actor(request)
        asked = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
        for name in _MEANT:
            asked.update(f"{name}: {request.headers.get(name, '')}\n".encode())
        try:
            asked.update(await request.body())
        except ClientDisconnect:
            raise HTTPException(400) from None  # as FastAPI does; nobody hears it
        owner = f"session-{actor.session_id}" if actor is not None else "anybody"
        return cls(owner, key, asked.hexdigest(), services_of(request).clock())

    async def keep(self, tx: Transaction, response: Response | None) -> None:
        """In the transaction that did what was asked for. None: it is only about to be done."""
        tx.session.add(
            IdempotentAnswer(
                owner=self.owner,
                key_hash=self.key_hash,
                request_hash=self.request_hash,
                created_at=self.now,
                **(await self._answer(response) if response is not None else {}),
            )
        )

    async def answered(self, services: Services, response: Response | None) -> None:
        """What was begun has ended so; None: nothing was done, so it may be tried again."""
        mine = IdempotentAnswer.owner == self.owner, IdempotentAnswer.key_hash == self.key_hash
        answer = await self._answer(response) if response is not None else {}
        async with services.transactions(SYSTEM) as tx:
            if response is None:
                await tx.session.execute(delete(IdempotentAnswer).where(*mine))
                return
            await tx.session.execute(update(IdempotentAnswer).where(*mine).values(answer))

    async def kept(self, services: Services) -> Response | None:
        """The answer that was given before. KeyReused, StillRunning, OutcomeUnknown."""
        async with services.database.read() as session:
            row = await session.scalar(
                select(IdempotentAnswer).where(
                    IdempotentAnswer.owner == self.owner, IdempotentAnswer.key_hash == self.key_hash
                )
            )
        if row is None:
            return None
        if row.created_at < self.now - KEPT:
            await self._forgotten(services)
            return None
        if row.request_hash != self.request_hash:
            raise KeyReused()
        if row.status is None or row.answer is None:
            if row.created_at < self.now - _LOST_AFTER:
                raise OutcomeUnknown()
            raise StillRunning(retry_after=2)
        headers = json.loads(await self._sealed(row.headers, "headers")) if row.headers else {}
        response = Response(
            await self._sealed(row.answer, "answer"), row.status, headers, media_type="application/json"
        )
        response.headers["Idempotent-Replayed"] = "true"
        return response

    async def _answer(self, response: Response) -> dict[str, Any]:
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return {
            "status": response.status_code,
            "answer": await self._sealed(bytes(response.body), "answer"),
            "headers": await self._sealed(json.dumps(headers).encode(), "headers") if headers else None,
        }

    async def _forgotten(self, services: Services) -> None:
        """The daily round has not come by yet; what the key is used for now needs its place."""
        mine = IdempotentAnswer.owner == self.owner, IdempotentAnswer.key_hash == self.key_hash
        async with services.transactions(SYSTEM) as tx:
            await tx.session.execute(
                delete(IdempotentAnswer).where(*mine, IdempotentAnswer.created_at < self.now - KEPT)
            )

    async def _sealed(self, body: bytes, part: str) -> bytes:
        """Back and forth: each key seals each part of one answer, so a stream made of both is used once."""
        name = f"{part}:{self.owner}:{self.key}".encode()
        return _crossed(name, body) if len(body) <= _LONG else await asyncio.to_thread(_crossed, name, body)


def _crossed(name: bytes, body: bytes) -> bytes:
    """As whole numbers: byte by byte in Python, a megabyte (12,000 links) took 60 ms; so it takes 4."""
    stream = hashlib.shake_256(name).digest(len(body))
    return (int.from_bytes(body) ^ int.from_bytes(stream)).to_bytes(len(body))


async def answered_once(
    request: Request,
    keyed: Keyed,
    carry_out: Callable[[Keyed | None], Awaitable[Response]],
    *,
    in_one_transaction: bool,
) -> Response:
    """The answer given before, or that of `carry_out`. `in_one_transaction`: `carry_out` keeps the answer along with
    what it writes; else that it has begun is written before, and the answer after."""
    services = services_of(request)
    running = services.components[Running].keys
    place = keyed.owner, keyed.key_hash
    if place in running:
        raise StillRunning(retry_after=1)
    running.add(place)
    try:
        if (before := await keyed.kept(services)) is not None:
            return before
        try:
            if in_one_transaction:
                return await carry_out(keyed)
            async with services.transactions(SYSTEM) as tx:
                await keyed.keep(tx, None)
        except IntegrityError:
            # Another process has been asked the same at the same moment.
            if (before := await keyed.kept(services)) is not None:
                return before
            raise
        response: Response | None = None
        try:
            response = await carry_out(None)
        finally:
            await keyed.answered(services, response)
        return response
    finally:
        running.discard(place)
