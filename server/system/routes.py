from fastapi import APIRouter, Request

from server.core.clock import VIETNAM
from server.edge.dependencies import AppServices, ReadSession
from server.edge.routing import WriteRoute
from server.organisations.queries import is_empty
from server.system import first_start
from server.system.schemas import SetupDone, SetupState, SetupWrite
from server.system.settings import Fixed

router = APIRouter(prefix="/api", tags=["system"], route_class=WriteRoute)


@router.get("/setup")
async def setup_state(session: ReadSession, services: AppServices) -> SetupState:
    """Whether the system is empty; said to everybody, as there is nobody yet."""
    fixed = services.components[Fixed]
    return SetupState(
        needed=await is_empty(session),
        public_url=services.settings.url if fixed.public_url else None,
        time_zone=VIETNAM.name,
        time_zone_fixed=fixed.time_zone,
    )


@router.post("/setup", status_code=201)
async def set_up(write: SetupWrite, request: Request, services: AppServices) -> SetupDone:
    """By the one-time link of an empty system."""
    return SetupDone(url=await first_start.set_up(services, write, request.client.host if request.client else ""))
