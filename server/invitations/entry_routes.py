"""Routes at the door: for whoever holds the meeting's code, known or not."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.core.actor import SYSTEM
from server.core.errors import NotFound
from server.core.fields import Id, Line
from server.edge.dependencies import component
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.invitations import entry_codes, listed_requests, requests
from server.invitations.codes import hall_secret
from server.invitations.rate_limits import EntryLimits
from server.invitations.schemas import (
    Knocked,
    MeetingCode,
    RequestAsked,
    RequestGrant,
    RequestMade,
    RequestOut,
    RequestsLetIn,
    RequestState,
    RequestWrite,
)

router = APIRouter(prefix="/api", tags=["invitations"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
Code = Annotated[Line, PathParameter(max_length=64)]


async def _address(request: Request) -> str:
    return request.client.host if request.client else ""


Doorkeeper = Annotated[EntryLimits, Depends(component(EntryLimits))]
Address = Annotated[str, Depends(_address)]


@router.get("/m/{code}")
async def knock(
    code: Code, actor: CurrentActor, session: ReadSession, doorkeeper: Doorkeeper, address: Address
) -> Knocked:
    await doorkeeper.trying(address)
    try:
        return await entry_codes.knock(session, code, actor)
    except NotFound:
        await doorkeeper.missed(address)
        raise


@router.post("/meetings/{meeting_id}/code")
async def renew_code(meeting_id: RowId, tx: Write) -> MeetingCode:
    """The code before leads nowhere any more."""
    return MeetingCode(code=await entry_codes.renew(tx, meeting_id))


@router.post("/m/{code}/requests", status_code=201, dependencies=[Once])
async def ask(
    code: Code, write: RequestWrite, services: AppServices, doorkeeper: Doorkeeper, address: Address
) -> RequestMade:
    await doorkeeper.asking(address)
    async with services.transactions(SYSTEM) as tx:
        secret = await requests.ask(
            tx,
            code,
            write,
            hall_secret(services.settings),
            address,
            from_afar=lambda: doorkeeper.asking_from_afar(address),
        )
        return RequestMade(request=secret)


@router.post("/requests/answer")
async def answer(asked: RequestAsked, services: AppServices, session: ReadSession) -> RequestState:
    """A granted request's way in is made anew each time until it has been opened: an answer may be lost on the way."""
    said = await requests.answer(session, asked.request, services.clock())
    if said.state != "granted":
        return said
    async with services.transactions(SYSTEM) as tx:
        return await requests.hand_out(tx, asked.request)


@router.get("/meetings/{meeting_id}/requests")
async def waiting(
    meeting_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> list[RequestOut]:
    return await requests.requests(session, meeting_id, actor, services.clock())


@router.post("/meetings/{meeting_id}/requests/grant-listed")
async def grant_listed(meeting_id: RowId, tx: Write) -> RequestsLetIn:
    """Lets in everybody who waits and stands on the list beyond doubt."""
    return await listed_requests.grant_listed(tx, meeting_id)


@router.post("/requests/{request_id}/grant", status_code=204)
async def grant(request_id: RowId, write: RequestGrant, tx: Write) -> None:
    await requests.grant(tx, request_id, write)


@router.post("/requests/{request_id}/refuse", status_code=204)
async def refuse(request_id: RowId, tx: Write) -> None:
    await requests.refuse(tx, request_id)
