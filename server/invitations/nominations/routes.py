from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, Write
from server.core.actor import Actor
from server.core.errors import NotFound, NotSignedIn
from server.core.fields import Id, Line
from server.core.transaction import Transaction
from server.edge.dependencies import component, optional_actor, services_of
from server.edge.idempotency import Once
from server.edge.long_answers import answered_beside
from server.edge.routing import WriteRoute
from server.invitations.nominations import actions, calls, queries
from server.invitations.nominations.hands import Hand, held, named_by_link
from server.invitations.nominations.schemas import (
    BoardQuery,
    CallWrite,
    Choosable,
    ContactWrite,
    NamedOut,
    NamedWrite,
    NominationBoard,
    NominationLink,
    NominationLinkWrite,
    NominationOut,
    Reopening,
)
from server.invitations.rate_limits import EntryLimits

router = APIRouter(prefix="/api/meetings/{meeting_id}", tags=["nominations"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]
Key = Annotated[Line | None, Header(alias="X-List-Key", max_length=64)]
"""Of a point's private link; without it the session counts."""


async def _hand(request: Request, meeting_id: RowId, point_id: RowId, key: Key = None) -> Hand:
    return Hand(services_of(request).settings, meeting_id, point_id, key)


ListHand = Annotated[Hand, Depends(_hand)]
Doorkeeper = Annotated[EntryLimits, Depends(component(EntryLimits))]


async def _maker(request: Request, hand: ListHand, doorkeeper: Doorkeeper) -> Actor:
    """Whoever makes the list: by the link's key, else by the session. NotSignedIn, LinkGone, TooMany."""
    if hand.key is None:
        actor = await optional_actor(request)
        if actor is None:
            raise NotSignedIn()
        return actor
    address = request.client.host if request.client else ""
    await doorkeeper.trying(address)
    try:
        async with services_of(request).database.read() as session:
            return await named_by_link(session, hand)
    except NotFound:
        await doorkeeper.missed(address)
        raise


Maker = Annotated[Actor, Depends(_maker)]


@router.get("/nominations", response_model=NominationBoard)
async def board(
    meeting_id: RowId, actor: CurrentActor, services: AppServices, asked: Annotated[BoardQuery, Query()]
) -> Response:
    """Who has and has not delivered."""
    return await answered_beside(
        services,
        lambda session: queries.board(
            session, meeting_id, actor, services.clock(), asked, mail_ready=services.settings.smtp_url is not None
        ),
    )


@router.put("/nominations", status_code=204)
async def ask(meeting_id: RowId, write: CallWrite, tx: Write) -> None:
    """Asks the points for their lists by a deadline, the first time; then changes it."""
    await calls.ask(tx, meeting_id, write)


@router.post("/nominations/remind", status_code=204)
async def remind(meeting_id: RowId, tx: Write) -> None:
    await calls.remind(tx, meeting_id)


@router.post("/nominations/lock", status_code=204)
async def lock_all(meeting_id: RowId, tx: Write) -> None:
    await calls.lock_all(tx, meeting_id)


@router.post("/points/{point_id}/nomination/lock", status_code=204)
async def lock(meeting_id: RowId, point_id: RowId, tx: Write) -> None:
    await calls.lock(tx, meeting_id, point_id)


@router.post("/points/{point_id}/nomination/reopen", status_code=204)
async def reopen(meeting_id: RowId, point_id: RowId, write: Reopening, tx: Write) -> None:
    await calls.reopen(tx, meeting_id, point_id, write)


@router.put("/points/{point_id}/nomination/contact", status_code=204)
async def set_contact(meeting_id: RowId, point_id: RowId, write: ContactWrite, tx: Write) -> None:
    await calls.set_contact(tx, meeting_id, point_id, write)


@router.post("/points/{point_id}/nomination/link")
async def link(
    meeting_id: RowId, point_id: RowId, write: NominationLinkWrite, tx: Write, services: AppServices
) -> NominationLink:
    return NominationLink(path=await calls.link(tx, services.settings, meeting_id, point_id, renew=write.renew))


@router.get("/points/{point_id}/nomination")
async def nomination(hand: ListHand, actor: Maker, services: AppServices) -> NominationOut:
    """One point's list, for who makes it."""
    async with services.database.read() as session:
        found = await held(session, hand, actor)
        answer = await queries.nomination_of(session, hand, found, services.clock())
    if hand.key is not None and found.row is not None and found.row.opened_at is None:
        async with services.transactions(actor) as tx:
            await actions.opened(tx, hand)
    return answer


@router.get("/points/{point_id}/nomination/people")
async def choosable(
    hand: ListHand, actor: Maker, services: AppServices, q: Annotated[Line, Query(min_length=1, max_length=100)]
) -> list[Choosable]:
    """People of the point's own unit."""
    return await services.database.beside(lambda session: queries.choosable(session, hand, actor, q))


@router.post("/points/{point_id}/nomination/people", dependencies=[Once])
async def name_people(hand: ListHand, actor: Maker, write: NamedWrite, services: AppServices) -> NamedOut:
    async def work(tx: Transaction) -> NamedOut:
        elsewhere = await actions.name_people(tx, hand, write.people)
        return NamedOut(nomination=await queries.nomination(tx.session, hand, tx.actor, tx.now), elsewhere=elsewhere)

    return await services.transactions.run(actor, work)


@router.delete("/points/{point_id}/nomination/people/{delegate_id}")
async def take_back(hand: ListHand, actor: Maker, delegate_id: RowId, services: AppServices) -> NominationOut:
    async def work(tx: Transaction) -> NominationOut:
        await actions.take_back(tx, hand, delegate_id)
        return await queries.nomination(tx.session, hand, tx.actor, tx.now)

    return await services.transactions.run(actor, work)


@router.post("/points/{point_id}/nomination/submit")
async def submit(hand: ListHand, actor: Maker, services: AppServices) -> NominationOut:
    async def work(tx: Transaction) -> NominationOut:
        await actions.submit(tx, hand)
        return await queries.nomination(tx.session, hand, tx.actor, tx.now)

    return await services.transactions.run(actor, work)
