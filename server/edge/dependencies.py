"""What routes ask for: who acts, a session to read with, a transaction to write in.

All are coroutines, and few depend on others: FastAPI calls a plain function in another thread, and resolves each link
of a chain as if it were a request of its own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import DomainError, NotSignedIn
from server.core.services import Services
from server.core.transaction import Transaction
from server.edge.session_cookie import session_token

T = TypeVar("T")

ACTING_AS = "x-nhipcau-as"
"""Whose page it is, "person-7" or "point-3", where the page says so."""


class OtherPerson(DomainError):
    code = "other-person"
    status = 409
    vi = "Trên máy này vừa có người khác đăng nhập. Tải lại trang để tiếp tục."
    en = "Somebody else has signed in on this device meanwhile. Reload the page to go on."


class Recognise:
    """Who a cookie's value belongs to; `accounts` knows."""

    async def __call__(self, services: Services, token: str | None) -> Actor | None:
        raise NotImplementedError


def services_of(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


def component(kind: type[T]) -> Callable[[HTTPConnection], Awaitable[T]]:
    """A dependency: the application's one object of this class."""

    async def found(connection: HTTPConnection) -> T:
        return services_of(connection).components[kind]

    return found


async def _services(connection: HTTPConnection) -> Services:
    return services_of(connection)


AppServices = Annotated[Services, Depends(_services)]


async def optional_actor(connection: HTTPConnection) -> Actor | None:
    services = services_of(connection)
    actor = await services.components[Recognise](services, session_token(connection.cookies, services.settings))
    if actor is None or connection.client is None:
        return actor
    actor = replace(actor, address=connection.client.host)
    connection.state.actor = actor
    return actor


OptionalActor = Annotated[Actor | None, Depends(optional_actor)]


async def _required(connection: HTTPConnection) -> Actor:
    actor = await optional_actor(connection)
    if actor is None:
        raise NotSignedIn()
    # Two windows share one cookie: what one person wrote in the first must not go out as the other's who signed in in
    # the second.
    said = connection.headers.get(ACTING_AS)
    if said is not None and said != (
        f"point-{actor.point_id}" if actor.person_id is None else f"person-{actor.person_id}"
    ):
        raise OtherPerson()
    return actor


CurrentActor = Annotated[Actor, Depends(_required)]
"""Raises NotSignedIn (401)."""


async def _reading(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with services_of(connection).database.read() as session:
        yield session


ReadSession = Annotated[AsyncSession, Depends(_reading, scope="function")]


async def writing(connection: HTTPConnection, actor: CurrentActor) -> Transaction:
    opened: AsyncExitStack = connection.state.opened
    transaction = await opened.enter_async_context(services_of(connection).transactions(actor))
    connection.state.transaction = transaction
    return transaction


Write = Annotated[Transaction, Depends(writing)]
"""A transaction of the current actor, for routes of `server.edge.routing.WriteRoute`, which commits it when the answer
is made and before it leaves."""

SeenRevision = Annotated[int | None, Query(alias="revision", ge=0, le=2**31 - 1)]
"""The revision that the editor saw: if it is another by now, the edit is refused as EditedMeanwhile (409)."""
