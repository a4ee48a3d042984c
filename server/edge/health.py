"""For whoever watches the server from outside: a proxy, a monitor, a script that waits for the start."""

from fastapi import APIRouter, Request
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


@router.get("/health")
async def health(request: Request, services: AppServices) -> Health:
    """Answers only if the database does."""
    async with services.database.read() as session:
        await session.execute(text("SELECT 1"))
    return Health(ok=True, node=request.app.state.media_up(), version=__version__)
