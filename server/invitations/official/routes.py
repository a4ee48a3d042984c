"""Routes of a meeting's giấy mời: its text, a look at it, volumes for the printer."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.core.errors import NotFound
from server.core.fields import Id
from server.edge.dependencies import SeenRevision
from server.edge.exports import AppExports
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.invitations.official import actions, preview, printing
from server.invitations.official.schemas import LetterFields, LetterOut, PrintOut, PrintWrite
from server.invitations.official.typeset import picture, typeset

router = APIRouter(prefix="/api", tags=["letters"], route_class=WriteRoute)

RowId = Annotated[Id, Path()]
PDF = "application/pdf"
PNG = "image/png"


@router.get("/meetings/{meeting_id}/letter")
async def letter(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> LetterOut:
    return await actions.letter(session, meeting_id, actor)


@router.put("/meetings/{meeting_id}/letter")
async def save(meeting_id: RowId, fields: LetterFields, tx: Write, seen: SeenRevision = None) -> LetterOut:
    return await actions.save(tx, meeting_id, fields, seen)


@router.post(
    "/meetings/{meeting_id}/letter/preview.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}}
)
async def look(
    *,
    meeting_id: RowId,
    fields: LetterFields,
    actor: CurrentActor,
    session: ReadSession,
    services: AppServices,
    exports: AppExports,
) -> Response:
    """One letter with this text, to somebody on the list, with the meeting's common code. Nothing is saved."""
    text, sheets = await preview.of(session, services.settings, meeting_id, actor, fields)
    return Response(await exports.make(actor, typeset, text, sheets), media_type=PDF)


@router.post(
    "/meetings/{meeting_id}/letter/preview.png", response_class=Response, responses={200: {"content": {PNG: {}}}}
)
async def picture_of(
    meeting_id: RowId, fields: LetterFields, actor: CurrentActor, session: ReadSession, services: AppServices
) -> Response:
    """Its first page, for the screen."""
    text, [sheet] = await preview.of(session, services.settings, meeting_id, actor, fields)
    return Response(await asyncio.to_thread(picture, text, sheet), media_type=PNG)


@router.post("/meetings/{meeting_id}/prints", status_code=201, dependencies=[Once])
async def order(meeting_id: RowId, write: PrintWrite, tx: Write) -> PrintOut:
    return await printing.order(tx, meeting_id, write)


@router.get("/meetings/{meeting_id}/prints")
async def prints(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> list[PrintOut]:
    return await printing.prints(session, meeting_id, actor)


@router.get("/prints/{print_id}/volumes/{number}.pdf", response_class=Response, responses={200: {"content": {PDF: {}}}})
async def volume(
    print_id: RowId, number: Annotated[Id, Path()], actor: CurrentActor, session: ReadSession, services: AppServices
) -> Response:
    key, name = await printing.volume(session, print_id, number, actor)
    size = await services.storage.size(key)
    if size is None:
        raise NotFound()
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingResponse(services.storage.stream(key), media_type=PDF, headers=headers)
