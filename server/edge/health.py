"""For whoever watches the server from outside: a proxy, a monitor, a script that waits for the start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from server import __version__
from server.edge.dependencies import AppServices
from server.edge.proxy_watch import ProxyWatch

router = APIRouter(prefix="/api", tags=["health"])


class Health(BaseModel):
    ok: bool
    node: bool
    """A media node is connected."""
    version: str
    problems: list[Literal["untrusted-proxy"]]
    """What whoever runs it should put right; the log says more."""


@dataclass(frozen=True)
class MediaState:
    connected: Callable[[], bool]
    """A media node is there."""


@router.get("/health")
async def health(services: AppServices) -> Health:
    """Answers only if the database does."""
    async with services.database.read() as session:
        await session.execute(text("SELECT 1"))
    return Health(
        ok=True,
        node=services.components[MediaState].connected(),
        version=__version__,
        problems=["untrusted-proxy"] if services.components[ProxyWatch].untrusted else [],
    )
