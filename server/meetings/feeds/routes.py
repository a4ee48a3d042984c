import asyncio
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathParameter

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.core.actor import SYSTEM
from server.edge.routing import WriteRoute
from server.meetings.feeds import actions, queries
from server.meetings.feeds.schemas import FeedMade, FeedOut

router = APIRouter(prefix="/api/calendar", tags=["calendar"], route_class=WriteRoute)

ICS = "text/calendar; charset=utf-8"
Token = Annotated[str, PathParameter(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


@router.get("")
async def own(actor: CurrentActor, session: ReadSession) -> FeedOut:
    """Whether one has a private address for calendars."""
    return await queries.own(session, actor)


@router.post("", status_code=201)
async def make(tx: Write) -> FeedMade:
    """A new private address; the one before answers no more."""
    return await actions.make(tx)


@router.delete("", status_code=204)
async def end(tx: Write) -> None:
    await actions.end(tx)


@router.get("/{token}.ics", response_class=Response, responses={200: {"content": {ICS: {}}}})
async def read(token: Token, services: AppServices) -> Response:
    """For calendars, which sign in by nothing but the address: the meetings of its person."""
    now = services.clock()
    feed = await services.database.beside(lambda session: queries.feed_of(session, token, now))
    if feed.read_at is None or now - feed.read_at > actions.NOTED_EVERY:
        async with services.transactions(SYSTEM) as tx:
            await actions.note_read(tx, feed.person_id)
    content = await asyncio.to_thread(queries.file_of, feed, services.settings.url, now)
    return Response(content, media_type=ICS, headers={"Cache-Control": "private, no-cache"})
