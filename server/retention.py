"""What is kept for how long. Once a day rows that nobody needs any more are deleted, in parts, so that others write in
between. The audit log, attendance, receipts and papers stay: they are the record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from server.accounts.models import AccessLink, PasswordReset, SignInSession
from server.audit.actions import record
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.devices.models import DeviceCode, HallDevice
from server.edge.idempotency import KEPT, IdempotentAnswer
from server.exchange.models import ImportBatch, ImportRow
from server.invitations.models import AccessRequest
from server.invitations.official.printing import clear
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.live.models import MeetingEvent
from server.meetings.models import Meeting
from server.notifications.models import Mail, Notice, TextMessage
from server.readiness.models import HallTest

log = structlog.get_logger(__name__)

KIND = "retention"
EVERY = timedelta(days=1)
AT_ONCE = 200
"""Rows of one transaction: some milliseconds under the writers' lock."""

_NOT_APPLIED = ("ready", "faulty", "refused")


def _outdated(now: datetime, kept: Settings) -> list[tuple[str, InstrumentedAttribute[int], ColumnElement[bool]]]:
    """(table, its key, which of its rows)."""
    ended = now - timedelta(days=kept.keep_sessions_days)
    asked = now - timedelta(days=kept.keep_requests_days)
    sent = now - timedelta(days=kept.keep_messages_days)
    went_on = now - timedelta(days=kept.keep_events_days)
    return [
        ("sessions", SignInSession.id, or_(SignInSession.expires_at < ended, SignInSession.revoked_at < ended)),
        ("links", AccessLink.id, AccessLink.expires_at < ended),
        ("resets", PasswordReset.id, PasswordReset.expires_at < now),
        ("devices", HallDevice.id, HallDevice.session_id.is_(None)),
        ("device-codes", DeviceCode.id, DeviceCode.expires_at < ended),
        ("answers", IdempotentAnswer.id, IdempotentAnswer.created_at < now - KEPT),
        ("jobs", Job.id, Job.failed_at < asked),
        ("notices", Notice.id, Notice.created_at < sent),
        # Of strangers, with names and telephones; who was let in is on a list of delegates.
        ("requests", AccessRequest.id, AccessRequest.asked_at < asked),
        # So long an import can be undone. That there was one stays.
        ("imports", ImportRow.id, ImportRow.batch_id.in_(_outdated_imports(asked))),
        ("files", ImportBatch.id, and_(ImportBatch.created_at < asked, ImportBatch.state.in_(_NOT_APPLIED))),
        ("hall-tests", HallTest.id, HallTest.at < went_on),
        ("mails", Mail.id, and_(Mail.created_at < sent, Mail.state != "queued")),
        ("sms", TextMessage.id, and_(TextMessage.created_at < sent, TextMessage.state != "queued")),
    ]


def _outdated_imports(before: datetime) -> Any:
    done = ImportBatch.state.in_((*_NOT_APPLIED, "applied", "undone"))
    return select(ImportBatch.id).where(ImportBatch.created_at < before, done)


async def tidy(services: Services, _job: Job | None = None) -> None:
    """The whole round; asks for the next one."""
    now, settings = services.clock(), services.settings
    gone = {name: await _delete(services, key, which) for name, key, which in _outdated(now, settings)}
    gone["prints"] = await clear(services)
    # Who opens a meeting later gets a snapshot, which needs none of them.
    gone["events"] = await _delete_events(services, now - timedelta(days=settings.keep_events_days))
    log.info("retention", **gone)
    async with services.transactions(SYSTEM) as tx:
        if any(gone.values()):
            rows = ", ".join(f"{name}: {number}" for name, number in gone.items() if number)
            await record(tx, "system.tidied", "system", "retention", deleted=rows)
        await enqueue(tx, KIND, {}, subject="next", delay=EVERY)


async def _delete(services: Services, key: InstrumentedAttribute[int], which: ColumnElement[bool]) -> int:
    deleted = 0
    while True:
        async with services.database.read(long=True) as session:
            ids = list(await session.scalars(select(key).where(which).limit(AT_ONCE)))
        if not ids:
            return deleted
        async with services.transactions(SYSTEM) as tx:
            await tx.session.execute(
                delete(key.class_).where(key.in_(ids), which).execution_options(synchronize_session=False)
            )
        deleted += len(ids)


async def _delete_events(services: Services, before: datetime) -> int:
    deleted = 0
    ended = and_(Meeting.state == "ended", Meeting.ended_at < before)
    over = or_(ended, and_(Meeting.state == "cancelled", Meeting.ends_at < before))
    firsts: Any = (
        select(MeetingEvent.meeting_id, func.min(MeetingEvent.seq))
        .join(Meeting, Meeting.id == MeetingEvent.meeting_id)
        .where(over)
        .group_by(MeetingEvent.meeting_id)
        .limit(1)
    )
    while True:
        async with services.database.read(long=True) as session:
            found = (await session.execute(firsts)).first()
        if found is None:
            return deleted
        meeting_id, first = found
        async with services.transactions(SYSTEM) as tx:
            rows = await tx.session.scalars(
                delete(MeetingEvent)
                .where(MeetingEvent.meeting_id == meeting_id, MeetingEvent.seq < first + AT_ONCE)
                .execution_options(synchronize_session=False)
                .returning(MeetingEvent.seq)
            )
            deleted += len(rows.all())


retention_job = JobKind(KIND, tidy)


@asynccontextmanager
async def daily(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`: asks for the first round, if none is asked for."""
    async with services.transactions(SYSTEM) as tx:
        if await tx.session.scalar(select(Job.id).where(Job.kind == KIND, Job.failed_at.is_(None)).limit(1)) is None:
            await enqueue(tx, KIND, {}, subject="first", delay=timedelta(minutes=10))
    yield
