"""The audit log of one meeting as a workbook: for the file that is kept of it, and for whoever has to look into it."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server.audit import queries as audit
from server.audit.export import MOST, Line, book_of, lines
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.core.spreadsheets.writing import span
from server.meetings.access import visible_meeting


@dataclass(frozen=True, slots=True)
class Evidence:
    """What goes into the file; plain, as another process makes it."""

    title: str
    time: str
    rows: list[Line]
    whole: bool
    """False: there are more entries than one file takes."""


async def evidence(session: AsyncSession, meeting_id: int, actor: Actor) -> Evidence:
    """For organisers of the meeting."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not rights.organise:
        raise NotAllowed()
    entries = await audit.of_meeting(session, meeting_id, MOST + 1)
    return Evidence(
        title=meeting.title,
        time=span(meeting.started_at or meeting.starts_at, meeting.ended_at),
        rows=await lines(session, entries[:MOST], None),
        whole=len(entries) <= MOST,
    )


def workbook(found: Evidence) -> bytes:
    count = f"{len(found.rows)} mục" + ("" if found.whole else "; còn nữa, chỉ gồm các mục đầu")
    return book_of("Nhật ký cuộc họp", (found.title, found.time, count), found.rows)
