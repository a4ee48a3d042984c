from collections.abc import Callable, Collection
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit import queries
from server.audit.chain_check import ChainCheck
from server.audit.dependencies import AppAuditLog
from server.audit.export import csv_bytes, extract, workbook
from server.audit.names import told
from server.audit.schemas import AuditFilter, AuditPage, AuditQuery, ChainState
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.core.spreadsheets.writing import XLSX
from server.edge.attachments import attachment
from server.edge.dependencies import AppServices, CurrentActor, component
from server.edge.exports import AppExports, Order

router = APIRouter(prefix="/api", tags=["audit"])

AppChainCheck = Annotated[ChainCheck, Depends(component(ChainCheck))]


@router.get("/audit")
async def audit(
    actor: CurrentActor, services: AppServices, audit_log: AppAuditLog, asked: Annotated[AuditQuery, Query()]
) -> AuditPage:
    """The log, newest first, page by page; for administrators, of what people and halls of their units did. The only
    root's administrators read everything, what nobody signed in did too."""
    _require_admin(actor)
    found = await services.database.beside(partial(_page, actor, asked))
    if asked.before is None:
        audit_log.note_soon(actor, "audit.read", "audit", "log", once=True, filter=_said(asked))
    return found


@router.get("/audit.xlsx", response_class=Response, responses={200: {"content": {XLSX: {}}}})
async def audit_xlsx(
    *,
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
    asked: Annotated[AuditFilter, Query()],
) -> Response:
    _require_admin(actor)
    ordered = await services.database.beside(partial(_order, actor, asked, workbook))
    await audit_log.note(actor, "audit.exported", "audit", "log", form="xlsx", filter=_said(asked))
    return attachment(await exports.fulfil(actor, ordered), XLSX, "nhat-ky.xlsx")


@router.get("/audit.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def audit_csv(
    *,
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
    asked: Annotated[AuditFilter, Query()],
) -> Response:
    _require_admin(actor)
    ordered = await services.database.beside(partial(_order, actor, asked, csv_bytes))
    await audit_log.note(actor, "audit.exported", "audit", "log", form="csv", filter=_said(asked))
    return attachment(await exports.fulfil(actor, ordered), "text/csv; charset=utf-8", "nhat-ky.csv")


@router.get("/audit/chain")
async def chain(actor: CurrentActor, check: AppChainCheck) -> ChainState:
    """Whether the log is whole. The first who asks after the server started begins the check."""
    _require_admin(actor)
    state = check.state()
    if state.checked_at is None:
        check.begin()
    return state


@router.post("/audit/chain", status_code=202)
async def check_chain(actor: CurrentActor, check: AppChainCheck) -> ChainState:
    """Begins a check, unless one is under way."""
    _require_admin(actor)
    check.begin()
    return check.state()


def _require_admin(actor: Actor) -> None:
    if not actor.administered:
        raise NotAllowed()


async def _branches(session: AsyncSession, actor: Actor, unit_id: int | None) -> Collection[str] | None:
    """Of whose acts the actor reads, by the paths of units; None: of everybody's. NotAllowed, NotFound."""
    paths = actor.administered
    if unit_id is not None:
        path = await queries.path_of(session, unit_id)
        if not any(path.startswith(own) for own in paths):
            raise NotAllowed()
        return {path}
    return None if await queries.is_only_root(session, paths) else paths


async def _page(actor: Actor, asked: AuditQuery, session: AsyncSession) -> AuditPage:
    branches = await _branches(session, actor, asked.unit_id)
    entries, more = await queries.page(session, asked, branches)
    return AuditPage(entries=await told(session, entries, branches), more=more)


async def _order(actor: Actor, asked: AuditFilter, work: Callable[..., bytes], session: AsyncSession) -> Order:
    branches = await _branches(session, actor, asked.unit_id)
    return Order(work, await extract(session, asked, branches))


def _said(asked: AuditFilter) -> str:
    """The filters that were set, for the log; empty for none."""
    return asked.model_dump_json(exclude_none=True, exclude={"before", "limit"}).replace("{}", "")
