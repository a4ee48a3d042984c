"""What the system leans on, as it is now."""

import asyncio
import shutil
from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from server import __version__
from server.accounts.models import Person
from server.backup.jobs import KIND as BACKUP
from server.conference.nodes.registry import Nodes
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.config import Settings
from server.core.errors import NotAllowed
from server.core.services import Services
from server.core.watchdog import Watchdog
from server.edge.budgets import Connections
from server.edge.page_faults import PageFaults
from server.edge.proxy_watch import ProxyWatch
from server.jobs.models import Job
from server.notifications.models import Mail
from server.organisations.queries import administers_all
from server.system.schemas import (
    BackupState,
    DatabaseState,
    DiskState,
    FailedJob,
    JobsState,
    LoadState,
    MailState,
    MailTrialState,
    NodeState,
    OutcomeOut,
    PageFaultSeen,
    SiteState,
    SystemState,
    TrialState,
)
from server.system.settings import Fixed
from server.system.trials import Kind, Trials

MAIL_TRIAL = "system.trial"
_SHOWN = 20


async def require_keeper(session: AsyncSession, actor: Actor) -> None:
    if not await administers_all(session, actor):
        raise NotAllowed(
            "Phần này dành cho quản trị viên của toàn hệ thống.", "This part is for administrators of the whole system."
        )


async def system_state(services: Services, session: AsyncSession, actor: Actor) -> SystemState:
    await require_keeper(session, actor)
    settings, fixed = services.settings, services.components[Fixed]
    now = services.clock()
    usage = await asyncio.to_thread(shutil.disk_usage, settings.var)
    return SystemState(
        now=now,
        version=__version__,
        site=SiteState(
            url=settings.url,
            public_url=settings.public_url,
            public_url_fixed=fixed.public_url,
            time_zone=VIETNAM.name,
            time_zone_fixed=fixed.time_zone,
            untrusted_proxy=services.components[ProxyWatch].untrusted,
        ),
        database=await _database(services, session),
        disk=DiskState(free=usage.free, total=usage.total, reserve=settings.disk_reserve_mb * 1024 * 1024),
        mail=await _mail(services, session, actor),
        jobs=await jobs_state(session, now),
        nodes=[
            NodeState(name=each.name, version=each.version, sessions=each.sessions, active=each.active)
            for each in services.components[Nodes].seen()
        ],
        backup=await _backup(services, session),
        isolation=settings.conversion_isolation,
        scanner=settings.clamd is not None,
        papers=trial_state(services, "papers"),
        audit=trial_state(services, "audit"),
        load=_load(services),
        page_faults=[PageFaultSeen.model_validate(each) for each in services.components[PageFaults].seen()[:_SHOWN]],
    )


def _load(services: Services) -> LoadState:
    parts, waits = services.components, services.transactions.waits
    watchdog, connections = parts[Watchdog], parts[Connections]
    return LoadState(
        connections=connections.open,
        connections_most=connections.most,
        loop_worst_ms=round(watchdog.worst * 1000, 1),
        loop_stalls=watchdog.stalls,
        writer_p99_ms=round(waits.quantile(0.99) * 1000, 1),
        writer_worst_ms=round(waits.worst * 1000, 1),
        refused=parts[Connections].refusals.total.total(),
    )


def trial_state(services: Services, kind: Kind) -> TrialState:
    trials = services.components[Trials]
    last = trials.outcome(kind)
    return TrialState(running=trials.runs(kind), last=None if last is None else OutcomeOut.model_validate(last))


async def _database(services: Services, session: AsyncSession) -> DatabaseState:
    if services.database.is_sqlite:
        size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        version = "SELECT sqlite_version()"
    else:
        size, version = "SELECT pg_database_size(current_database())", "SHOW server_version"
    return DatabaseState(
        kind="sqlite" if services.database.is_sqlite else "postgresql",
        version=str(await session.scalar(text(version))),
        bytes=int(await session.scalar(text(size)) or 0),
    )


