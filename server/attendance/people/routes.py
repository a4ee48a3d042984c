from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write, services_of
from server.attendance.people import hall, queries, report, report_pdf, roster
from server.attendance.people.check_in import CheckInRequest
from server.attendance.people.errors import CodeExpired
from server.attendance.people.group_commit import CheckInGroups
from server.attendance.people.report_xlsx import workbook
from server.attendance.people.schemas import (
    CheckInOut,
    CheckInWrite,
    ChecksOut,
    ChecksWrite,
    HeadcountWrite,
    MyAttendance,
    OnlineWrite,
    PersonOut,
    PointPeople,
    SignOffWrite,
    SubstituteWrite,
    TurnoutOut,
)
from server.audit.dependencies import AppAuditLog
from server.core.actor import Actor
from server.core.errors import NotFound
from server.core.fields import Id, Line
from server.core.services import Services
from server.core.spreadsheets.writing import XLSX
from server.core.typesetting import compiled
from server.edge.attachments import attachment
from server.edge.exports import AppExports, Order
from server.edge.long_answers import answered_beside
from server.edge.routing import WriteRoute
from server.invitations.codes import hall_secret, verify_hall_code
from server.invitations.entry_routes import Address, Doorkeeper
from server.meetings.access import visible_meeting

router = APIRouter(prefix="/api", tags=["attendance"], route_class=WriteRoute)

PDF = "application/pdf"
RowId = Annotated[Id, PathParameter()]
Code = Annotated[Line, PathParameter(min_length=1, max_length=16)]


@router.post("/m/{code}/check-in")
async def check_in(
    *, code: Code, write: CheckInWrite, request: Request, actor: CurrentActor, doorkeeper: Doorkeeper, address: Address
) -> CheckInOut:
    """By the code on the hall's screen. A meeting's code that leads nowhere is counted as at its door."""
    await doorkeeper.trying(address)
    try:
        return await _check_in(code, write, request, actor)
    except NotFound:
        await doorkeeper.missed(address)
        raise


async def _check_in(code: str, write: CheckInWrite, request: Request, actor: Actor) -> CheckInOut:
    services = services_of(request)
    gatherer = services.components[CheckInGroups]
    meeting_id = await gatherer.meeting_of(code)
    now = services.clock()
    point_id = verify_hall_code(hall_secret(services.settings), meeting_id, write.hall, now)
    if point_id is None:
        async with services.database.read() as session:
            await visible_meeting(session, meeting_id, actor)
        raise CodeExpired()
    return queries.check_in_out(
        await gatherer.take(meeting_id, CheckInRequest(actor, now, "in", "qr", point_id, code=code))
    )


@router.post("/meetings/{meeting_id}/points/{point_id}/checks")
async def checks(
    meeting_id: RowId, point_id: RowId, write: ChecksWrite, request: Request, actor: CurrentActor
) -> ChecksOut:
    """From the hall's list."""
    ids = tuple(write.delegate_ids)
    wanted = CheckInRequest(
        actor, services_of(request).clock(), write.kind, write.how, point_id, ids, reason=write.reason
    )
    return queries.checks_out(await services_of(request).components[CheckInGroups].take(meeting_id, wanted))


@router.get("/meetings/{meeting_id}/people", response_model=TurnoutOut)
async def turnout(meeting_id: RowId, actor: CurrentActor, services: AppServices) -> Response:
    return await answered_beside(
        services, lambda session: queries.of_meeting(session, meeting_id, actor, services.clock())
    )


@router.get("/meetings/{meeting_id}/points/{point_id}/people", response_model=PointPeople)
async def people(meeting_id: RowId, point_id: RowId, actor: CurrentActor, services: AppServices) -> Response:
    return await _of_hall(services, meeting_id, point_id, actor)


@router.post("/meetings/{meeting_id}/points/{point_id}/headcount", response_model=PointPeople)
async def headcount(
    meeting_id: RowId, point_id: RowId, write: HeadcountWrite, actor: CurrentActor, services: AppServices
) -> Response:
    async with services.transactions(actor) as tx:
        await hall.count_heads(tx, meeting_id, point_id, write.count, write.note)
    return await _of_hall(services, meeting_id, point_id, actor)


@router.post("/meetings/{meeting_id}/points/{point_id}/substitutes", status_code=201)
async def add_substitute(meeting_id: RowId, point_id: RowId, write: SubstituteWrite, tx: Write) -> PersonOut:
    return roster.out(await hall.add_substitute(tx, meeting_id, point_id, write), {})


@router.delete("/meetings/{meeting_id}/points/{point_id}/substitutes/{delegate_id}", status_code=204)
async def remove_substitute(meeting_id: RowId, point_id: RowId, delegate_id: RowId, tx: Write) -> None:
    await hall.remove_substitute(tx, meeting_id, point_id, delegate_id)


@router.post("/meetings/{meeting_id}/points/{point_id}/sign-off", response_model=PointPeople)
async def sign_off(
    meeting_id: RowId, point_id: RowId, write: SignOffWrite, actor: CurrentActor, services: AppServices
) -> Response:
    async with services.transactions(actor) as tx:
        await hall.sign_off(tx, meeting_id, point_id, write.note)
    return await _of_hall(services, meeting_id, point_id, actor)


@router.delete("/meetings/{meeting_id}/points/{point_id}/sign-off", response_model=PointPeople)
async def withdraw_sign_off(meeting_id: RowId, point_id: RowId, actor: CurrentActor, services: AppServices) -> Response:
    async with services.transactions(actor) as tx:
        await hall.withdraw_sign_off(tx, meeting_id, point_id)
    return await _of_hall(services, meeting_id, point_id, actor)


@router.get("/meetings/{meeting_id}/people.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def people_xlsx(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    async def order(session: AsyncSession) -> Order:
        return Order(workbook, await report.load(session, meeting_id, actor, services.clock()))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "people.exported", "meeting", meeting_id, form="xlsx")
    return attachment(await exports.fulfil(actor, ordered), XLSX, f"diem-danh-dai-bieu-{meeting_id}.xlsx")


@router.get("/meetings/{meeting_id}/people.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
async def people_pdf(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    async def order(session: AsyncSession) -> Order:
        found = await report.load(session, meeting_id, actor, services.clock())
        return Order(compiled, report_pdf.SOURCE, report_pdf.inputs(found))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "people.exported", "meeting", meeting_id, form="pdf")
    return attachment(await exports.fulfil(actor, ordered), PDF, f"diem-danh-dai-bieu-{meeting_id}.pdf")


async def _of_hall(services: Services, meeting_id: int, point_id: int, actor: Actor) -> Response:
    return await answered_beside(
        services, lambda session: queries.of_hall(session, meeting_id, point_id, actor, services.clock())
    )


@router.post("/meetings/{meeting_id}/online")
async def online(
    meeting_id: RowId, write: OnlineWrite, request: Request, actor: CurrentActor, services: AppServices
) -> MyAttendance:
    """The delegate's own button, and leaving."""
    wanted = CheckInRequest(actor, services.clock(), "in" if write.online else "out", "online")
    taken = await services_of(request).components[CheckInGroups].take(meeting_id, wanted)
    return queries.own_out(taken.people[0], taken.halls)


@router.get("/meetings/{meeting_id}/my-attendance")
async def my_attendance(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> MyAttendance:
    return await queries.own(session, meeting_id, actor)
