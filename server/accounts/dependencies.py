"""What routes and sockets ask for. The dependencies themselves stand in `server.edge`; here is whose a cookie is."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request, Response

from server.accounts import queries
from server.accounts.actions import sessions
from server.accounts.known_devices import DEVICE_COOKIE
from server.accounts.schemas import Me
from server.accounts.sign_in import Browser, SignIn
from server.core.actor import Actor, Role
from server.core.errors import NotSignedIn
from server.core.services import Services
from server.edge.dependencies import (
    AppServices,
    CurrentActor,
    OptionalActor,
    ReadSession,
    Write,
    component,
    services_of,
)
from server.edge.session_cookie import COOKIE, session_token, set_session_cookie

__all__ = [
    "COOKIE",
    "AppServices",
    "AskingBrowser",
    "CurrentActor",
    "OptionalActor",
    "ReadSession",
    "SignInDesk",
    "Write",
    "actor_of_cookie",
    "services_of",
    "welcome",
]


async def _browser(request: Request) -> Browser:
    address = request.client.host if request.client else ""
    token = session_token(request.cookies, services_of(request).settings)
    return Browser(address, request.headers.get("user-agent", ""), token, request.cookies.get(DEVICE_COOKIE))


SignInDesk = Annotated[SignIn, Depends(component(SignIn))]
AskingBrowser = Annotated[Browser, Depends(_browser)]


async def actor_of_cookie(services: Services, token: str | None) -> Actor | None:
    """The signed-in person or hall's device whose cookie this is, or None. Also notes that the session is in use."""
    if not token:
        return None
    async with services.database.read() as session:
        recognised = await queries.recognise(session, token, services.clock())
    return await noted(services, recognised)


async def noted(services: Services, recognised: queries.Recognised | None) -> Actor | None:
    if recognised is None:
        return None
    if recognised.stale:
        async with services.transactions(recognised.actor) as tx:
            await sessions.touch(tx, services.settings)
    return _factored(recognised, required=services.settings.second_factor_required)


def _factored(recognised: queries.Recognised, *, required: bool) -> Actor:
    """Without the administrator's role where that waits for a second factor: personal links prove none, whoever made
    them."""
    actor = recognised.actor
    if recognised.proven or not (required or recognised.enrolled) or not actor.administered:
        return actor
    others = tuple(grant for grant in actor.grants if grant.role is not Role.ADMIN)
    return replace(actor, grants=others, needs_factor=True)


async def welcome(services: Services, response: Response, token: str) -> Me:
    """Signs the browser in by the new cookie of this value."""
    actor = await actor_of_cookie(services, token)
    if actor is None:
        raise NotSignedIn()
    set_session_cookie(response, token, services.settings)
    async with services.database.read() as session:
        return await queries.me(session, actor, services.settings)
