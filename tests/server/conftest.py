"""The application on a real port, and clients of its live channel."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

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


_ONE_DATABASE = ("demo/", "edge/", "conference/test_silence.py", "conference/test_media_state.py")
_ONE_DATABASE += ("test_rights_matrix.py", "test_tenants.py", "test_openapi.py", "test_web_types.py")
"""What is asked there does not depend on the database; everything else runs on SQLite and on PostgreSQL."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    left_out = [
        item
        for item in items
        if item.path.is_relative_to(here)
        and item.path.relative_to(here).as_posix().startswith(_ONE_DATABASE)
        and getattr(item, "callspec", None) is not None
        and item.callspec.params.get("database") == "postgresql"  # type: ignore[attr-defined]
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
