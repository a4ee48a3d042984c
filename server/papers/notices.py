"""Notices to those who have opened a paper: it has a new version, it was recalled."""

from typing import Any

from sqlalchemy import select

from server.core.transaction import Transaction
from server.meetings.models import Meeting
from server.notifications.actions import notify
from server.papers.access.policies import named_in, policies_in
from server.papers.access.reader_profile import readers_by_name
from server.papers.access.rights import readers_among
from server.papers.hooks import WHO_OPENED
from server.papers.models import Paper, PaperVersion


async def tell_readers(tx: Transaction, paper: Paper, kind: str, **facts: Any) -> None:
    """Those of them who may read it now; not the one who acts."""
    versions = list(await tx.session.scalars(select(PaperVersion.id).where(PaperVersion.paper_id == paper.id)))
    opened: set[int] = set()
    for who_opened in WHO_OPENED:
        opened.update(await who_opened(tx.session, versions))
    if not opened:
        return
    meeting = await tx.session.get_one(Meeting, paper.meeting_id)
    policy = (await policies_in(tx.session, [meeting.id])).of(paper)
    people = await readers_by_name(tx.session, meeting, named_in([policy]))
    told = {each.person_id for each in readers_among(people, paper, policy, tx.now)} & opened
    await notify(
        tx,
        sorted(told - {tx.actor.person_id}),
        kind,
        data={"paper_id": paper.id, "title": paper.title, **facts},
        path=f"/meetings/{meeting.id}/papers/{paper.id}",
        meeting_id=meeting.id,
    )
