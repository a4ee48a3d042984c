from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write, services_of
from server.ballots import actions, entities, queries, tallies
from server.ballots.casting import CastRequest, VoteGroups
from server.ballots.schemas import (
    BallotEntity,
    BallotList,
    BallotWrite,
    CodesOut,
    HallTally,
    MyVote,
    ShownWrite,
    TallyWrite,
    VoidWrite,
    VoteOut,
    VoteWrite,
)
from server.core.fields import Id
from server.edge.routing import WriteRoute

router = APIRouter(prefix="/api/meetings/{meeting_id}/ballots", tags=["ballots"], route_class=WriteRoute)
casting = APIRouter(prefix="/api/meetings/{meeting_id}/ballots", tags=["ballots"])
"""Apart: the answers of its route are kept nowhere, whatever headers it is sent."""

RowId = Annotated[Id, PathParameter()]


@casting.post("/{ballot_id}/vote")
async def vote(meeting_id: RowId, ballot_id: RowId, write: VoteWrite, request: Request, actor: CurrentActor) -> VoteOut:
    services = services_of(request)
    wanted = CastRequest(actor, services.clock(), meeting_id, write.marks, write.key, write.code)
    return await services.components[VoteGroups].cast(ballot_id, wanted)


@router.get("")
async def ballots(meeting_id: RowId, actor: CurrentActor, session: ReadSession) -> BallotList:
    return await queries.of_meeting(session, meeting_id, actor)


@router.post("", status_code=201)
async def create(meeting_id: RowId, write: BallotWrite, tx: Write) -> BallotEntity:
    return entities.entity(await actions.create(tx, meeting_id, write))


@router.get("/{ballot_id}")
async def ballot(meeting_id: RowId, ballot_id: RowId, actor: CurrentActor, session: ReadSession) -> BallotEntity:
    return await queries.one(session, meeting_id, ballot_id, actor)


@router.put("/{ballot_id}")
async def edit(meeting_id: RowId, ballot_id: RowId, write: BallotWrite, tx: Write) -> BallotEntity:
    return entities.entity(await actions.edit(tx, meeting_id, ballot_id, write))


@router.delete("/{ballot_id}", status_code=204)
async def remove(meeting_id: RowId, ballot_id: RowId, tx: Write) -> None:
    await actions.remove(tx, meeting_id, ballot_id)


@router.post("/{ballot_id}/open")
async def open_ballot(meeting_id: RowId, ballot_id: RowId, tx: Write) -> BallotEntity:
    return entities.entity(await actions.open_ballot(tx, meeting_id, ballot_id))


@router.post("/{ballot_id}/close")
async def close(meeting_id: RowId, ballot_id: RowId, tx: Write) -> BallotEntity:
    return entities.entity(await actions.close(tx, meeting_id, ballot_id), conducts=True)


@router.post("/{ballot_id}/publish")
async def publish(meeting_id: RowId, ballot_id: RowId, tx: Write) -> BallotEntity:
    return entities.entity(await actions.publish(tx, meeting_id, ballot_id))


@router.post("/{ballot_id}/void")
async def void(meeting_id: RowId, ballot_id: RowId, write: VoidWrite, tx: Write) -> BallotEntity:
    return entities.entity(await actions.void(tx, meeting_id, ballot_id, write.reason))


@router.put("/{ballot_id}/shown")
async def show(meeting_id: RowId, ballot_id: RowId, write: ShownWrite, tx: Write) -> BallotEntity:
    return entities.entity(await actions.show(tx, meeting_id, ballot_id, shown=write.shown))


@router.get("/{ballot_id}/vote")
async def own_vote(meeting_id: RowId, ballot_id: RowId, actor: CurrentActor, session: ReadSession) -> MyVote:
    return await queries.own(session, meeting_id, ballot_id, actor)


@router.get("/{ballot_id}/codes")
async def codes(
    *,
    meeting_id: RowId,
    ballot_id: RowId,
    actor: CurrentActor,
    session: ReadSession,
    code: Annotated[str, Query(max_length=16)] = "",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> CodesOut:
    return await queries.codes(session, meeting_id, ballot_id, actor, code=code, offset=offset, limit=limit)


@router.get("/{ballot_id}/points/{point_id}")
async def hall(
    meeting_id: RowId, ballot_id: RowId, point_id: RowId, actor: CurrentActor, session: ReadSession
) -> HallTally:
    """A hall's count."""
    return await tallies.of_hall(session, meeting_id, ballot_id, point_id, actor)


@router.post("/{ballot_id}/points/{point_id}/tallies")
async def enter(
    *,
    meeting_id: RowId,
    ballot_id: RowId,
    point_id: RowId,
    write: TallyWrite,
    actor: CurrentActor,
    services: AppServices,
) -> HallTally:
    await services.transactions.run(actor, lambda tx: tallies.enter(tx, meeting_id, ballot_id, point_id, write))
    async with services.database.read() as session:
        return await tallies.of_hall(session, meeting_id, ballot_id, point_id, actor)


@router.post("/{ballot_id}/tallies/{tally_id}/countersign", status_code=204)
async def countersign(meeting_id: RowId, ballot_id: RowId, tally_id: RowId, tx: Write) -> None:
    await tallies.countersign(tx, meeting_id, ballot_id, tally_id)


@router.delete("/{ballot_id}/tallies/{tally_id}", status_code=204)
async def withdraw(meeting_id: RowId, ballot_id: RowId, tally_id: RowId, tx: Write) -> None:
    await tallies.withdraw(tx, meeting_id, ballot_id, tally_id)
