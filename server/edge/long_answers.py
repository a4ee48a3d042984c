"""Answers that are lists of hundreds: read, built and written down beside the event loop.

FastAPI looks through what a route returns once more and writes it as JSON where everybody's pages turn: of five hundred
delegates, ten milliseconds. Routes give what this returns, and name the model as `response_model`.
"""

from collections.abc import Awaitable, Callable

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.services import Services


async def answered_beside(services: Services, work: Callable[[AsyncSession], Awaitable[BaseModel]]) -> Response:
    """What `work` finds, as JSON. `work` as of `core.database.Database.beside`; what it raises is raised."""

    async def written(session: AsyncSession) -> bytes:
        found = await work(session)
        return found.__pydantic_serializer__.to_json(found, by_alias=True)

    return Response(await services.database.beside(written), media_type="application/json")
