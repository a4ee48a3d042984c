from enum import IntEnum
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import Response

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.core.errors import Invalid, NotFound
from server.core.fields import Id
from server.edge.dependencies import SeenRevision, component
from server.edge.routing import WriteRoute
from server.papers import queries
from server.papers.access import policy_actions
from server.papers.access.grouped_readers import GroupedReaders
from server.papers.access.policies import Policy
from server.papers.actions import papers, versions
from server.papers.delivery.page_taking import PageTaking
from server.papers.delivery.pages import Pictures, compressed_json, etag_of, headers_of, picture, unchanged
from server.papers.hooks import HandedOut
from server.papers.library_cache import LibraryCache
from server.papers.schemas import (
    TEXT_PAGES,
    Library,
    OrderWrite,
    OverruleWrite,
    PaperOut,
    PaperPatch,
    PolicyOut,
    PolicyWrite,
    ReadersOut,
    RecallWrite,
    VersionFull,
    VersionText,
)

router = APIRouter(prefix="/api", tags=["papers"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
PageNumber = Annotated[int, PathParameter(ge=1, le=100_000)]
PolicyBody = Annotated[PolicyWrite | None, Body()]
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What the browser has is good."}}


class PictureWidth(IntEnum):
    """Pixels."""

    PHONE = 900
    SCREEN = 1800


@router.get("/meetings/{meeting_id}/papers", response_model=Library)
async def library(
    meeting_id: RowId,
    *,
    request: Request,
    actor: CurrentActor,
    session: ReadSession,
    services: AppServices,
    shelves: Annotated[LibraryCache, Depends(component(LibraryCache))],
) -> Response:
    return compressed_json(request, await shelves.library(session, meeting_id, actor, services.clock()), {})


@router.put("/meetings/{meeting_id}/papers/order")
async def reorder(meeting_id: RowId, write: OrderWrite, tx: Write) -> Library:
    await papers.reorder(tx, meeting_id, write.paper_ids)
    return await queries.library(tx.session, meeting_id, tx.actor, tx.now)


@router.post("/meetings/{meeting_id}/papers/readers")
async def readers_with(meeting_id: RowId, write: PolicyWrite, actor: CurrentActor, session: ReadSession) -> ReadersOut:
    """Who could read with a policy that is not saved yet."""
    audience = tuple(entry.model_dump() for entry in write.audience)
    policy = Policy(write.hidden, write.opens_at, write.download, audience, write.marked)
    return await queries.readers_with(session, meeting_id, policy, actor)


@router.patch("/papers/{paper_id}")
async def edit(paper_id: RowId, patch: PaperPatch, tx: Write, seen: SeenRevision = None) -> PaperOut:
    await papers.edit(tx, paper_id, patch, seen)
    return await _paper(tx, paper_id)


@router.delete("/papers/{paper_id}", status_code=204)
async def delete(paper_id: RowId, tx: Write) -> None:
    await papers.delete(tx, paper_id)


@router.post("/papers/{paper_id}/recall")
async def recall(paper_id: RowId, write: RecallWrite, tx: Write) -> PaperOut:
    await papers.recall(tx, paper_id, write.reason)
    return await _paper(tx, paper_id)


@router.post("/papers/{paper_id}/restore")
async def restore(paper_id: RowId, tx: Write) -> PaperOut:
    await papers.restore(tx, paper_id)
    return await _paper(tx, paper_id)


@router.post("/papers/{paper_id}/retry")
async def retry(paper_id: RowId, tx: Write) -> PaperOut:
    """A version that failed once more."""
    await versions.retry(tx, paper_id)
    return await _paper(tx, paper_id)


@router.post("/papers/{paper_id}/overrule-mark")
async def overrule_mark(paper_id: RowId, write: OverruleWrite, tx: Write) -> PaperOut:
    """A word in the body that looked like a mark of secrecy is none; the version is worked on once more."""
    await versions.overrule_mark(tx, paper_id, write.reason)
    return await _paper(tx, paper_id)


@router.put("/papers/{paper_id}/policy")
async def set_for_paper(paper_id: RowId, tx: Write, write: PolicyBody = None, seen: SeenRevision = None) -> PaperOut:
    """Null: the agenda item's policy counts again."""
    await policy_actions.set_for_paper(tx, paper_id, write, seen)
    return await _paper(tx, paper_id)


@router.get("/papers/{paper_id}/readers")
async def readers_of(paper_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices) -> ReadersOut:
    return await queries.readers_of_paper(session, paper_id, actor, services.clock())


@router.get("/items/{item_id}/paper-policy")
async def item_policy(item_id: RowId, actor: CurrentActor, session: ReadSession) -> PolicyOut | None:
    """Null: nothing is set at the item; all members read its papers."""
    return await queries.item_policy(session, item_id, actor)


@router.put("/items/{item_id}/paper-policy")
async def set_for_item(
    item_id: RowId, tx: Write, write: PolicyBody = None, seen: SeenRevision = None
) -> PolicyOut | None:
    """Null: all members read its papers again."""
    await policy_actions.set_for_item(tx, item_id, write, seen)
    await tx.session.flush()
    return await queries.item_policy(tx.session, item_id, tx.actor)


@router.get("/versions/{version_id}")
async def version(version_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices) -> VersionFull:
    return await queries.version(session, version_id, actor, services.clock())


@router.get("/versions/{version_id}/text", response_model=VersionText, responses=_UNCHANGED)
async def text(
    version_id: RowId,
    *,
    request: Request,
    actor: CurrentActor,
    services: AppServices,
    first: Annotated[int, Query(alias="from", ge=1, le=100_000)] = 1,
    last: Annotated[int, Query(alias="to", ge=1, le=100_000)] = 20,
) -> Response:
    found = await services.components[GroupedReaders](version_id, actor)
    if not first <= last < first + TEXT_PAGES:
        said = (f"Mỗi lần lấy từ 1 đến {TEXT_PAGES} trang.", f"From 1 to {TEXT_PAGES} pages at once.")
        raise Invalid.fields({"to": said})
    services.components[HandedOut].hears(actor, found.id)
    etag = f'W/"{etag_of(found)}-text-{first}-{last}"'
    if (known := unchanged(request, etag)) is not None:
        return known
    async with services.database.read() as session:
        said_on_them = await queries.text(session, version_id, first, last)
    return compressed_json(request, said_on_them, headers_of(etag))


@router.get(
    "/versions/{version_id}/pages/{number}/image",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}, "description": "The page as a picture."}, **_UNCHANGED},
)
async def image(
    version_id: RowId,
    number: PageNumber,
    *,
    request: Request,
    actor: CurrentActor,
    services: AppServices,
    width: PictureWidth = PictureWidth.PHONE,
) -> Response:
    found = await services.components[GroupedReaders](version_id, actor)
    if number > found.page_count:
        raise NotFound()
    services.components[HandedOut].hears(actor, found.id)
    etag = f'"{etag_of(found)}-{number}-{width.value}"'
    if (known := unchanged(request, etag)) is not None:
        return known
    if width is PictureWidth.SCREEN:
        await services.components[PageTaking].sharp(actor, found, number)
    return await picture(
        services.components[Pictures], f"{found.folder}/pages/{number}-{width.value}.webp", "image/webp", etag
    )


async def _paper(tx: Write, paper_id: int) -> PaperOut:
    await tx.session.flush()
    return await queries.paper(tx.session, paper_id, tx.actor, tx.now)
