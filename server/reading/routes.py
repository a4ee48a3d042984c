from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession
from server.audit.dependencies import AppAuditLog
from server.core.fields import Id
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.exports import AppExports, Order
from server.edge.idempotency import Once
from server.edge.long_answers import answered_beside
from server.edge.routing import WriteRoute
from server.reading.notes import queries as notes
from server.reading.notes.export import export
from server.reading.notes.schemas import ExportQuery, NotesAnswer, NoteSync
from server.reading.notes.sync import sync
from server.reading.people import require_person
from server.reading.receipts import queries as receipts
from server.reading.receipts import workbook
from server.reading.receipts.board import board
from server.reading.receipts.group_commit import ReceiptGroups
from server.reading.receipts.reminders import remind
from server.reading.receipts.schemas import Board, BoardQuery, OwnReceipts, ReceiptsIn, RemindersOut, ReminderWrite
from server.reading.search.queries import search
from server.reading.search.schemas import SearchAnswer, SearchQuery

router = APIRouter(prefix="/api", tags=["reading"], route_class=WriteRoute)

RowId = Annotated[Id, Path()]


@router.post("/notes/sync")
async def sync_notes(request: NoteSync, actor: CurrentActor, services: AppServices) -> NotesAnswer:
    """Own notes of one device with all others'. A device that has nothing to say waits for no writer."""
    require_person(actor)
    if request.changes:
        async with services.transactions(actor) as tx:
            return await sync(tx, request)
    async with services.database.read() as session:
        return await notes.since(session, actor, services.clock(), request.since)


@router.get("/notes/export.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
async def export_notes(
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
    asked: Annotated[ExportQuery, Query()],
) -> Response:
    """Own notes on one paper, or on all papers of one meeting."""
    require_person(actor)
    await audit_log.note(actor, "notes.exported", "person", actor.person_id, **asked.model_dump(exclude_none=True))
    content = await export(services, exports, actor, paper_id=asked.paper_id, meeting_id=asked.meeting_id)
    return attachment(content, "application/pdf", "ghi-chu.pdf")


@router.get("/search", response_model=SearchAnswer)
async def find(actor: CurrentActor, services: AppServices, asked: Annotated[SearchQuery, Query()]) -> Response:
    """Diacritics or not, numbers of documents, words in quotes as they stand; the last word may be unfinished."""
    return await answered_beside(services, lambda session: search(session, actor, services.clock(), asked))


@router.post("/receipts", status_code=204)
async def report_receipts(said: ReceiptsIn, actor: CurrentActor, services: AppServices) -> None:
    """What a device delivered and showed, also long ago and without a line."""
    await services.components[ReceiptGroups].report(actor, said.entries)


@router.get("/meetings/{meeting_id}/my-receipts")
async def my_receipts(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> OwnReceipts:
    return await receipts.own(session, meeting_id, actor)


@router.get("/meetings/{meeting_id}/receipts", response_model=Board)
async def receipts_board(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, asked: Annotated[BoardQuery, Query()]
) -> Response:
    """Who has got, opened and read what; gaps first."""
    return await answered_beside(services, lambda session: board(session, meeting_id, actor, services.clock(), asked))


@router.get("/meetings/{meeting_id}/receipts.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def receipts_workbook(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports, audit_log: AppAuditLog
) -> Response:
    """The whole board, for the office's own work."""

    async def order(session: AsyncSession) -> Order:
        return Order(workbook.workbook, await workbook.load(session, meeting_id, actor, services.clock()))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "receipts.exported", "meeting", meeting_id)
    return attachment(await exports.fulfil(actor, ordered), XLSX, f"ai-da-doc-{meeting_id}.xlsx")


@router.post("/meetings/{meeting_id}/reminders", dependencies=[Once])
async def send_reminders(
    meeting_id: RowId, write: ReminderWrite, actor: CurrentActor, services: AppServices
) -> RemindersOut:
    return await remind(services, actor, meeting_id, write)
