from typing import Annotated

from fastapi import APIRouter, Query

from server.audit import queries
from server.audit.schemas import AuditPage, AuditQuery
from server.core.errors import NotAllowed
from server.edge.dependencies import AppServices, CurrentActor

router = APIRouter(prefix="/api", tags=["audit"])


@router.get("/audit")
async def audit(actor: CurrentActor, services: AppServices, asked: Annotated[AuditQuery, Query()]) -> AuditPage:
    """The log, newest first, page by page; for administrators of a root unit. Where there are several roots, each one's
    reads what its own people and halls did."""
    roots = actor.administered_roots
    if not roots:
        raise NotAllowed()
    async with services.database.read(long=True) as session:
        alone = await queries.is_only_root(session, roots)
        return await queries.page(session, asked, None if alone else roots)
