"""The application on a real port, and clients of its live channel."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI

from server.accounts.models import Person
from server.core.services import Services
from server.organisations.models import BridgePoint
from tests.conftest import signed_in
from tests.sockets import LiveClient, LiveServer, serving

Join = Callable[..., Awaitable[LiveClient]]


@pytest.fixture
async def server(app: FastAPI, services: Services) -> AsyncIterator[LiveServer]:
    async with serving(app) as running:
        yield running


@pytest.fixture
async def join(server: LiveServer, services: Services) -> AsyncIterator[Join]:
    """`await join(meeting_id, who, "console" | "member")`, `await join(meeting_id, who, "hall", point)`; a hall's own
    device by default."""
    async with AsyncExitStack() as stack:

        async def open_client(
            meeting_id: int, who: Person | BridgePoint, audience: str = "hall", point: BridgePoint | None = None
        ) -> LiveClient:
            if isinstance(who, BridgePoint) and point is None:
                point = who
            cookie = await signed_in(services, who)
            client = await server.join(meeting_id, cookie, audience, point.id if point else None)
            stack.push_async_callback(client.close)
            return client

        yield open_client
