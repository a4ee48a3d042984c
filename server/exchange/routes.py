from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.dependencies import AppAuditLog
from server.core.actor import Actor
from server.core.fields import Id
from server.core.services import Services
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.edge.exports import AppExports, Exports, Order
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.exchange import actions, giving_out, queries
from server.exchange.identifiers import Identifiers
from server.exchange.plans.planning import admin_paths
from server.exchange.schemas import BatchesOut, BatchOut, FileName, Kind, RowsOut, Verdict

router = APIRouter(prefix="/api/exchange", tags=["exchange"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
_SHEET: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FILE: dict[str, Any] = {"response_class": Response, "responses": {200: {"content": {XLSX: {}}}}}
_NAMES = {"units": "don-vi", "points": "diem-cau", "people": "nguoi"}


@router.get("/batches")
async def batches(
    actor: CurrentActor, session: ReadSession, offset: Offset = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> BatchesOut:
    return await queries.batches(session, actor, offset, limit)


@router.post("/batches", status_code=201, openapi_extra=_SHEET, dependencies=[Once])
async def send_in(
    request: Request, kind: Annotated[Kind, Query()], name: Annotated[FileName, Query()], tx: Write
) -> BatchOut:
    """The file as it is. It is read afterwards: ask for the batch until its state is another than `reading`."""
    batch = await actions.send_in(tx, kind, name, await request.body())
    [out] = await queries.outs(tx.session, [batch])
    return out


@router.get("/batches/{batch_id}")
async def batch(batch_id: RowId, actor: CurrentActor, session: ReadSession) -> BatchOut:
    [out] = await queries.outs(session, [await queries.batch(session, actor, batch_id)])
    return out


@router.delete("/batches/{batch_id}", status_code=204)
async def discard(batch_id: RowId, tx: Write) -> None:
    await actions.discard(tx, batch_id)


@router.get("/batches/{batch_id}/rows")
async def rows(
    *,
    batch_id: RowId,
    actor: CurrentActor,
    session: ReadSession,
    verdict: Annotated[Verdict | None, Query()] = None,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> RowsOut:
    return await queries.rows(session, actor, batch_id, verdict=verdict, offset=offset, limit=limit)


@router.post("/batches/{batch_id}/apply")
async def apply(batch_id: RowId, tx: Write) -> BatchOut:
    [out] = await queries.outs(tx.session, [await actions.apply(tx, batch_id)])
    return out


@router.post("/batches/{batch_id}/undo")
async def undo(batch_id: RowId, tx: Write) -> BatchOut:
    [out] = await queries.outs(tx.session, [await actions.undo(tx, batch_id)])
    return out


@router.get("/batches/{batch_id}/bad.xlsx", **_FILE)
async def bad_rows(batch_id: RowId, actor: CurrentActor, services: AppServices, exports: AppExports) -> Response:
    """The rows that are not right, as the template has them, each with the reason: to be put right and sent again."""
    made = await _made(
        services,
        exports,
        actor,
        lambda session: giving_out.bad_rows(session, actor, _identifiers(services), batch_id),
    )
    return attachment(made, XLSX, f"dong-can-sua-{batch_id}.xlsx")


@router.get("/{kind}/template.xlsx", **_FILE)
async def template(
    kind: Annotated[Kind, PathParameter()], actor: CurrentActor, services: AppServices, exports: AppExports
) -> Response:
    """Empty, with the actor's units to choose from."""
    made = await _made(
        services, exports, actor, lambda session: giving_out.template(session, actor, _identifiers(services), kind)
    )
    return attachment(made, XLSX, f"mau-{_NAMES[kind]}.xlsx")


@router.get("/{kind}/all.xlsx", **_FILE)
async def everything(
    *,
    kind: Annotated[Kind, PathParameter()],
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
) -> Response:
    """All of the actor's branches, in the shape that is sent in."""
    admin_paths(actor)
    await audit_log.note(actor, "exchange.exported", "exchange", kind)
    made = await _made(
        services, exports, actor, lambda session: giving_out.everything(session, actor, _identifiers(services), kind)
    )
    return attachment(made, XLSX, f"{_NAMES[kind]}.xlsx")


async def _made(
    services: Services, exports: Exports, actor: Actor, order: Callable[[AsyncSession], Awaitable[Order]]
) -> bytes:
    return await exports.fulfil(actor, await services.database.beside(order))


def _identifiers(services: Services) -> Identifiers:
    return Identifiers(services.transactions.audit_key)
