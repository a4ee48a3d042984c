"""What routes and sockets ask for. The dependencies themselves stand in `server.edge`; here is whose a cookie is."""

from server.accounts import queries
from server.accounts.actions import sessions
from server.core.actor import Actor
from server.core.services import Services
from server.edge.dependencies import (
    AppServices,
    CurrentActor,
    OptionalActor,
    ReadSession,
    Write,
    services_of,
)
from server.edge.session_cookie import COOKIE

__all__ = [
    "COOKIE",
    "AppServices",
    "CurrentActor",
    "OptionalActor",
    "ReadSession",
    "Write",
    "actor_of_cookie",
    "services_of",
]


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
    return recognised.actor
