from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.audit.dependencies import AppAuditLog
from server.core.fields import Id, Line, Time
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.exports import AppExports
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.meetings import actions, evidence, lifecycle, listing, queries
from server.meetings.announcements import actions as announcements
from server.meetings.schemas import Announcing, MeetingOut, MeetingPatch, MeetingSummary, MeetingWrite

router = APIRouter(prefix="/api/meetings", tags=["meetings"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.get("")
async def meetings(
    *,
    actor: CurrentActor,
    services: AppServices,
    when: listing.When = "all",
    q: Annotated[Line, Query(max_length=100)] = "",
    starting: Annotated[Time | None, Query(alias="from")] = None,
    until: Annotated[Time | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> list[MeetingSummary]:
    """What runs first, then what comes next, then what has ended, the newest first; `limit` of them from `offset`. With
    `from` or `until` those that are on between the two, the earliest first."""
    return await services.database.beside(
        lambda session: listing.meetings(
            session,
            actor,
            now=services.clock(),
            when=when,
            q=q,
            starting=starting,
            until=until,
            limit=limit,
            offset=offset,
        )
    )


@router.post("", status_code=201, dependencies=[Once])
async def create(write: MeetingWrite, tx: Write) -> MeetingOut:
    made, notices = await actions.create(tx, write)
    return await queries.meeting(tx.session, made.id, tx.actor, notices)


@router.get("/{meeting_id}")
async def meeting(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> MeetingOut:
    return await queries.meeting(session, meeting_id, actor)


@router.patch("/{meeting_id}")
async def edit(meeting_id: RowId, patch: MeetingPatch, tx: Write) -> MeetingOut:
    edited, notices = await actions.edit(tx, meeting_id, patch)
    return await queries.meeting(tx.session, edited.id, tx.actor, notices)


@router.delete("/{meeting_id}", status_code=204)
async def delete_draft(meeting_id: RowId, tx: Write) -> None:
    await actions.delete_draft(tx, meeting_id)


@router.post("/{meeting_id}/invite")
async def invite(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.invite(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/{meeting_id}/withdraw")
async def withdraw(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.withdraw(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/{meeting_id}/announce")
async def announce(meeting_id: RowId, write: Announcing, tx: Write) -> MeetingOut:
    """Tells everybody concerned what has changed since they were told last."""
    await announcements.announce_changes(tx, meeting_id, note=write.note, silent=write.silent)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.get("/{meeting_id}/audit.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def audit_of_meeting(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    """What the audit log has of this meeting."""
    async with services.database.read(long=True) as session:
        found = await evidence.evidence(session, meeting_id, actor)
    await audit_log.note(actor, "audit.exported", "meeting", meeting_id)
    return attachment(await exports.make(actor, evidence.workbook, found), XLSX, f"nhat-ky-{meeting_id}.xlsx")
