"""Papers that are ready to be shown: rows only, as presenting moves nothing but numbers."""

import itertools

from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from server.papers.actions.versions import version_ready
from server.papers.models import AccessPolicy, Paper, PaperVersion

_numbers = itertools.count(1)


async def paper(
    services: Services, meeting: Meeting, title: str = "Tờ trình", pages: int = 10, **policy: object
) -> Paper:
    """With one ready version; `policy` as in `AccessPolicy`."""
    async with services.transactions(SYSTEM) as tx:
        made = Paper(meeting_id=meeting.id, title=title, created_at=tx.now)
        tx.session.add(made)
        await tx.session.flush()
        if policy:
            tx.session.add(AccessPolicy(meeting_id=meeting.id, paper_id=made.id, **policy))
    await version(services, made, pages)
    async with services.database.read() as session:
        return await session.get_one(Paper, made.id)


async def version(services: Services, of: Paper, pages: int) -> int:
    """One more version comes in and becomes ready."""
    number = next(_numbers)
    async with services.transactions(SYSTEM) as tx:
        made = PaperVersion(
            paper_id=of.id,
            number=number,
            file_name="to-trinh.pdf",
            size=1000,
            sha256="0" * 64,
            folder=f"test-{number}",
            page_count=pages,
            created_at=tx.now,
        )
        tx.session.add(made)
        await tx.session.flush()
        await version_ready(tx, made.id)
        return made.id
