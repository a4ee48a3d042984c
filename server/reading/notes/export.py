"""Own notes as a PDF to keep: by paper and page. Of the papers' own words only what was highlighted, and only while the
paper may be read."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.database import in_parts
from server.core.errors import Invalid, NotFound
from server.core.services import Services
from server.core.typesetting import compiled
from server.edge.budgets import EXPORT_TEXT
from server.edge.exports import Exports
from server.meetings.models import Meeting
from server.papers.access.rights import PaperRights, library_rights
from server.papers.models import Paper, PaperPage, PaperVersion
from server.reading.models import Annotation
from server.reading.notes.drawing import picture
from server.reading.notes.queries import own

_SOURCE = Path(__file__).with_name("export.typ")
PAGES = 400
"""With notes on them, in one file: about ten seconds of a core."""
_A4 = 842 / 595


class NothingWritten(NotFound):
    code = "nothing-written"
    vi = "Chưa có ghi chú nào để xuất. Mở tài liệu, ghi chú hoặc tô sáng rồi xuất lại."
    en = "There are no notes to export yet. Open a paper, write or highlight, then export again."


class TooManyPages(Invalid):
    code = "too-many-pages"
    vi = f"Một tệp xuất được ghi chú của tối đa {PAGES} trang. Xuất từng tài liệu một."
    en = f"One file holds the notes of at most {PAGES} pages. Export one paper after the other."


async def export(
    services: Services, exports: Exports, actor: Actor, *, paper_id: int | None, meeting_id: int | None
) -> bytes:
    """PDF of the actor's notes on one paper, or on all of one meeting. NothingWritten, TooManyPages,
    and what `Exports.make` raises."""
    async with services.database.read(long=True) as session:
        data = await _data(session, actor, services.clock(), paper_id, meeting_id)
    return await exports.make(actor, compiled, _SOURCE, {"data": json.dumps(data)})


async def _data(
    session: AsyncSession, actor: Actor, now: datetime, paper_id: int | None, meeting_id: int | None
) -> dict[str, Any]:
    where = Annotation.paper_id == paper_id if paper_id is not None else Paper.meeting_id == meeting_id
    written = await session.scalar(
        select(func.sum(func.length(cast(Annotation.body, Text))))
        .join(Paper, Paper.id == Annotation.paper_id)
        .where(own(actor), where, Annotation.body.is_not(None))
    )
    if (written or 0) > EXPORT_TEXT:
        raise TooManyPages(most=PAGES)
    rows = await session.execute(
        select(Annotation, Paper, PaperVersion.number)
        .join(Paper, Paper.id == Annotation.paper_id)
        .join(PaperVersion, PaperVersion.id == Annotation.version_id)
        .where(own(actor), where, Annotation.body.is_not(None))
        .order_by(Paper.position, Paper.id, PaperVersion.number, Annotation.page, Annotation.written_at, Annotation.id)
    )
    found: dict[tuple[int, int], tuple[Paper, dict[int, list[Annotation]]]] = {}
    for note, paper, number in rows:
        _, pages = found.setdefault((paper.id, number), (paper, {}))
        pages.setdefault(note.page, []).append(note)
    if not found:
        raise NothingWritten()
    if sum(len(pages) for _, pages in found.values()) > PAGES:
        raise TooManyPages(most=PAGES)
    papers = [paper for paper, _ in found.values()]
    rights = await library_rights(session, papers[0].meeting_id, actor, now)
    shapes = await _shapes(
        session, {(notes[0].version_id, page) for _, pages in found.values() for page, notes in pages.items()}
    )
    return {
        "who": actor.name,
        "when": _time(now),
        "meeting": (await session.get_one(Meeting, papers[0].meeting_id)).title,
        "papers": [
            _paper(paper, number, pages, rights.get(paper.id), shapes) for (_, number), (paper, pages) in found.items()
        ],
    }


Shapes = dict[tuple[int, int], tuple[float, list[Any]]]
"""(version, page) -> height by width, lines of text."""


async def _shapes(session: AsyncSession, wanted: Collection[tuple[int, int]]) -> Shapes:
    shapes: Shapes = {}
    for some in in_parts({version_id for version_id, _ in wanted}):
        rows = await session.execute(
            select(PaperPage.version_id, PaperPage.number, PaperPage.width, PaperPage.height, PaperPage.lines).where(
                PaperPage.version_id.in_(some), PaperPage.number.in_({page for _, page in wanted})
            )
        )
        for version_id, number, width, height, lines in rows:
            shapes[version_id, number] = (min(max(height / width, 0.2), 5) if width > 0 else _A4, lines)
    return shapes


def _paper(
    paper: Paper, number: int, pages: dict[int, list[Annotation]], rights: PaperRights | None, shapes: Shapes
) -> dict[str, Any]:
    """A title is shown to whom the paper is listed; words and shapes of its pages to who reads it."""
    readable = rights is not None and rights.read
    return {
        "title": paper.title if rights is not None else "Tài liệu không còn trong danh mục của đồng chí",
        "number": paper.number if rights is not None else "",
        "version": number,
        "readable": readable,
        "pages": [_page(page, notes, readable, shapes) for page, notes in pages.items()],
    }


def _page(page: int, notes: Sequence[Annotation], readable: bool, shapes: Shapes) -> dict[str, Any]:
    height, lines = shapes.get((notes[0].version_id, page), (_A4, []))
    if not readable:
        height, lines = _A4, []
    pins = {note.id: index for index, note in enumerate((n for n in notes if n.kind == "note"), 1)}
    drawn = [(note.kind, note.body or {}, pins.get(note.id, 0)) for note in notes]
    return {
        "number": page,
        "picture": picture(height, lines, drawn),
        "texts": list(_texts(notes, pins, readable)),
        "strokes": sum(1 for note in notes if note.kind == "ink"),
    }


def _texts(notes: Iterable[Annotation], pins: dict[str, int], readable: bool) -> Iterable[dict[str, Any]]:
    for note in notes:
        body = note.body or {}
        when = _time(min(note.written_at, note.updated_at))
        if note.kind == "note":
            yield {"kind": "note", "number": pins[note.id], "text": body["text"], "when": when}
        elif note.kind == "highlight" and readable and body["text"]:
            yield {"kind": "quote", "number": 0, "text": body["text"], "when": when}


def _time(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
