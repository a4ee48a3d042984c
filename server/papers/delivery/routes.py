"""Files that people take away: personal copies of papers, packs. The page's readers have their own routes."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from server.accounts.dependencies import AppServices, CurrentActor, Write
from server.audit.dependencies import AppAuditLog
from server.core.actor import Actor
from server.core.errors import DomainError, NotFound
from server.core.fields import Id
from server.edge.routing import WriteRoute
from server.papers.access.rights import PaperRights, readable_version
from server.papers.delivery.personal_copies import (
    PersonalCopies,
    burnt_copy,
    file_title,
    personal_copy,
    reader_of,
    sent,
    to_keep,
)
from server.papers.hooks import HandedOut
from server.papers.models import Pack, Paper, PaperVersion
from server.papers.packs import actions, queries
from server.papers.packs.contents import Contents
from server.papers.packs.finding import Finder
from server.papers.packs.schemas import PackOut, PackWrite
from server.papers.schemas import ProblemOut

router = APIRouter(prefix="/api", tags=["papers"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
PointId = Annotated[Id | None, Query()]
Volume = Annotated[int, Query(ge=1, le=10_000)]
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}


class ViewOnly(DomainError):
    code = "view-only"
    status = 403
    vi = "Tài liệu này chỉ được xem trên màn hình, không tải về. Cần bản tải, đề nghị ban tổ chức cho phép."
    en = "This paper may be read on screen only. Ask the organiser if you need a copy."


@router.get("/versions/{version_id}/download", response_class=Response, responses=_FILE)
async def download(
    version_id: RowId,
    request: Request,
    *,
    actor: CurrentActor,
    services: AppServices,
    audit_log: AppAuditLog,
    form: Literal["pdf", "original"] = "pdf",
) -> Response:
    """A copy with the reader's name on every page. A signed file is never changed: it goes out as it is where its paper
    says so, or not at all. Of a paper whose copies are marked its readers get pictures with their name in them. The
    file as it was uploaded is for those who manage the paper."""
    now = services.clock()
    async with services.database.read() as session:
        version, paper, rights = await readable_version(session, version_id, actor, now)
        if not rights.download:
            raise ViewOnly()
        reader = await reader_of(session, actor, now)
    await audit_log.note(
        actor,
        "paper.downloaded",
        "paper",
        paper.id,
        once=True,
        meeting_id=paper.meeting_id,
        version=version.number,
        form="original" if version.signatures else form,
    )
    services.components[HandedOut].hears(actor, version.id)
    title = file_title(paper.number, paper.title)
    if rights.marked:
        content = await burnt_copy(services, version.folder, reader)
        return to_keep(content, name=f"{title}.pdf")
    if version.signatures or form == "original":
        return _as_it_is(services, version, paper, rights, title)
    plan = await services.components[PersonalCopies].of(services, version.folder, "reading.pdf")
    etag = f"{version.id}-{actor.person_id}-{actor.point_id}-{now:%Y%m%d%H%M}"
    return personal_copy(services.storage, version.folder, plan, reader, name=f"{title}.pdf", etag=etag)


def _as_it_is(services: Any, version: PaperVersion, paper: Paper, rights: PaperRights, title: str) -> Response:
    clean = bool(version.signatures) and paper.signed_as == "clean"
    if not (clean or rights.manage):
        raise ViewOnly()
    ending = version.file_name.rpartition(".")[2].lower() if "." in version.file_name else "pdf"
    name = f"{title}.{ending if ending.isalnum() and len(ending) <= 5 else 'pdf'}"
    key = f"{version.folder}/original"
    kind = version.mime or "application/pdf"
    return sent(services.storage, key, version.size, name=name, media_type=kind, etag=version.sha256)


@router.post("/meetings/{meeting_id}/pack")
async def order_pack(meeting_id: RowId, write: PackWrite, tx: Write) -> PackOut:
    """Orders the pack with all papers one may take, or says that it is there already."""
    wanted, pack = await actions.order(tx, meeting_id, write.point_id)
    return _out(wanted, pack, tx.actor)


@router.delete("/meetings/{meeting_id}/pack")
async def cancel_pack(meeting_id: RowId, tx: Write, point_id: PointId = None) -> PackOut:
    """Calls off the pack that is being put together."""
    return _out(await actions.cancel(tx, meeting_id, point_id), None, tx.actor)


@router.get("/meetings/{meeting_id}/pack")
async def pack_state(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, point_id: PointId = None
) -> PackOut:
    async with services.database.read() as session:
        wanted, pack = await queries.pack(session, meeting_id, actor, services.clock(), point_id)
    return _out(wanted, pack, actor)


@router.get("/meetings/{meeting_id}/pack.pdf", response_class=Response, responses=_FILE)
async def pack_file(
    meeting_id: RowId,
    request: Request,
    *,
    actor: CurrentActor,
    services: AppServices,
    audit_log: AppAuditLog,
    point_id: PointId = None,
    volume: Volume = 1,
) -> Response:
    """The pack as a personal copy, or one volume of it. Conflict while there is none with exactly what the
    reader may take now."""
    now = services.clock()
    finder = services.components[Finder]
    found = await finder.find(services.database, meeting_id, actor, now, point_id)
    if volume > len(found.volumes):
        raise NotFound()
    await audit_log.note(
        actor, "pack.downloaded", "pack", found.pack_id, once=True, meeting_id=meeting_id, point_id=point_id
    )
    handed_out = services.components[HandedOut]
    for version_id in found.volumes[volume - 1]:  # who has it has each of its papers
        handed_out.hears(actor, version_id)
    folder = f"{found.folder}/{volume}"
    plan = await services.components[PersonalCopies].of(services, folder, "stampable.pdf")
    etag = f"pack{found.pack_id}-{volume}-{actor.person_id}-{actor.point_id}-{now:%Y%m%d%H%M}"
    reader = found.reader(actor, now)
    return personal_copy(services.storage, folder, plan, reader, name=found.name_of(volume), etag=etag)


def _out(wanted: Contents, pack: Pack | None, actor: Actor) -> PackOut:
    return PackOut.model_validate(
        {
            "state": pack.state if pack is not None else "none",
            "page_count": pack.page_count if pack is not None else 0,
            "size": pack.size if pack is not None else 0,
            "problem": ProblemOut.model_validate(pack.problem) if pack is not None and pack.problem else None,
            "papers": len(wanted.papers),
            "papers_done": pack.papers_done if pack is not None else 0,
            "volumes": [{**each, "papers": len(each["version_ids"])} for each in pack.volumes]
            if pack is not None
            else [],
            "can_cancel": pack is not None and actions.may_cancel(pack, actor, manages=wanted.manages),
            "left_out": wanted.left_out,
        }
    )
