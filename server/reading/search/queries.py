"""Search. Only versions that `documents.rights` gives the actor are asked for; the index never sees the others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from sqlalchemy import and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.meetings.models import Meeting
from server.papers.access.rights import readable_versions
from server.papers.models import Paper, PaperPage
from server.reading.search import index
from server.reading.search.schemas import SearchAnswer, SearchHit, SearchQuery
from server.reading.search.snippets import found_in
from server.reading.search.words import Query, matches, parse, spaced


class _Paper(NamedTuple):
    version_id: int
    paper_id: int
    title: str
    number: str
    kind: str
    meeting_id: int
    meeting_title: str


@dataclass(frozen=True, slots=True)
class _Place:
    paper: _Paper
    page: int


async def search(session: AsyncSession, actor: Actor, now: datetime, asked: SearchQuery) -> SearchAnswer:
    """In one meeting, or in all that the actor has a part in."""
    query = parse(asked.q)
    if not query.terms:
        return SearchAnswer(total=0, hits=[])
    papers = await _papers(session, actor, now, None if asked.meeting_id is None else [asked.meeting_id])
    found = await index.pages(session, query, papers)
    in_a_row = await index.pages(session, query.in_a_row, found) if len(query.terms) > 1 else found
    places = _Places(papers, _by_name(papers, query), found, in_a_row)
    wanted = list(islice(places, asked.offset, asked.offset + asked.limit))
    return SearchAnswer(total=places.total, hits=await _hits(session, query, wanted))


async def _papers(
    session: AsyncSession, actor: Actor, now: datetime, meeting_ids: Collection[int] | None
) -> dict[int, _Paper]:
    """By version; those of the newest meetings first."""
    readable = await readable_versions(session, actor, now, meeting_ids)
    rows = await session.execute(
        select(
            Paper.current_version_id, Paper.id, Paper.title, Paper.number, Paper.kind, Paper.meeting_id, Meeting.title
        )
        .join(Meeting, Meeting.id == Paper.meeting_id)
        .where(Paper.meeting_id.in_({version.meeting_id for version in readable.values()}))
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc(), Paper.position, Paper.id)
    )
    return {row[0]: _Paper._make(row) for row in rows if row[0] in readable}


def _by_name(papers: Mapping[int, _Paper], query: Query) -> list[_Paper]:
    """Papers whose kind, number or title has the words; those with them in a row first."""
    found = [paper for paper in papers.values() if matches(query, _name(paper))]
    return sorted(found, key=lambda paper: not matches(query.in_a_row, _name(paper)))


def _name(paper: _Paper) -> str:
    return _spaced(f"{paper.kind} {paper.number}") + "|" + _spaced(paper.title)


_spaced = lru_cache(maxsize=20_000)(spaced)


class _Places:
    """All hits in their order: papers by name, pages with the words in a row, pages with the words apart."""

    def __init__(
        self,
        papers: Mapping[int, _Paper],
        named: Sequence[_Paper],
        found: Mapping[int, Sequence[int]],
        in_a_row: Mapping[int, Sequence[int]],
    ) -> None:
        self._papers = papers
        self._named = named
        self._found = found
        self._in_a_row = in_a_row
        # A paper that is found by its name opens at its first page that has the words; that page is not shown again.
        best = {v: (in_a_row.get(v) or found.get(v) or [1])[0] for v in (paper.version_id for paper in named)}
        self._opens_at = best

    @property
    def total(self) -> int:
        pages = sum(map(len, self._found.values()))
        return pages + sum(paper.version_id not in self._found for paper in self._named)

    def __iter__(self) -> Iterator[_Place]:
        yield from (_Place(paper, self._opens_at[paper.version_id]) for paper in self._named)
        yield from self._pages(self._in_a_row, {})
        yield from self._pages(self._found, self._in_a_row)

    def _pages(self, which: Mapping[int, Sequence[int]], without: Mapping[int, Sequence[int]]) -> Iterator[_Place]:
        for version_id, paper in self._papers.items():
            shown = {*without.get(version_id, ()), self._opens_at.get(version_id)}
            yield from (_Place(paper, page) for page in which.get(version_id, ()) if page not in shown)


async def _hits(session: AsyncSession, query: Query, places: Sequence[_Place]) -> list[SearchHit]:
    # One condition a page: SQLite goes through the whole table for a list of pairs.
    wanted = [and_(PaperPage.version_id == place.paper.version_id, PaperPage.number == place.page) for place in places]
    rows = await session.execute(
        select(PaperPage.version_id, PaperPage.number, PaperPage.text).where(or_(false(), *wanted))
    )
    texts = {(version_id, number): text for version_id, number, text in rows}
    return [_hit(place, texts.get((place.paper.version_id, place.page), ""), query) for place in places]


def _hit(place: _Place, text: str, query: Query) -> SearchHit:
    found = found_in(text, query)
    paper = place.paper
    return SearchHit(
        meeting_id=paper.meeting_id,
        meeting_title=paper.meeting_title,
        paper_id=paper.paper_id,
        version_id=paper.version_id,
        title=paper.title,
        number=paper.number,
        page=place.page,
        snippet=found.snippet,
        words=found.words,
    )
