"""What roles allow in meetings, for who gives them."""

from fastapi import APIRouter
from pydantic import BaseModel

from server.accounts.dependencies import CurrentActor
from server.core.actor import Role
from server.core.errors import NotAllowed
from server.meetings.capabilities import Capability, of_role

router = APIRouter(prefix="/api", tags=["meetings"])


class RoleAllows(BaseModel):
    role: Role
    capabilities: list[Capability]
    """In the meetings of the unit and of those below it; of a hall's staff, in those that the hall takes part in."""


@router.get("/roles")
async def roles(actor: CurrentActor) -> list[RoleAllows]:
    """By the one table of `capabilities`; for administrators."""
    if not actor.administered:
        raise NotAllowed()
    return [RoleAllows(role=role, capabilities=[each for each in Capability if each in of_role(role)]) for role in Role]
