"""Stampable files in the storage: `<folder>/stampable.pdf` beside what it was made from, with its plan. Made once, at
the first download; a personal copy is sent as that file and a few hundred bytes."""

import asyncio
import os
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import structlog
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.conversion import sandbox
from server.conversion.isolation import NotIsolated
from server.conversion.messages import Step
from server.core.actor import Actor
from server.core.errors import DomainError, NotFound
from server.core.services import Services
from server.core.storage import Storage
from server.edge.files import FilePart, Spliced
from server.organisations.models import Unit
from server.pdf.messages import BURNT, PLAN, SOURCE, STAMPABLE, Plan, PressOrder
from server.pdf.watermark_update import Reader, ending

log = structlog.get_logger(__name__)

_PLANS = 2000
_PDF = "application/pdf"
_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""Burnt copies: each takes a core for seconds, and pages for readers come first."""


class NotPrepared(DomainError):
    code = "not-prepared"
    status = 503
    vi = "Máy chủ chưa chuẩn bị được bản tải về của tài liệu này. Thử lại sau một phút; nếu vẫn lỗi, báo quản trị."
    en = "The server could not prepare this download. Try again in a minute; if it goes on, tell the administrator."


class PersonalCopies:
    """Of one server process: knows the plans of files it has sent, and makes a missing file once, however many ask."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._making: dict[str, asyncio.Task[Plan]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, services: Services, folder: str, source: str) -> Plan:
        """The plan of `<folder>/stampable.pdf`, which is made from `<folder>/<source>` if it is not there. Raises
        NotPrepared."""
        plan = self._plans.get(folder)
        if plan is not None and _still_there(services.storage, folder):
            self._plans.move_to_end(folder)
            return plan
        making = self._making.get(folder)
        if making is None:
            making = self._making[folder] = asyncio.create_task(self._find_or_make(services, folder, source))
            making.add_done_callback(lambda _: self._making.pop(folder, None))
        plan = await asyncio.shield(making)
        self._plans[folder] = plan
        if len(self._plans) > _PLANS:
            self._plans.popitem(last=False)
        return plan

    async def _find_or_make(self, services: Services, folder: str, source: str) -> Plan:
        storage = services.storage
        if await storage.exists(f"{folder}/{STAMPABLE}"):
            try:
                return Plan.model_validate_json(await storage.get(f"{folder}/{PLAN}"))
            except (NotFound, ValueError):
                log.warning("stampable-plan-unreadable", folder=folder)
        async with self._one_at_a_time, press_folder(services) as work:
            await storage.fetch(f"{folder}/{source}", work / SOURCE)
            await press(services, work, PressOrder())
            made = work / "result"
            plan = Plan.model_validate_json((made / PLAN).read_bytes())
            await storage.put_folder(folder, made)
        return plan


def _still_there(storage: Storage, folder: str) -> bool:
    path = storage.local(f"{folder}/{STAMPABLE}")
    return path is None or os.path.exists(path)


@asynccontextmanager
async def press_folder(services: Services) -> AsyncIterator[Path]:
    """Empty at first, gone afterwards."""
    folder = (services.settings.var / "conversion" / f"press-{uuid.uuid4().hex}").resolve()
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        await asyncio.to_thread(sandbox.clear, folder)


async def press(
    services: Services, folder: Path, order: PressOrder, told: Callable[[Step], Awaitable[None]] | None = None
) -> None:
    """Runs the press on the folder; `told`: its steps, and what it raises ends the press. NotPrepared if it does not
    come to an end."""
    settings = services.settings
    limited = order.model_copy(
        update={"memory_mb": settings.conversion_memory_mb, "seconds": settings.conversion_seconds}
    )
    try:
        run = sandbox.steps(folder, limited, settings.conversion_seconds, "server.pdf", settings.conversion_isolation)
        async with aclosing(run) as steps:
            async for step in steps:
                if step.problem is not None:
                    log.error("press-refused", problem=step.problem.code)
                    raise NotPrepared(problem=step.problem.code)
                if told is not None:
                    await told(step)
    except (sandbox.ConversionFailed, NotIsolated) as error:
        log.error("press-failed", error=str(error))
        raise NotPrepared() from error


async def reader_of(session: AsyncSession, actor: Actor, now: datetime) -> Reader:
    """As whom the actor's copies are marked."""
    unit = None
    if actor.person_id is not None:
        unit = await session.scalar(
            select(Unit.name).join(Person, Person.unit_id == Unit.id).where(Person.id == actor.person_id)
        )
    return Reader(actor.name, unit or "", now)


async def burnt_copy(services: Services, folder: str, reader: Reader) -> bytes:
    """A PDF in pictures, with the reader's name in each. Raises NotPrepared."""
    async with _ONE_AT_A_TIME, press_folder(services) as work:
        await services.storage.fetch(f"{folder}/reading.pdf", work / SOURCE)
        await press(services, work, PressOrder(burnt_for=list(reader.lines)))
        return await asyncio.to_thread((work / "result" / BURNT).read_bytes)


def to_keep(content: bytes, *, name: str) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=_PDF, headers=headers)


def personal_copy(storage: Storage, folder: str, plan: Plan, reader: Reader, *, name: str, etag: str) -> Response:
    """The stampable file, and behind it who this copy is for."""
    last = ending(plan, reader)
    return sent(storage, f"{folder}/{STAMPABLE}", plan.size, name=name, media_type=_PDF, etag=etag, last=last)


def sent(
    storage: Storage, key: str, size: int, *, name: str, media_type: str, etag: str, last: bytes = b""
) -> Response:
    """An object of the storage, with some bytes behind it, as a file to keep."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "ETag": f'"{etag}"',
    }
    path = storage.local(key)
    if path is not None:
        return Spliced([FilePart(path, 0, size), last], media_type, headers)
    headers["Content-Length"] = str(size + len(last))
    return StreamingResponse(_streamed(storage, key, last), media_type=media_type, headers=headers)


async def _streamed(storage: Storage, key: str, last: bytes) -> AsyncIterator[bytes]:
    async for piece in storage.stream(key):
        yield piece
    yield last


def file_title(*parts: str) -> str:
    """A name that every system can keep: no slashes, no signs that shells and Windows trip over."""
    text = " ".join(part for part in parts if part)
    clean = "".join(" " if character in '\\/:*?"<>|' or ord(character) < 32 else character for character in text)
    return " ".join(clean.split())[:120].strip(" .") or "Tài liệu"
