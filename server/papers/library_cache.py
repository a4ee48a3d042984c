"""A meeting's papers as readers get them, kept between requests: after a change, every device of a conference asks for
the list within a minute, and only the reader's own rights differ from one to the next.

What is kept is good as long as the library's revision in the database is the one it was made at. It holds no rights:
each request decides them anew.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotFound
from server.meetings.models import Meeting
from server.papers import queries
from server.papers.access.policies import Policies, policies_in
from server.papers.access.reader_profile import reader_profiles
from server.papers.access.rights import PaperRights, decide
from server.papers.live import spread_seconds
from server.papers.models import LibraryState, Paper
from server.papers.queries import Versions
from server.papers.schemas import Library, UploadTo

_KEPT = 64
"""Meetings; those that were asked for last."""


@dataclass
class Shelf:
    revision: int
    spread: int
    papers: list[Paper]
    policies: Policies
    versions: dict[int, Versions]
    texts: dict[tuple[int, PaperRights], str] = field(default_factory=dict)
    """Papers as JSON, as they look with these rights."""

    def text(self, paper: Paper, rights: PaperRights, now: datetime) -> str:
        key = (paper.id, rights)
        if key not in self.texts:
            versions = self.versions.get(paper.id, Versions()) if rights.read else Versions()
            out = queries.paper_out(paper, rights, self.policies, versions=versions, names={}, now=now)
            self.texts[key] = out.model_dump_json()
        return self.texts[key]


class LibraryCache:
    """One per process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Shelf] = OrderedDict()
        self._loading: dict[int, asyncio.Lock] = {}

    async def library(self, session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> str:
        """`schemas.Library` as JSON. `session` only reads: what is not committed must not be kept. Three queries for a
        delegate. NotFound for a meeting that the actor may not see."""
        row = (
            await session.execute(
                select(Meeting, LibraryState.revision, LibraryState.conversion)
                .outerjoin(LibraryState, LibraryState.meeting_id == Meeting.id)
                .where(Meeting.id == meeting_id)
            )
        ).one_or_none()
        if row is None:
            raise NotFound()
        meeting, revision, conversion = row
        profile = (await reader_profiles(session, [meeting], actor)).get(meeting_id)
        if profile is None:
            raise NotFound()
        if profile.manages or profile.presents:
            # They see what is under way too, which changes without a new revision.
            return (await queries.library(session, meeting_id, actor, now)).model_dump_json()
        shelf = await self._shelf(session, meeting_id, revision or 0)
        decided = ((paper, decide(paper, shelf.policies.of(paper), profile, now)) for paper in shelf.papers)
        papers = ",".join(shelf.text(paper, rights, now) for paper, rights in decided if rights.listed)
        empty = Library(
            meeting_id=meeting_id,
            revision=revision or 0,
            conversion=conversion or 0,
            now=now,
            spread_seconds=shelf.spread,
            can_manage=False,
            upload_to=UploadTo(meeting=False, items=[]),
            papers=[],
        ).model_dump_json()
        return f"{empty.removesuffix(']}')}{papers}]}}"

    async def _shelf(self, session: AsyncSession, meeting_id: int, revision: int) -> Shelf:
        lock = self._loading.setdefault(meeting_id, asyncio.Lock())
        async with lock:
            shelf = self._kept.get(meeting_id)
            if shelf is None or shelf.revision != revision:
                shelf = self._kept[meeting_id] = await _load(session, meeting_id, revision)
        self._kept.move_to_end(meeting_id)
        while len(self._kept) > _KEPT:
            oldest, _ = self._kept.popitem(last=False)
            self._loading.pop(oldest, None)
        return shelf


async def _load(session: AsyncSession, meeting_id: int, revision: int) -> Shelf:
    """`revision` was read before: what is loaded now is that or newer, never older."""
    papers = await queries.papers_of(session, meeting_id)
    readable = [(paper, PaperRights(listed=True, read=True)) for paper in papers if paper.current_version_id]
    return Shelf(
        revision=revision,
        spread=await spread_seconds(session, meeting_id),
        papers=papers,
        policies=await policies_in(session, [meeting_id]),
        versions=await queries.versions_of(session, readable),
    )
