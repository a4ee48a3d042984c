"""Notices to those who have opened a paper: it has a new version, it was recalled. Made by a job: they may be twelve
thousand, and whoever recalls a paper waits for nobody."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import SYSTEM
from server.core.database import in_parts
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import note_progress
from server.jobs.workers import JobKind
from server.meetings.models import Meeting
from server.notifications.actions import notify
from server.papers.access.policies import named_in, policies_in
from server.papers.access.reader_profile import readers_by_name
from server.papers.access.rights import readers_among
from server.papers.hooks import PaperHooks
from server.papers.models import Paper, PaperVersion

TELL_JOB = "paper.tell"
RECALLED = "paper.recalled"
AT_ONCE = 50
"""Notices of one transaction: some milliseconds under the writers' lock."""


async def tell_readers(tx: Transaction, paper: Paper, kind: str, **facts: Any) -> None:
    """Those of them who may read it then, or could before it was recalled; not the one who acts."""
    told = {"paper_id": paper.id, "kind": kind, "facts": facts, "by": tx.actor.person_id, "after": 0}
    await enqueue(tx, TELL_JOB, told)


async def tell(services: Services, job: Job) -> None:
    """`TELL_JOB`."""
    paper_id, facts = job.data["paper_id"], job.data["facts"]
    kind, by, after = job.data["kind"], job.data["by"], job.data["after"]

    async def work(session: AsyncSession) -> tuple[Paper, list[int]] | None:
        to_tell = await _to_tell(session, paper_id, kind, services)
        return to_tell and (to_tell[0], sorted(each for each in to_tell[1] if each > after and each != by))

    found = await services.database.beside(work)
    if found is None:
        return
    paper, left = found
    for some in in_parts(left, AT_ONCE):
        async with services.transactions(SYSTEM) as tx:
            await notify(
                tx,
                some,
                kind,
                data={"paper_id": paper.id, "title": paper.title, **facts},
                path=f"/meetings/{paper.meeting_id}/papers/{paper.id}",
                meeting_id=paper.meeting_id,
            )
            await note_progress(tx, job, after=some[-1])


tell_job = JobKind(TELL_JOB, tell, first_pause=5.0)


async def _to_tell(
    session: AsyncSession, paper_id: int, kind: str, services: Services
) -> tuple[Paper, set[int]] | None:
    paper = await session.get(Paper, paper_id)
    if paper is None or paper.deleted_at is not None:
        return None
    versions = list(await session.scalars(select(PaperVersion.id).where(PaperVersion.paper_id == paper_id)))
    opened: set[int] = set()
    for who_opened in services.components[PaperHooks].who_opened:
        opened.update(await who_opened(session, versions))
    if not opened:
        return None
    meeting = await session.get_one(Meeting, paper.meeting_id)
    policy = (await policies_in(session, [meeting.id])).of(paper)
    people = await readers_by_name(session, meeting, named_in([policy]))
    if kind == RECALLED:
        session.expunge(paper)
        paper.recalled_at = None
    return paper, {each.person_id for each in readers_among(people, paper, policy, services.clock())} & opened
