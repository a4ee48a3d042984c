"""The board as a workbook: each person with each paper, halls, and papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.database import in_parts
from server.core.spreadsheets.writing import Book, Column, local
from server.organisations.models import BridgePoint
from server.reading.receipts.board import DELIVERED, FINISHED, ONLINE, OPENED, Listed, Sum, readings

Figures = list[tuple[str, int, int, int, int, int]]
"""Name, people, papers to be read, delivered, opened, finished."""
_PEOPLE = (
    Column("STT", 6, "number"),
    Column("Điểm cầu", 30),
    Column("Họ và tên", 28),
    Column("Chức vụ", 34),
    Column("Phải đọc", 10, "number"),
    Column("Đã mở", 10, "number"),
    Column("Đọc hết", 10, "number"),
)
_FIGURES = (
    Column("Số người", 12, "number"),
    Column("Lượt phải đọc", 14, "number"),
    Column("Đã tải về máy", 14, "number"),
    Column("Đã mở", 12, "number"),
    Column("Đã đọc hết", 12, "number"),
)


@dataclass(frozen=True, slots=True)
class Sheets:
    title: str
    at: datetime
    papers: list[str]
    people: list[list[Any]]
    """As `_PEOPLE`, and for each paper what this person has done with it."""
    by_point: Figures
    by_paper: Figures


async def load(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> Sheets:
    """NotFound, NotAllowed as for the board."""
    found = await readings(session, meeting_id, actor, now)
    wanted = {each.point_id for each in found.people if each.point_id is not None}
    places = {ONLINE: "Trực tuyến"}
    for some in in_parts(wanted):
        named = await session.execute(select(BridgePoint.id, BridgePoint.name).where(BridgePoint.id.in_(some)))
        places.update((point_id, name) for point_id, name in named)
    ordered = sorted(found.people, key=lambda each: (each.point_id is None, each.point_id or 0))
    rows = [
        [
            number,
            places[each.point_id or ONLINE],
            each.full_name,
            each.title,
            (sum_ := each.sum()).expected,
            sum_.opened,
            sum_.finished,
            *(_said(each.papers.get(paper.id)) for paper in found.papers),
        ]
        for number, each in enumerate(ordered, start=1)
    ]
    by_point: dict[int, list[Listed]] = {}
    for each in ordered:
        by_point.setdefault(each.point_id or ONLINE, []).append(each)
    points = [
        _figures(places[point_id], people, [each.sum() for each in people]) for point_id, people in by_point.items()
    ]
    papers = []
    for paper in found.papers:
        readers = [each for each in ordered if paper.id in each.papers]
        sum_ = Sum()
        for each in readers:
            sum_.add(each.papers[paper.id])
        papers.append(_figures(paper.title, readers, [sum_]))
    return Sheets(found.meeting.title, now, [paper.title for paper in found.papers], rows, points, papers)


def _figures(name: str, people: Sequence[Listed], sums: Sequence[Sum]) -> tuple[str, int, int, int, int, int]:
    whole = Sum()
    for each in sums:
        whole.include(each)
    return name, len(people), whole.expected, whole.delivered, whole.opened, whole.finished


def _said(flags: int | None) -> str | None:
    """None: not expected to read it."""
    if flags is None:
        return None
    if flags & FINISHED:
        return "Đọc hết"
    if flags & OPENED:
        return "Đã mở"
    return "Đã tải" if flags & DELIVERED else "Chưa"


def workbook(sheets: Sheets) -> bytes:
    """XLSX."""
    book = Book("Ai đã đọc", [sheets.title, f"Đến {local(sheets.at):%H:%M ngày %d/%m/%Y}"])
    papers = (Column(paper, 20) for paper in sheets.papers)
    book.sheet("Theo người", (*_PEOPLE, *papers), sheets.people, fixed=3)
    book.sheet("Theo điểm cầu", (Column("Điểm cầu", 40), *_FIGURES), sheets.by_point)
    book.sheet("Theo tài liệu", (Column("Tài liệu", 60), *_FIGURES), sheets.by_paper)
    return book.content()
