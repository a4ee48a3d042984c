from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter

from server.core.fields import Id
from server.edge.dependencies import AppServices, CurrentActor, ReadSession, SeenRevision, Write
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.organisations import queries
from server.organisations.actions import closing, points, units
from server.organisations.schemas import (
    PointOut,
    PointPatch,
    PointUses,
    PointWrite,
    Tree,
    UnitClosing,
    UnitOut,
    UnitPatch,
    UnitUses,
    UnitWrite,
)

router = APIRouter(prefix="/api", tags=["organisations"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.get("/units")
async def visible_tree(actor: CurrentActor, session: ReadSession, closed: bool = False) -> Tree:
    return await queries.visible_tree(session, actor, closed=closed)


@router.post("/units", status_code=201, dependencies=[Once])
async def create_unit(write: UnitWrite, tx: Write) -> UnitOut:
    return UnitOut.model_validate(await units.create_unit(tx, write))


@router.patch("/units/{unit_id}")
async def edit_unit(unit_id: RowId, patch: UnitPatch, tx: Write, seen: SeenRevision = None) -> UnitOut:
    return UnitOut.model_validate(await units.edit_unit(tx, unit_id, patch, seen))


@router.delete("/units/{unit_id}", status_code=204)
async def delete_unit(unit_id: RowId, tx: Write) -> None:
    await units.delete_unit(tx, unit_id)


@router.get("/units/{unit_id}/uses")
async def uses_of_unit(unit_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices) -> UnitUses:
    return await queries.uses_of_unit(session, actor, services.components, unit_id)


@router.post("/units/{unit_id}/close")
async def close_unit(unit_id: RowId, body: UnitClosing, tx: Write) -> UnitOut:
    return UnitOut.model_validate(await closing.close_unit(tx, unit_id, body))


@router.post("/units/{unit_id}/reopen")
async def reopen_unit(unit_id: RowId, tx: Write) -> UnitOut:
    return UnitOut.model_validate(await closing.reopen_unit(tx, unit_id))


@router.post("/points", status_code=201, dependencies=[Once])
async def create_point(write: PointWrite, tx: Write) -> PointOut:
    return PointOut.model_validate(await points.create_point(tx, write))


@router.patch("/points/{point_id}")
async def edit_point(point_id: RowId, patch: PointPatch, tx: Write, seen: SeenRevision = None) -> PointOut:
    return PointOut.model_validate(await points.edit_point(tx, point_id, patch, seen))


@router.delete("/points/{point_id}", status_code=204)
async def delete_point(point_id: RowId, tx: Write) -> None:
    await points.delete_point(tx, point_id)


@router.get("/points/{point_id}/uses")
async def uses_of_point(point_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices) -> PointUses:
    return await queries.uses_of_point(session, actor, services.components, point_id)
