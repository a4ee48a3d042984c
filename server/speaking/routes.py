from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession
from server.audit.dependencies import AppAuditLog
from server.core.fields import Id
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.exports import AppExports
from server.edge.routing import WriteRoute
from server.speaking import speeches, speeches_xlsx
from server.speaking.speeches import Only, Order, Speeches

router = APIRouter(prefix="/api/meetings", tags=["speaking"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.get("/{meeting_id}/speeches")
async def spoken(
    *,
    meeting_id: RowId,
    actor: CurrentActor,
    session: ReadSession,
    only: Only = "all",
    order: Order = "time",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Speeches:
    """The turns that are over."""
    return await speeches.page(session, meeting_id, actor, only=only, order=order, offset=offset, limit=limit)


@router.get("/{meeting_id}/speeches.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def speeches_file(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    async with services.database.read(long=True) as session:
        report = await speeches.report(session, meeting_id, actor, services.clock())
    await audit_log.note(actor, "speeches.exported", "meeting", meeting_id, form="xlsx")
    return attachment(await exports.make(actor, speeches_xlsx.workbook, report), XLSX, f"phat-bieu-{meeting_id}.xlsx")
