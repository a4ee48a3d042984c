from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write, services_of
from server.audit.dependencies import AppAuditLog
from server.ballots import actions, entities, queries, tallies
from server.ballots.casting import CastRequest, VoteGroups
from server.ballots.record import facts, pdf
from server.ballots.record.docx import DOCX, document
from server.ballots.record.xlsx import workbook
from server.ballots.schemas import (
    BallotEntity,
    BallotList,
    BallotWrite,
    CodesOut,
    CountState,
    HallsOut,
    HallTally,
    MyVote,
    ShownWrite,
    TallyWrite,
    VoidWrite,
    VoteOut,
    VoteWrite,
)
from server.core.fields import Id
from server.core.spreadsheets.writing import XLSX
from server.core.typesetting import compiled
from server.edge.attachments import attachment
from server.edge.exports import AppExports, Order
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


@router.get("/{ballot_id}/tallies")
async def halls(
    *,
    meeting_id: RowId,
    ballot_id: RowId,
    actor: CurrentActor,
    session: ReadSession,
    state: CountState = "waiting",
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HallsOut:
    """How far the halls are with counting, and those of one state."""
    return await tallies.of_ballot(session, meeting_id, ballot_id, actor, state=state, offset=offset, limit=limit)


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


def _made(media_type: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {media_type: {}}}}


@router.get("/{ballot_id}/record.pdf", response_class=Response, responses=_made("application/pdf"))
async def record_pdf(
    *,
    meeting_id: RowId,
    ballot_id: RowId,
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
) -> Response:
    async def order(session: AsyncSession) -> Order:
        return Order(compiled, pdf.SOURCE, pdf.inputs(await facts.load(session, meeting_id, ballot_id, actor)))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "ballot.exported", "ballot", ballot_id, meeting_id=meeting_id, form="pdf")
    return attachment(await exports.fulfil(actor, ordered), "application/pdf", f"bien-ban-bieu-quyet-{ballot_id}.pdf")


@router.get("/{ballot_id}/record.docx", response_class=Response, responses=_made(DOCX))
async def record_docx(
    *,
    meeting_id: RowId,
    ballot_id: RowId,
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
) -> Response:
    async def order(session: AsyncSession) -> Order:
        return Order(document, await facts.load(session, meeting_id, ballot_id, actor))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "ballot.exported", "ballot", ballot_id, meeting_id=meeting_id, form="docx")
    return attachment(await exports.fulfil(actor, ordered), DOCX, f"bien-ban-bieu-quyet-{ballot_id}.docx")


@router.get("/{ballot_id}/votes.xlsx", response_class=Response, responses=_made(XLSX))
async def votes_xlsx(
    *,
    meeting_id: RowId,
    ballot_id: RowId,
    actor: CurrentActor,
    services: AppServices,
    exports: AppExports,
    audit_log: AppAuditLog,
) -> Response:
    """An open vote by name and point."""

    async def order(session: AsyncSession) -> Order:
        return Order(workbook, await facts.names(session, meeting_id, ballot_id, actor))

    ordered = await services.database.beside(order)
    await audit_log.note(actor, "ballot.exported", "ballot", ballot_id, meeting_id=meeting_id, form="xlsx")
    return attachment(await exports.fulfil(actor, ordered), XLSX, f"bieu-quyet-{ballot_id}.xlsx")
