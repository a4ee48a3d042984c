from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession
from server.attendance import queries, report_xlsx
from server.attendance.schemas import AttendanceReport
from server.audit.dependencies import AppAuditLog
from server.core.fields import Id
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.exports import AppExports
from server.edge.routing import WriteRoute

router = APIRouter(prefix="/api/meetings", tags=["attendance"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.get("/{meeting_id}/attendance")
async def attendance(
    meeting_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> AttendanceReport:
    return await queries.report(session, meeting_id, actor, services.clock())


@router.get("/{meeting_id}/attendance.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def attendance_xlsx(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    async with services.database.read(long=True) as session:
        report = await queries.report(session, meeting_id, actor, services.clock())
    await audit_log.note(actor, "attendance.exported", "meeting", meeting_id, form="xlsx")
    return attachment(await exports.make(actor, report_xlsx.workbook, report), XLSX, f"diem-danh-{meeting_id}.xlsx")


@router.get("/{meeting_id}/attendance.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def attendance_csv(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, audit_log: AppAuditLog
) -> Response:
    async with services.database.read(long=True) as session:
        report = await queries.report(session, meeting_id, actor, services.clock())
    await audit_log.note(actor, "attendance.exported", "meeting", meeting_id, form="csv")
    return attachment(report_xlsx.csv_text(report).encode(), "text/csv; charset=utf-8", f"diem-danh-{meeting_id}.csv")
