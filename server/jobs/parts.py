"""Jobs that write for thousands: in parts of their own transactions, so that others write in between, and how far they
came is committed with each part."""

from typing import Any

from sqlalchemy import update

from server.core.transaction import Transaction
from server.jobs.models import Job


class JobLost(Exception):
    """Another worker has the job: this one writes nothing any more."""


async def note_progress(tx: Transaction, job: Job, **done: Any) -> None:
    """Adds to the job's data, in the transaction of the part that is done: a job that is taken again goes on from
    there, and does nothing twice. Raises JobLost."""
    data = {**job.data, **done}
    ours = update(Job).where(Job.id == job.id, Job.attempts == job.attempts, Job.taken_until.is_not(None))
    if await tx.session.scalar(ours.values(data=data).returning(Job.id)) is None:
        raise JobLost
    tx.after_commit(lambda: job.data.update(done))
