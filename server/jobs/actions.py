"""Asking for work."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from server.core.database import clock_ahead
from server.core.transaction import Transaction
from server.jobs.models import Job

TOPIC = "jobs"
"""Bus topic. Message: {"kind"}: a job of this kind was committed."""


async def enqueue(
    tx: Transaction,
    kind: str,
    data: dict[str, Any],
    *,
    subject: str = "",
    owner: str = "",
    delay: timedelta = timedelta(0),
) -> Job:
    """A job that workers take up after this transaction's commit, `delay` later.

    With a subject, the job of this kind and subject that waits already (or was given up) is used again with the new
    data and fresh attempts; one that a worker has in hand just now is not: it may not see what has changed. Owners take
    turns: one's heap of slow work does not hold up another's."""
    now = await _now(tx)
    run_at = now + delay
    job = await _waiting(tx, kind, subject, now) if subject else None
    if job is None:
        job = Job(kind=kind, subject=subject, created_at=tx.now)
        tx.session.add(job)
    elif job.failed_at is None and job.attempts == 0:
        run_at = min(run_at, job.run_at)
    job.data, job.owner = data, owner
    job.run_at = run_at
    job.attempts = 0
    job.taken_until = None
    job.failed_at = None
    job.error = ""
    await tx.session.flush()
    tx.after_commit(lambda: tx.bus.publish(TOPIC, {"kind": kind}))
    return job


async def try_again(tx: Transaction, job_ids: Collection[int]) -> list[Job]:
    """Those of these jobs that were given up have all their attempts before them again, from now on."""
    now = await _now(tx)
    found = (await tx.session.scalars(select(Job).where(Job.id.in_(job_ids), Job.failed_at.is_not(None)))).all()
    for job in found:
        job.run_at, job.attempts, job.taken_until, job.failed_at = now, 0, None, None
    await tx.session.flush()
    for kind in sorted({job.kind for job in found}):
        tx.after_commit(lambda kind=kind: tx.bus.publish(TOPIC, {"kind": kind}))  # type: ignore[misc]
    return list(found)


async def _now(tx: Transaction) -> datetime:
    """By the database's clock, which workers of all machines go by; asked once in a transaction."""
    ahead: timedelta | None = tx.session.info.get("clock_ahead")
    if ahead is None:
        ahead = tx.session.info["clock_ahead"] = await clock_ahead(tx.session)
    return tx.now + ahead


async def _waiting(tx: Transaction, kind: str, subject: str, now: datetime) -> Job | None:
    statement = (
        select(Job)
        .where(Job.kind == kind, Job.subject == subject, or_(Job.taken_until.is_(None), Job.taken_until < now))
        .order_by(Job.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await tx.session.scalars(statement)).first()