async def _mails(session: AsyncSession) -> dict[tuple[str, bool], int]:
    """By state and whether they held a personal link; of the queue's end alone: sent ones are the many."""
    counts = await session.execute(
        select(Mail.state, Mail.secret, func.count())
        .where(Mail.state.in_(("queued", "failed")))
        .group_by(Mail.state, Mail.secret)
    )
    return {(state, secret): count for state, secret, count in counts}


async def mails_by_state(session: AsyncSession) -> Counter[str]:
    """Those that wait, and those that failed."""
    counts: Counter[str] = Counter()
    for (state, _), count in (await _mails(session)).items():
        counts[state] += count
    return counts


async def _mail(services: Services, session: AsyncSession, actor: Actor) -> MailState:
    by_state = await _mails(session)
    failed = await session.scalar(select(Mail.error).where(Mail.state == "failed").order_by(Mail.id.desc()).limit(1))
    trial = await session.scalar(
        select(Mail).where(Mail.person_id == actor.person_id, Mail.kind == MAIL_TRIAL).order_by(Mail.id.desc()).limit(1)
    )
    return MailState(
        configured=services.settings.smtp_url is not None,
        sender=services.settings.mail_from,
        own_address=await session.scalar(select(Person.email).where(Person.id == actor.person_id)),
        queued=sum(count for (state, _), count in by_state.items() if state == "queued"),
        failed=sum(count for (state, _), count in by_state.items() if state == "failed"),
        failed_secret=by_state.get(("failed", True), 0),
        last_error=failed or "",
        trial=None
        if trial is None
        else MailTrialState(
            to=trial.to_address,
            state=trial.state,
            error=trial.error,
            at=trial.sent_at or trial.created_at,
        ),
    )


async def jobs_state(session: AsyncSession, now: datetime) -> JobsState:
    waiting, first = (
        await session.execute(
            select(
                func.count(),
                func.min(Job.run_at).filter(or_(Job.taken_until.is_(None), Job.taken_until < now)),
            ).where(Job.failed_at.is_(None))
        )
    ).one()
    failed = await session.scalar(select(func.count()).where(Job.failed_at.is_not(None))) or 0
    last = await session.scalars(
        select(Job).where(Job.failed_at.is_not(None)).order_by(Job.failed_at.desc()).limit(_SHOWN)
    )
    late = (now - first.replace(tzinfo=first.tzinfo or UTC)).total_seconds() if first is not None else 0
    return JobsState(
        waiting=waiting,
        late_seconds=max(0, int(late)),
        failed=failed,
        last_failed=[
            FailedJob(id=job.id, kind=job.kind, subject=job.subject, error=job.error[:300], failed_at=job.failed_at)
            for job in last
            if job.failed_at is not None
        ],
    )


async def _backup(services: Services, session: AsyncSession) -> BackupState:
    settings = services.settings
    last = await asyncio.to_thread(backup_at, settings)
    tries = select(Job).where(Job.kind == BACKUP)
    failed = await session.scalar(tries.where(Job.error != "").order_by(Job.id.desc()).limit(1))
    since = last is None or failed is None or failed.failed_at is None or failed.failed_at > last
    waiting = tries.where(Job.failed_at.is_(None), Job.taken_until.is_(None)).order_by(Job.run_at).limit(1)
    following = await session.scalar(waiting)
    return BackupState(
        at=last,
        mark=str(settings.last_backup.absolute()),
        to=settings.backup_to if settings.backup_key else None,
        next_at=following.run_at if following is not None else None,
        error=failed.error[:300] if failed is not None and since else "",
    )


def backup_at(settings: Settings) -> datetime | None:
    """When the last one was done."""
    try:
        return datetime.fromtimestamp(settings.last_backup.stat().st_mtime, UTC)
    except OSError:
        return None
