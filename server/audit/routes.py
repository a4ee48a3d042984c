from typing import Annotated

from fastapi import APIRouter, Query

from server.audit import queries
from server.audit.schemas import AuditPage, AuditQuery
from server.core.actor import Role
from server.core.errors import NotAllowed
from server.edge.dependencies import AppServices, CurrentActor

router = APIRouter(prefix="/api", tags=["audit"])


@router.get("/audit")
async def audit(actor: CurrentActor, services: AppServices, asked: Annotated[AuditQuery, Query()]) -> AuditPage:
    """The log, newest first, page by page; for administrators of the root unit."""
    if not any(grant.role is Role.ADMIN and grant.unit_path.count("/") == _ROOT for grant in actor.grants):
        raise NotAllowed()
    async with services.database.read(long=True) as session:
        return await queries.page(session, asked)


_ROOT = 2
"""Slashes in the path of a root unit: "/1/"."""
