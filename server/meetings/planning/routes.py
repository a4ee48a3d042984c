from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter

from server.accounts.dependencies import CurrentActor, ReadSession, Write
from server.core.fields import Id
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.meetings.planning import actions, clashes, queries, series, series_end
from server.meetings.planning.schemas import (
    Clash,
    ClashesAsked,
    FollowOut,
    GroupOut,
    GroupWrite,
    SeriesEnd,
    SeriesOut,
    SeriesWrite,
    TemplateOut,
    TemplateSummary,
    TemplateWrite,
)

router = APIRouter(prefix="/api", tags=["planning"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.get("/meeting-templates")
async def templates(actor: CurrentActor, session: ReadSession) -> list[TemplateSummary]:
    """Of the units that the actor plans meetings for."""
    return await queries.templates(session, actor)


@router.post("/meeting-templates", status_code=201, dependencies=[Once])
async def save_template(write: TemplateWrite, tx: Write) -> TemplateOut:
    return await queries.template(tx.session, await actions.save_template(tx, write), tx.actor)


@router.get("/meeting-templates/{template_id}")
async def template(template_id: RowId, actor: CurrentActor, session: ReadSession) -> TemplateOut:
    return await queries.template(session, template_id, actor)


@router.delete("/meeting-templates/{template_id}", status_code=204)
async def delete_template(template_id: RowId, tx: Write) -> None:
    await actions.delete_template(tx, template_id)


@router.post("/meeting-clashes")
async def clashes_of(asked: ClashesAsked, actor: CurrentActor, session: ReadSession) -> list[Clash]:
    """Other meetings at that hour that want the same halls or people. Reads only."""
    return await clashes.clashes(session, actor, asked)


@router.get("/point-groups")
async def groups(actor: CurrentActor, session: ReadSession) -> list[GroupOut]:
    """Of the units that the actor plans meetings for."""
    return await queries.groups(session, actor)


@router.post("/point-groups", status_code=201, dependencies=[Once])
async def save_group(write: GroupWrite, tx: Write) -> list[GroupOut]:
    """All groups as they are then."""
    await actions.save_group(tx, write)
    return await queries.groups(tx.session, tx.actor)


@router.delete("/point-groups/{group_id}", status_code=204)
async def delete_group(group_id: RowId, tx: Write) -> None:
    await actions.delete_group(tx, group_id)


@router.get("/meetings/{meeting_id}/series")
async def series_of(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> SeriesOut:
    """The series that it is part of."""
    return await series.series(session, meeting_id, actor)


@router.post("/meetings/{meeting_id}/series", status_code=204, dependencies=[Once])
async def start_series(meeting_id: RowId, write: SeriesWrite, tx: Write) -> None:
    """It becomes the first of a series; a job makes the others as drafts."""
    await series.start(tx, meeting_id, write)


@router.post("/meetings/{meeting_id}/series/follow")
async def follow(meeting_id: RowId, tx: Write) -> FollowOut:
    """The later meetings of its series become like this one."""
    return FollowOut(queued=await series.follow(tx, meeting_id))


@router.post("/meetings/{meeting_id}/series/end")
async def end_series(meeting_id: RowId, write: SeriesEnd, tx: Write) -> FollowOut:
    """The meetings after it are called off: drafts deleted, of the others everybody concerned is told."""
    return FollowOut(queued=await series_end.end(tx, meeting_id, write.reason))
