"""For whoever watches the server from outside: a proxy, a monitor, a script that waits for the start."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server import __version__
from server.core.errors import Unavailable
from server.edge.dependencies import AppServices
from server.edge.proxy_watch import ProxyWatch

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/api", tags=["health"])

_READY_SECONDS = 2.0


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


@router.get("/health/live", status_code=204)
async def alive() -> None:
    """The process answers. Whoever starts it anew when it does not must not do so because its database is away."""


@router.get("/health/ready", status_code=204)
async def ready(services: AppServices) -> None:
    """Requests can be answered: the database does, within two seconds. Unavailable otherwise, for the proxy that sends
    them elsewhere."""
    try:
        async with asyncio.timeout(_READY_SECONDS), services.database.read() as session:
            await session.execute(text("SELECT 1"))
    except (TimeoutError, DBAPIError, OSError) as error:
        log.warning("not-ready", error=str(error) or type(error).__name__)
        raise Unavailable(retry_after=2) from None


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
