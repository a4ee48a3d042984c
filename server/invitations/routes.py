"""Routes of a meeting's lists of delegates, their links and invitations."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.audit.dependencies import AppAuditLog
from server.core.fields import Id, Line
from server.core.typesetting import compiled
from server.edge.attachments import attachment
from server.edge.dependencies import SeenRevision
from server.edge.exports import AppExports, Order
from server.edge.idempotency import Once
from server.edge.long_answers import answered_beside
from server.edge.routing import WriteRoute
from server.invitations import (
    copying,
    devices,
    entry_codes,
    importing,
    link_sheet,
    links,
    list_export,
    many,
    name_cards,
    printed,
    queries,
    sending,
)
from server.invitations import delegates as lists
from server.invitations.schemas import (
    CopyOut,
    DelegateOut,
    DelegatePatch,
    DelegatesCopy,
    DelegatesMove,
    DelegatesOrder,
    DelegatesOut,
    DelegatesRemove,
    DelegatesWrite,
    HallCode,
    ImportOut,
    LeadingDevice,
    LettersOut,
    LinkSheetWrite,
    LinksOut,
    LinksRevoke,
    LinksWrite,
    ManyOut,
    ReachState,
)
from server.meetings.access import visible_meeting

router = APIRouter(prefix="/api", tags=["invitations"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
SVG = "image/svg+xml"
PNG = "image/png"
_SHEET: dict[str, Any] = {
    "requestBody": {"required": True, "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/meetings/{meeting_id}/delegates", response_model=DelegatesOut)
async def delegates(
    *,
    meeting_id: RowId,
    actor: CurrentActor,
    services: AppServices,
    point_id: Annotated[Id | None, Query()] = None,
    online: Annotated[bool, Query()] = False,
    q: Annotated[Line, Query(max_length=100)] = "",
    reach: Annotated[list[ReachState] | None, Query(max_length=9)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """`limit` lines from `offset`, of `total`. `online`: of those without a hall; `reach`: whose invitation has come
    so far."""
    return await answered_beside(
        services,
        lambda session: queries.delegates(
            session,
            meeting_id,
            actor,
            services.clock(),
            point_id=point_id,
            online=online,
            q=q,
            reach=reach or (),
            limit=limit,
            offset=offset,
            mail_ready=services.settings.smtp_url is not None,
        ),
    )


@router.post("/meetings/{meeting_id}/delegates", status_code=201, dependencies=[Once])
async def add(meeting_id: RowId, write: DelegatesWrite, tx: Write) -> list[DelegateOut]:
    """Answers with the new lines; who was on the list already is not among them."""
    added = await lists.add(tx, meeting_id, write.point_id, write.role, write.people)
    return await queries.some_delegates(tx.session, meeting_id, added, tx.now)


@router.post("/meetings/{meeting_id}/delegates/move")
async def move(meeting_id: RowId, write: DelegatesMove, tx: Write) -> ManyOut:
    return await many.move(tx, meeting_id, write.delegate_ids, write.point_id)


@router.put("/meetings/{meeting_id}/delegates/order", status_code=204)
async def order(meeting_id: RowId, write: DelegatesOrder, tx: Write) -> None:
    await many.order(tx, meeting_id, write.point_id, write.delegate_ids)


@router.post("/meetings/{meeting_id}/delegates/remove")
async def remove_many(meeting_id: RowId, write: DelegatesRemove, tx: Write) -> ManyOut:
    return await many.remove(tx, meeting_id, write.delegate_ids)


@router.post("/meetings/{meeting_id}/delegates/copy", status_code=202, dependencies=[Once])
async def copy(meeting_id: RowId, write: DelegatesCopy, tx: Write) -> CopyOut:
    """Takes over the lists of an earlier meeting; a job puts the people there."""
    return CopyOut(queued=await copying.ask(tx, meeting_id, write.meeting_id))


@router.patch("/delegates/{delegate_id}")
async def edit(delegate_id: RowId, patch: DelegatePatch, tx: Write, seen: SeenRevision = None) -> DelegateOut:
    await lists.edit(tx, delegate_id, patch, seen)
    return await queries.delegate(tx.session, delegate_id, tx.now)


@router.delete("/delegates/{delegate_id}", status_code=204)
async def remove(delegate_id: RowId, tx: Write) -> None:
    await lists.remove(tx, delegate_id)


@router.post("/meetings/{meeting_id}/delegates/import", openapi_extra=_SHEET)
async def import_list(
    meeting_id: RowId,
    request: Request,
    actor: CurrentActor,
    services: AppServices,
    apply: Annotated[bool, Query()] = False,
) -> ImportOut:
    return await importing.import_list(services, actor, meeting_id, await request.body(), apply=apply)


@router.post(
    "/meetings/{meeting_id}/delegates/import/refused.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    openapi_extra=_SHEET,
)
async def refused(meeting_id: RowId, request: Request, actor: CurrentActor, services: AppServices) -> Response:
    """Of the same workbook, the rows that cannot be taken, each with the reason: to be put right and sent again."""
    content = await importing.refused_of(services, actor, meeting_id, await request.body())
    return attachment(content, XLSX, f"dong-bi-tra-lai-{meeting_id}.xlsx")


@router.get(
    "/meetings/{meeting_id}/delegates/template.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}}
)
async def template(meeting_id: RowId, actor: CurrentActor, services: AppServices) -> Response:
    return attachment(await importing.template_of(services, meeting_id, actor), XLSX, f"mau-dai-bieu-{meeting_id}.xlsx")


@router.get("/meetings/{meeting_id}/delegates.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def lists_as_workbook(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    """Everybody whose list the actor keeps."""

    async def order(session: AsyncSession) -> Order:
        return Order(list_export.workbook, *await list_export.load(session, meeting_id, actor, services.clock()))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "delegates.exported", "meeting", meeting_id)
    return attachment(await exports.fulfil(actor, ordered), XLSX, f"dai-bieu-{meeting_id}.xlsx")


@router.post("/meetings/{meeting_id}/links", response_model=LinksOut, dependencies=[Once])
async def make_links(meeting_id: RowId, write: LinksWrite, actor: CurrentActor, services: AppServices) -> Response:
    made = await links.make(services, actor, meeting_id, write.delegate_ids, send=write.send)
    # FastAPI would look through all of it once more.
    return Response(await asyncio.to_thread(made.model_dump_json), media_type="application/json")


@router.post("/meetings/{meeting_id}/links.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def link_sheet_of(
    *, meeting_id: RowId, write: LinkSheetWrite, actor: CurrentActor, services: AppServices, exports: AppExports
) -> Response:
    """Personal links to hand on, made anew: for a hall's secretary."""
    title, rows = await link_sheet.rows_of(services, actor, meeting_id, write)
    made = await exports.make(actor, link_sheet.workbook, title, rows)
    return attachment(made, XLSX, f"lien-ket-{meeting_id}.xlsx")


