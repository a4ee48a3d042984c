"""Steps of a meeting that concern its halls, over HTTP; the same actions as the live channel's `meeting.*`. And what a
hall's device waits for."""

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.conference import hands, lifecycle
from server.conference.hall_day import HallDay, hall_day
from server.core.fields import Id, Line
from server.edge.routing import WriteRoute
from server.meetings import queries
from server.meetings.schemas import MeetingOut, Postponing, Rescheduling
from server.speaking.entities import MyRequests

router = APIRouter(prefix="/api", tags=["conference"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


class Reopening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(max_length=500)] = ""


@router.post("/meetings/{meeting_id}/open")
async def open_halls(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.open_halls(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/close")
async def close_halls(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.close_halls(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/postpone")
async def postpone(meeting_id: RowId, write: Postponing, tx: Write) -> MeetingOut:
    await lifecycle.postpone(tx, meeting_id, write.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/reschedule")
async def reschedule(meeting_id: RowId, write: Rescheduling, tx: Write) -> MeetingOut:
    await lifecycle.reschedule(tx, meeting_id, write.starts_at, write.ends_at, write.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/cancel")
async def cancel(meeting_id: RowId, write: Postponing, tx: Write) -> MeetingOut:
    await lifecycle.cancel(tx, meeting_id, write.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/start")
async def start(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.start(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/end")
async def end(meeting_id: RowId, tx: Write) -> MeetingOut:
    await lifecycle.end(tx, meeting_id)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.post("/meetings/{meeting_id}/reopen")
async def reopen(meeting_id: RowId, reopening: Reopening, tx: Write) -> MeetingOut:
    await lifecycle.reopen(tx, meeting_id, reopening.reason)
    return await queries.meeting(tx.session, meeting_id, tx.actor)


@router.get("/meetings/{meeting_id}/my-requests")
async def my_requests(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> MyRequests:
    """What one has asked to speak about from the own page, and one's place in the queue. Later changes come as the
    signal `my-requests`."""
    return await hands.own_requests(session, meeting_id, actor)


@router.get("/hall")
async def next_for_hall(actor: CurrentActor, session: ReadSession, services: AppServices) -> HallDay:
    """For a hall's own device: what it waits for."""
    return await hall_day(session, actor, services.clock())
