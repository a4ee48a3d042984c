from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.core.fields import Id, Line
from server.edge.long_answers import answered_beside
from server.edge.routing import WriteRoute
from server.invitations.replies import actions, queries, reminders
from server.invitations.replies.schemas import (
    Decision,
    MyReply,
    RepliesBoard,
    RepliesQuery,
    ReplyDone,
    ReplyRule,
    ReplyRuleWrite,
    ReplyState,
    ReplyWrite,
)

router = APIRouter(prefix="/api", tags=["replies"], route_class=WriteRoute)

RowId = Annotated[Id, Path()]


def _asked(
    point_id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    state: Annotated[ReplyState | None, Query()] = None,
    q: Annotated[Line, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=0, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> RepliesQuery:
    return RepliesQuery(point_id=point_id, state=state, q=q, limit=limit, offset=offset)


@router.get("/meetings/{meeting_id}/my-reply")
async def my_reply(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> MyReply:
    return await queries.my_reply(session, meeting_id, actor)


@router.put("/meetings/{meeting_id}/my-reply")
async def reply(meeting_id: RowId, write: ReplyWrite, tx: Write) -> MyReply:
    return await actions.reply(tx, meeting_id, write)


@router.get("/meetings/{meeting_id}/replies", response_model=RepliesBoard)
async def replies(
    meeting_id: RowId,
    asked: Annotated[RepliesQuery, Depends(_asked)],
    actor: CurrentActor,
    services: AppServices,
) -> Response:
    """`point_id`: of this point, 0: of those who take part online. `state` "none": those that were declined too."""
    return await answered_beside(
        services, lambda session: queries.board(session, meeting_id, actor, services.clock(), asked)
    )


@router.put("/delegates/{delegate_id}/reply")
async def reply_for(delegate_id: RowId, write: ReplyWrite, tx: Write) -> ReplyDone:
    return await actions.reply_for(tx, delegate_id, write)


@router.put("/delegates/{delegate_id}/substitute")
async def decide(delegate_id: RowId, decision: Decision, tx: Write) -> ReplyDone:
    return await actions.decide(tx, delegate_id, decision)


@router.delete("/delegates/{delegate_id}/substitute")
async def take_back(delegate_id: RowId, tx: Write) -> ReplyDone:
    """Of the delegate who was represented."""
    return await actions.take_back(tx, delegate_id)


@router.get("/meetings/{meeting_id}/reply-reminders")
async def reply_reminders(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> ReplyRule:
    return await reminders.reminders(session, meeting_id, actor)


@router.put("/meetings/{meeting_id}/reply-reminders")
async def set_reminders(meeting_id: RowId, write: ReplyRuleWrite, tx: Write) -> ReplyRule:
    return await reminders.set_rule(tx, meeting_id, write)


@router.post("/meetings/{meeting_id}/reply-reminders/now", status_code=204)
async def remind_now(meeting_id: RowId, tx: Write) -> None:
    await reminders.remind_now(tx, meeting_id)
