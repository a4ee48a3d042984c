"""Which jobs come next. Owners take turns: of those whose work is due, whoever has the least in hand, and among them
who was served longest ago. Within one owner's heap the oldest comes first."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.jobs.models import Job

_OWNERS_REMEMBERED = 1000
_serving = count(1)


@dataclass(slots=True)
class Turns:
    """Of one kind, in one process."""

    free: int
    """Hands."""
    held: Counter[str]
    """Owner -> jobs in hand."""
    each: int
    """That one owner holds at most; nobody's jobs ("") count for nobody."""
    served: dict[str, int]
    """Owner -> when last, as a number that grows."""

    def next(self, waiting: dict[str, list[Job]]) -> Job | None:
        """Takes it out of `waiting`, which has each owner's jobs, oldest first."""
        able = [owner for owner, jobs in waiting.items() if jobs and (not owner or self.held[owner] < self.each)]
        if not able or self.free <= 0:
            return None
        owner = min(
            able,
            key=lambda each: (self.held[each], self.served.get(each, 0), waiting[each][0].run_at, waiting[each][0].id),
        )
        self.free -= 1
        self.held[owner] += 1
        if len(self.served) > _OWNERS_REMEMBERED:
            self.served.clear()
        self.served[owner] = next(_serving)
        return waiting[owner].pop(0)


async def next_due(session: AsyncSession, now: datetime) -> dict[str, datetime]:
    """Kind -> when its first job that nobody has in hand is due."""
    rows = await session.execute(
        select(Job.kind, func.min(Job.run_at))
        .where(Job.failed_at.is_(None), or_(Job.taken_until.is_(None), Job.taken_until < now))
        .group_by(Job.kind)
    )
    return dict(rows.all())


async def due(tx: Transaction, kind: str, turns: Turns, now: datetime) -> list[Job]:
    """As many as there are turns for; never two of one subject, nor one of a subject that is in hand."""
    in_hand = select(Job.subject).where(Job.kind == kind, Job.taken_until >= now, Job.subject != "")
    fits = (
        Job.kind == kind,
        Job.failed_at.is_(None),
        Job.run_at <= now,
        or_(Job.taken_until.is_(None), Job.taken_until < now),
        Job.subject.not_in(in_hand),
    )
    place = func.row_number().over(partition_by=Job.owner, order_by=(Job.run_at, Job.id)).label("place")
    placed = select(Job.id, place).where(*fits).subquery()
    first = select(placed.c.id).where(placed.c.place <= max(turns.free, 1))
    statement = select(Job).where(Job.id.in_(first), *fits).order_by(Job.run_at, Job.id)
    waiting: dict[str, list[Job]] = {}
    subjects = set()
    for job in await tx.session.scalars(statement.with_for_update(skip_locked=True)):
        subject = job.subject or f"#{job.id}"
        if subject not in subjects:
            subjects.add(subject)
            waiting.setdefault(job.owner, []).append(job)
    found = []
    while (chosen := turns.next(waiting)) is not None:
        found.append(chosen)
    return found