@router.post("/meetings/{meeting_id}/links/revoke", status_code=204)
async def revoke_links(meeting_id: RowId, write: LinksRevoke, tx: Write) -> None:
    await links.revoke(tx, meeting_id, write.delegate_ids)


@router.get("/meetings/{meeting_id}/letters")
async def letters(meeting_id: RowId, actor: CurrentActor, services: AppServices) -> LettersOut:
    return await services.database.beside(
        lambda session: sending.letters_of(session, meeting_id, actor, services.clock())
    )


@router.get("/meetings/{meeting_id}/devices")
async def leading_devices(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> list[LeadingDevice]:
    return await devices.leading(session, meeting_id, actor)


@router.post("/meetings/{meeting_id}/devices/{session_id}/confirm", status_code=204)
async def confirm_device(meeting_id: RowId, session_id: RowId, tx: Write) -> None:
    await devices.confirm(tx, meeting_id, session_id)


@router.delete("/meetings/{meeting_id}/devices/{session_id}", status_code=204)
async def end_device(meeting_id: RowId, session_id: RowId, tx: Write) -> None:
    await devices.turn_out(tx, meeting_id, session_id)


@router.get("/meetings/{meeting_id}/qr.svg", response_class=Response, responses={200: {"content": {SVG: {}}}})
async def meeting_code(meeting_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices) -> Response:
    return Response(await entry_codes.meeting_svg(session, services.settings, meeting_id, actor), media_type=SVG)


@router.get(
    "/meetings/{meeting_id}/points/{point_id}/people.svg",
    response_class=Response,
    responses={200: {"content": {SVG: {}}}},
)
async def hall_list_code(
    meeting_id: RowId, point_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> Response:
    """Leads to the hall's list of people: for the secretary's own telephone, where they are signed in themselves."""
    return Response(await entry_codes.list_svg(session, services.settings, meeting_id, point_id, actor), media_type=SVG)


@router.get("/meetings/{meeting_id}/qr.png", response_class=Response, responses={200: {"content": {PNG: {}}}})
async def meeting_code_png(
    meeting_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> Response:
    content = await entry_codes.meeting_png(session, services.settings, meeting_id, actor)
    return attachment(content, PNG, f"ma-qr-{meeting_id}.png")


@router.get("/meetings/{meeting_id}/poster.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
async def poster(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, session: ReadSession, exports: AppExports
) -> Response:
    """The code on a page of A4, for a hall's door."""
    meeting, _ = await visible_meeting(session, meeting_id, actor)
    occasion = await links.occasion_of(session, meeting)
    inputs = printed.poster(occasion, entry_codes.url_of(services.settings, meeting))
    return attachment(await exports.make(actor, compiled, printed.POSTER, inputs), PDF, f"ma-qr-{meeting_id}.pdf")


@router.get("/meetings/{meeting_id}/name-cards.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
async def cards(
    *,
    meeting_id: RowId,
    form: name_cards.Form = "badges",
    point_id: Annotated[Id | None, Query()] = None,
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
) -> Response:
    """Plates for the table, or badges: of a point, or of everybody whose list the actor keeps."""
    inputs = await services.database.beside(lambda session: name_cards.inputs(session, meeting_id, actor, point_id))
    await audit_log.note(actor, "delegates.cards-printed", "meeting", meeting_id, form=form, point_id=point_id)
    made = await exports.make(actor, compiled, name_cards.SOURCES[form], inputs)
    return attachment(made, PDF, f"{'bien-ten' if form == 'plates' else 'the-dai-bieu'}-{meeting_id}.pdf")


@router.get("/meetings/{meeting_id}/points/{point_id}/code")
async def hall_code(
    meeting_id: RowId, point_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> HallCode:
    return await entry_codes.screen_code(session, services, meeting_id, point_id, actor)
