"""The audit log of one meeting as a workbook: for the file that is kept of it, and for whoever has to look into it."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.audit import queries as audit
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.core.spreadsheets.writing import Book, Column, span
from server.meetings.access import visible_meeting

MOST = 50_000
"""Entries of one file. A conference of 12,000 people who check in by their phones writes some 30,000."""
_COLUMNS = (
    Column("Số", 9, "number"),
    Column("Lúc", 20, "time"),
    Column("Người hoặc điểm cầu", 32),
    Column("Việc", 26),
    Column("Đối tượng", 22),
    Column("Chi tiết", 60),
    Column("Địa chỉ mạng", 18),
    Column("Phiên", 9, "number"),
    Column("Mã chuỗi", 68),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What goes into the file; plain, as another process makes it."""

    title: str
    time: str
    rows: list[tuple[int, datetime, str, str, str, str, str, int | None, str]]
    whole: bool
    """False: there are more entries than one file takes."""


async def evidence(session: AsyncSession, meeting_id: int, actor: Actor) -> Evidence:
    """For organisers of the meeting."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not rights.organise:
        raise NotAllowed()
    entries = await audit.of_meeting(session, meeting_id, meeting.created_at, MOST + 1)
    return Evidence(
        title=meeting.title,
        time=span(meeting.started_at or meeting.starts_at, meeting.ended_at),
        rows=[
            (
                entry.id,
                entry.at,
                entry.actor_name,
                entry.action,
                f"{entry.subject_type} {entry.subject_id}",
                json.dumps(entry.facts, ensure_ascii=False)[:2000] if entry.facts else "",
                entry.address,
                entry.session_id,
                entry.hash,
            )
            for entry in entries[:MOST]
        ],
        whole=len(entries) <= MOST,
    )


def workbook(found: Evidence) -> bytes:
    count = f"{len(found.rows)} mục" + ("" if found.whole else "; còn nữa, chỉ gồm các mục đầu")
    about = (found.title, found.time, count)
    book = Book("Nhật ký cuộc họp", about)
    book.sheet("Nhật ký", _COLUMNS, found.rows, fixed=2)
    return book.content()
