"""Positions begin and end with a day: shortly after midnight (the wall's time) whoever's main one has changed is shown
with the new one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta

import structlog
from sqlalchemy import and_, or_, select

from server.accounts.main_post import show_main, today
from server.accounts.models import Person, Post
from server.audit.actions import record
from server.core.actor import SYSTEM
from server.core.clock import VIETNAM
from server.core.services import Services
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind

log = structlog.get_logger(__name__)

KIND = "posts.turn"
LOOKED_BACK = timedelta(days=400)
"""A system that was off for longer than that is looked through by hand."""
AT_ONCE = 50
"""People of one transaction."""


async def turn(services: Services, _job: Job | None = None) -> None:
    """Everybody of whom a position began or ended lately; asks for the next midnight."""
    day = services.clock().astimezone(VIETNAM).date()
    since = day - LOOKED_BACK
    async with services.database.read(long=True) as session:
        found = await session.scalars(
            select(Post.person_id)
            .where(
                or_(
                    and_(Post.valid_from >= since, Post.valid_from <= day),
                    and_(Post.valid_until >= since, Post.valid_until < day),
                )
            )
            .distinct()
            .order_by(Post.person_id)
        )
        ids = list(found)
    changed = 0
    for first in range(0, len(ids), AT_ONCE):
        async with services.transactions(SYSTEM) as tx:
            people = await tx.session.scalars(select(Person).where(Person.id.in_(ids[first : first + AT_ONCE])))
            for person in people.all():
                if await show_main(tx.session, person, today(tx)):
                    person.revision += 1
                    changed += 1
                    await record(tx, "person.post-turned", "person", person.id, title=person.title)
    log.info("posts-turned", people=changed)
    async with services.transactions(SYSTEM) as tx:
        await enqueue(tx, KIND, {}, subject="next", delay=until_midnight(services.clock()))


def until_midnight(now: datetime) -> timedelta:
    """To the first minute of the next day on the wall."""
    tomorrow = (now.astimezone(VIETNAM) + timedelta(days=1)).date()
    return datetime.combine(tomorrow, time(0, 1), VIETNAM) - now


post_changes_job = JobKind(KIND, turn)


@asynccontextmanager
async def daily_turn(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`: asks for the first turn, if none is asked for."""
    async with services.transactions(SYSTEM) as tx:
        if await tx.session.scalar(select(Job.id).where(Job.kind == KIND, Job.failed_at.is_(None)).limit(1)) is None:
            await enqueue(tx, KIND, {}, subject="first", delay=timedelta(minutes=1))
    yield
