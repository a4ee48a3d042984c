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
from server.core.actor import SYSTEM
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

ENDED_SESSIONS = timedelta(days=90)
ENDED_LINKS = timedelta(days=90)
FAILED_JOBS = timedelta(days=90)
NOTICES = timedelta(days=400)
MAILS = timedelta(days=400)
REQUESTS = timedelta(days=90)
"""Of strangers, with names and telephones; who was let in is on a list of delegates."""
IMPORTS = timedelta(days=90)
"""Rows of imports, with names and numbers: so long an import can be undone. That there was one stays."""
_NOT_APPLIED = ("ready", "faulty", "refused")
HALL_TESTS = timedelta(days=400)
EVENTS = timedelta(days=400)
"""After the meeting's end. Who opens it later gets a snapshot, which needs none of them."""


def _outdated(now: datetime) -> list[tuple[str, InstrumentedAttribute[int], ColumnElement[bool]]]:
    """(table, its key, which of its rows)."""
    before = now - ENDED_SESSIONS
    return [
        ("sessions", SignInSession.id, or_(SignInSession.expires_at < before, SignInSession.revoked_at < before)),
        ("links", AccessLink.id, AccessLink.expires_at < now - ENDED_LINKS),
        ("resets", PasswordReset.id, PasswordReset.expires_at < now),
        ("devices", HallDevice.id, HallDevice.session_id.is_(None)),
        ("device-codes", DeviceCode.id, DeviceCode.expires_at < now - ENDED_LINKS),
        ("answers", IdempotentAnswer.id, IdempotentAnswer.created_at < now - KEPT),
        ("jobs", Job.id, Job.failed_at < now - FAILED_JOBS),
        ("notices", Notice.id, Notice.created_at < now - NOTICES),
        ("requests", AccessRequest.id, AccessRequest.asked_at < now - REQUESTS),
        ("imports", ImportRow.id, ImportRow.batch_id.in_(_outdated_imports(now))),
        ("files", ImportBatch.id, and_(ImportBatch.created_at < now - IMPORTS, ImportBatch.state.in_(_NOT_APPLIED))),
        ("hall-tests", HallTest.id, HallTest.at < now - HALL_TESTS),
        ("mails", Mail.id, and_(Mail.created_at < now - MAILS, Mail.state != "queued")),
        ("sms", TextMessage.id, and_(TextMessage.created_at < now - MAILS, TextMessage.state != "queued")),
    ]


def _outdated_imports(now: datetime) -> Any:
    done = ImportBatch.state.in_((*_NOT_APPLIED, "applied", "undone"))
    return select(ImportBatch.id).where(ImportBatch.created_at < now - IMPORTS, done)


async def tidy(services: Services, _job: Job | None = None) -> None:
    """The whole round; asks for the next one."""
    now = services.clock()
    gone = {name: await _delete(services, key, which) for name, key, which in _outdated(now)}
    gone["prints"] = await clear(services)
    gone["events"] = await _delete_events(services, now - EVENTS)
    log.info("retention", **gone)
    async with services.transactions(SYSTEM) as tx:
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
