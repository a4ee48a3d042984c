"""Beside the running server: keys that are due to be destroyed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.ballots.actions import swept
from server.ballots.sealing import BallotKeys
from server.core.services import Services


@asynccontextmanager
async def sweeping_keys(services: Services) -> AsyncIterator[None]:
    async with services.database.read() as session:
        await swept(session, services.components[BallotKeys])
    yield
