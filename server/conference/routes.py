"""Steps of a meeting that concern its halls, over HTTP; the same actions as the live channel's `meeting.*`. And what a
hall's device waits for."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.audit.dependencies import AppAuditLog
from server.conference import hands, incidents, lifecycle
from server.conference.hall_day import HallDay, hall_day
from server.core.fields import Id, Line
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.exports import AppExports
from server.edge.routing import WriteRoute
from server.meetings import queries
from server.meetings.schemas import MeetingOut, Postponing, Rescheduling
from server.speaking.entities import MyRequests

router = APIRouter(prefix="/api", tags=["conference"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


class Reopening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(max_length=500)] = ""


@router.post("/meetings/{meeting_id}/open")
async def open_halls(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.open_halls(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/close")
async def close_halls(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.close_halls(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/postpone")
async def postpone(meeting_id: RowId, write: Postponing, tx: Write) -> MeetingOut:
    await lifecycle.postpone(tx, meeting_id, write.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/reschedule")
async def reschedule(meeting_id: RowId, write: Rescheduling, tx: Write) -> MeetingOut:
    await lifecycle.reschedule(tx, meeting_id, write.starts_at, write.ends_at, write.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/cancel")
async def cancel(meeting_id: RowId, write: Postponing, tx: Write) -> MeetingOut:
    await lifecycle.cancel(tx, meeting_id, write.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/start")
async def start(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.start(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/end")
async def end(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.end(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/reopen")
async def reopen(meeting_id: RowId, reopening: Reopening, tx: Write) -> MeetingOut:
    await lifecycle.reopen(tx, meeting_id, reopening.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.get("/meetings/{meeting_id}/my-requests")
async def my_requests(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> MyRequests:
    """What one has asked to speak about from the own page, and one's place in the queue. Later changes come as the
    signal `my-requests`."""
    return await hands.own_requests(session, meeting_id, actor)


@router.get("/meetings/{meeting_id}/incidents")
async def meeting_incidents(
    *,
    meeting_id: RowId,
    actor: CurrentActor,
    services: AppServices,
    which: incidents.Which = "troubles",
    before: Annotated[Id | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> incidents.Incidents:
    """What happened, newest first. `before`: only older ones than this."""
    return await services.database.beside(
        lambda session: incidents.page(session, meeting_id, actor, which=which, before=before, limit=limit)
    )


@router.post("/meetings/{meeting_id}/incidents", status_code=204)
async def note_incident(meeting_id: RowId, write: incidents.IncidentWrite, tx: Write) -> None:
    await incidents.note(tx, meeting_id, write)


@router.get("/meetings/{meeting_id}/incidents.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def incidents_file(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    async with services.database.read(long=True) as session:
        report = await incidents.report(session, meeting_id, actor, services.clock())
    await audit_log.note(actor, "incidents.exported", "meeting", meeting_id, form="xlsx")
    return attachment(await exports.make(actor, incidents.workbook, report), XLSX, f"su-co-{meeting_id}.xlsx")


@router.get("/hall")
async def next_for_hall(actor: CurrentActor, session: ReadSession, services: AppServices) -> HallDay:
    """For a hall's own device: what it waits for."""
    return await hall_day(session, actor, services.clock())
