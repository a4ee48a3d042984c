"""The backup that the server makes by itself: each day at its hour, in a process of its own."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import delete, select

from server.core.actor import SYSTEM
from server.core.clock import VIETNAM
from server.core.config import Settings
from server.core.processes import ended, output_of, started
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import GiveUp, JobKind, Retry

log = structlog.get_logger(__name__)

KIND = "backup"
_NEXT = "next"
_LINE_MAX = 64 * 1024


class Outcome(BaseModel):
    """What the process says at its end."""

    name: str = ""
    """Empty: it failed, for this reason."""
    vi: str = ""
    en: str = ""
    new_objects: int = 0
    seconds: float = 0.0


def next_time(settings: Settings, now: datetime) -> datetime | None:
    """The first after now; None: it makes none by itself."""
    if settings.backup_to is None or settings.backup_key is None or settings.backup_at is None:
        return None
    hour, minute = map(int, settings.backup_at.split(":"))
    today = now.astimezone(VIETNAM)
    at = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at if at > today else at + timedelta(days=1)


async def _ask_for_next(tx: Transaction, settings: Settings) -> None:
    at = next_time(settings, tx.now)
    if at is not None:
        await enqueue(tx, KIND, {}, subject=_NEXT, delay=at - tx.now)


async def handle(services: Services, job: Job) -> None:
    async with services.transactions(SYSTEM) as tx:  # first: whatever comes of this one, there is a next
        await _ask_for_next(tx, services.settings)
    if services.settings.backup_to is None or services.settings.backup_key is None:
        raise GiveUp("NHIPCAU_BACKUP_TO, NHIPCAU_BACKUP_KEY")
    outcome = await _made(services.settings)
    if not outcome.name:
        raise Retry(f"{outcome.vi} · {outcome.en}")
    log.info("backup-made", backup=outcome.name, new=outcome.new_objects, seconds=round(outcome.seconds, 1))


async def _made(settings: Settings) -> Outcome:
    child = await started([sys.executable, "-P", "-m", "server.backup"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines, pipe = await output_of(child, _LINE_MAX)
    try:
        assert child.stdin is not None  # noqa: S101  asked for above
        child.stdin.write(settings.model_dump_json().encode())  # less than a pipe holds
        child.stdin.close()
        said = await lines.read()
        code = await ended(child)
    finally:
        pipe.close()
        if child.poll() is None:
            child.kill()
            await ended(child)
    try:
        return Outcome.model_validate_json(said)
    except ValidationError:
        return Outcome(
            vi=f"Tiến trình sao lưu kết thúc bất thường ({code}).", en=f"The backup's process died ({code})."
        )


backup_job = JobKind(KIND, handle, attempts=3, first_pause=900.0)


@asynccontextmanager
async def nightly(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`: the next one is at the hour that is set now. One that is due, as the machine was off at its
    hour, is made up for."""
    async with services.transactions(SYSTEM) as tx:
        waiting = (Job.kind == KIND, Job.subject == _NEXT, Job.attempts == 0, Job.run_at > tx.now)
        await tx.session.execute(delete(Job).where(*waiting).execution_options(synchronize_session=False))
        left = select(Job.id).where(Job.kind == KIND, Job.failed_at.is_(None)).limit(1)
        if await tx.session.scalar(left) is None:
            await _ask_for_next(tx, services.settings)
    yield


async def back_up_now(tx: Transaction) -> None:
    await enqueue(tx, KIND, {}, subject=_NEXT)
