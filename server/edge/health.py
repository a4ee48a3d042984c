"""For whoever watches the server from outside: a proxy, a monitor, a script that waits for the start."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from server import __version__
from server.edge.dependencies import AppServices

router = APIRouter(prefix="/api", tags=["health"])


class Health(BaseModel):
    ok: bool
    node: bool
    """A media node is connected."""
    version: str


@dataclass(frozen=True)
class MediaState:
    connected: Callable[[], bool]
    """A media node is there."""


@router.get("/health")
async def health(services: AppServices) -> Health:
    """Answers only if the database does."""
    async with services.database.read() as session:
        await session.execute(text("SELECT 1"))
    return Health(ok=True, node=services.components[MediaState].connected(), version=__version__)
