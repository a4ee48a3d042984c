"""What routes ask for: who acts, a session to read with, a transaction to write in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotSignedIn
from server.core.services import Services
from server.core.transaction import Transaction

COOKIE = "nhipcau_session"

Recognise = Callable[[Services, str | None], Awaitable[Actor | None]]
"""Who a cookie's value belongs to. `accounts` knows; `main` puts it into `app.state.recognise`."""


def services_of(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


AppServices = Annotated[Services, Depends(services_of)]


async def _optional(connection: HTTPConnection, services: AppServices) -> Actor | None:
    recognise: Recognise = connection.app.state.recognise
    return await recognise(services, connection.cookies.get(COOKIE))


OptionalActor = Annotated[Actor | None, Depends(_optional)]


async def _required(actor: OptionalActor) -> Actor:
    if actor is None:
        raise NotSignedIn()
    return actor


CurrentActor = Annotated[Actor, Depends(_required)]
"""Raises NotSignedIn (401)."""


async def _reading(services: AppServices) -> AsyncIterator[AsyncSession]:
    async with services.database.read() as session:
        yield session


ReadSession = Annotated[AsyncSession, Depends(_reading, scope="function")]


async def _writing(actor: CurrentActor, services: AppServices) -> AsyncIterator[Transaction]:
    async with services.transactions(actor) as transaction:
        yield transaction


Write = Annotated[Transaction, Depends(_writing, scope="function")]
"""A transaction of the current actor: committed when the route returns and before its response leaves."""
