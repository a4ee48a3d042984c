"""What happened in the conference, with its times: out of the audit log, and lines that somebody wrote by hand, which
stand there too and so are never changed afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.audit.models import AuditEntry
from server.audit.names import told
from server.audit.schemas import Sentence
from server.core.actor import Actor
from server.core.errors import NotAllowed, NotFound
from server.core.fields import Id, Line
from server.core.spreadsheets.writing import Book, Column, local
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write, overseen_meeting
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint

Which = Literal["troubles", "noted", "all"]
"""troubles: what went wrong, and what was written by hand; all: also what was directed."""

NOTED = "incident.noted"
TROUBLES = (
    NOTED,
    *("point.lost", "point.back", "point.left", "help.called", "stage.returned", "stage.stays", "turn.cut"),
    *("meeting.reopened", "meeting.ended", "meeting.started"),
)
DIRECTED = (
    *("point.joined", "message.sent", "recess.started", "recess.ended", "content.started", "content.stopped"),
    *("floor.given", "floor.taken", "floor.released", "floor.muted_all", "stage.shown", "layout.set"),
    *("roll-call.started", "roll-call.repeated", "roll-call.ended"),
)
MOST = 20_000
"""Lines of one file."""
COLUMNS = (
    Column("STT", 6, "number"),
    Column("Lúc", 20, "time"),
    Column("Sự việc", 80),
    Column("Người hoặc điểm cầu", 34),
    Column("Nguồn", 16),
)


class IncidentWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[Line, Field(min_length=1, max_length=500)]
    point_id: Id | None = None
    """The point that it is about."""


class Incident(BaseModel):
    id: int
    at: datetime
    said: Sentence
    by: str
    """Who did it; "system": by itself."""
    noted: bool
    """Written by hand."""


class Incidents(BaseModel):
    """Newest first."""

    incidents: list[Incident]
    more: bool
    """There are older ones."""
    writes: bool
    """The reader may write lines."""


class IncidentReport(BaseModel):
    title: str
    generated_at: datetime
    incidents: list[Incident]
    """Oldest first."""


async def note(tx: Transaction, meeting_id: int, write: IncidentWrite) -> None:
    """A line by hand, during the meeting or after. Whoever directs; NotAllowed for others."""
    _meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    text = write.text
    if write.point_id is not None:
        name = await tx.session.scalar(
            select(BridgePoint.name)
            .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
            .where(MemberPoint.meeting_id == meeting_id, BridgePoint.id == write.point_id)
        )
        if name is None:
            raise NotFound("Điểm cầu này không có trong cuộc họp.", "That point is not in this meeting.")
        text = f"{name}: {text}"
    await record(tx, "incident.noted", "meeting", meeting_id, text=text, point_id=write.point_id)


async def page(
    session: AsyncSession, meeting_id: int, actor: Actor, *, which: Which, before: int | None, limit: int
) -> Incidents:
    """For whoever organises, conducts or operates; NotAllowed for others."""
    meeting, rights = await overseen_meeting(session, meeting_id, actor)
    asked = _of(meeting, which)
    if before is not None:
        asked = asked.where(AuditEntry.id < before)
    found = (await session.scalars(asked.order_by(AuditEntry.id.desc()).limit(limit + 1))).all()
    return Incidents(incidents=await _told(session, found[:limit]), more=len(found) > limit, writes=rights.direct)


async def report(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> IncidentReport:
    meeting, _ = await overseen_meeting(session, meeting_id, actor)
    found = (await session.scalars(_of(meeting, "all").order_by(AuditEntry.id).limit(MOST))).all()
    return IncidentReport(title=meeting.title, generated_at=now, incidents=await _told(session, found))


def workbook(report: IncidentReport) -> bytes:
    noted = sum(each.noted for each in report.incidents)
    book = Book(
        "Nhật ký sự cố và diễn biến",
        [
            report.title,
            f"{len(report.incidents)} sự việc, {noted} do người điều phối ghi · "
            f"lập lúc {local(report.generated_at):%H:%M:%S ngày %d/%m/%Y}",
        ],
    )
    rows = [
        [
            number,
            each.at,
            each.said.vi,
            "" if each.by == "system" else each.by,
            "Ghi tay" if each.noted else "Hệ thống",
        ]
        for number, each in enumerate(report.incidents, start=1)
    ]
    book.sheet("Sự việc", COLUMNS, rows, fixed=2)
    return book.content()


def _of(meeting: Meeting, which: Which) -> Select[AuditEntry]:
    """What was before the start was a rehearsal, but for what somebody wrote down."""
    actions = {"noted": (NOTED,), "troubles": TROUBLES, "all": (*TROUBLES, *DIRECTED)}[which]
    wanted = select(AuditEntry).where(AuditEntry.meeting_id == meeting.id, AuditEntry.action.in_(actions))
    if meeting.started_at is not None:
        wanted = wanted.where(or_(AuditEntry.at >= meeting.started_at, AuditEntry.action == NOTED))
    return wanted


async def _told(session: AsyncSession, entries: Sequence[AuditEntry]) -> list[Incident]:
    return [
        Incident(id=each.id, at=each.at, said=each.said, by=each.actor_name, noted=each.action == NOTED)
        for each in await told(session, entries, None)
    ]
