from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.core.fields import Id
from server.edge.routing import WriteRoute
from server.readiness import actions, queries, reminding
from server.readiness.papers import ReadingFigures
from server.readiness.schemas import (
    HallTestOut,
    HallTestWrite,
    PointReadiness,
    ReadinessBoard,
    RehearsalOut,
    RehearsalRecord,
    RehearsalWrite,
    TechniciansReminded,
    VerdictWrite,
)

router = APIRouter(prefix="/api", tags=["readiness"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.post("/points/{point_id}/tests", status_code=201)
async def note_test(point_id: RowId, write: HallTestWrite, tx: Write) -> HallTestOut:
    """A hall's machine has tried itself out; answers with what is to be mended."""
    return queries.test_out(await actions.note_test(tx, point_id, write))


@router.get("/points/{point_id}/tests")
async def own_tests(point_id: RowId, actor: CurrentActor, session: ReadSession) -> list[HallTestOut]:
    """The last ones, newest first."""
    return await queries.own_tests(session, point_id, actor)


@router.get("/meetings/{meeting_id}/readiness")
async def board(meeting_id: RowId, actor: CurrentActor, services: AppServices) -> ReadinessBoard:
    reading = await services.components[ReadingFigures].of(services.database, meeting_id)
    now = services.clock()
    return await services.database.beside(lambda session: queries.board(session, meeting_id, actor, now, reading))


@router.post("/meetings/{meeting_id}/readiness/reminders")
async def remind(meeting_id: RowId, tx: Write) -> TechniciansReminded:
    """Technicians whose hall has not passed its test are reminded."""
    return TechniciansReminded(points=await reminding.remind(tx, meeting_id))


@router.get("/meetings/{meeting_id}/points/{point_id}/readiness")
async def one_point(meeting_id: RowId, point_id: RowId, actor: CurrentActor, session: ReadSession) -> PointReadiness:
    return await queries.one_point(session, meeting_id, point_id, actor)


@router.post("/meetings/{meeting_id}/points/{point_id}/verdicts", status_code=204)
async def say(meeting_id: RowId, point_id: RowId, write: VerdictWrite, tx: Write) -> None:
    """Somebody who runs the meeting looked at the hall and listened to it."""
    await actions.say(tx, meeting_id, point_id, write)


@router.get("/meetings/{meeting_id}/rehearsals")
async def rehearsals(meeting_id: RowId, actor: CurrentActor, services: AppServices) -> list[RehearsalOut]:
    now = services.clock()
    return await services.database.beside(lambda session: queries.rehearsals(session, meeting_id, actor, now))


@router.get("/meetings/{meeting_id}/rehearsals/{rehearsal_id}")
async def rehearsal(
    meeting_id: RowId, rehearsal_id: RowId, actor: CurrentActor, services: AppServices
) -> RehearsalRecord:
    now = services.clock()
    return await services.database.beside(
        lambda session: queries.rehearsal_record(session, meeting_id, rehearsal_id, actor, now)
    )


@router.patch("/meetings/{meeting_id}/rehearsals/{rehearsal_id}", status_code=204)
async def describe(meeting_id: RowId, rehearsal_id: RowId, write: RehearsalWrite, tx: Write) -> None:
    await actions.describe(tx, meeting_id, rehearsal_id, write)
