import hmac
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from server.conference.nodes.registry import Nodes
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.errors import NotAllowed, NotFound
from server.core.metrics import CONTENT_TYPE, exposition
from server.edge.dependencies import AppServices, CurrentActor, ReadSession, Write
from server.edge.routing import WriteRoute
from server.live.registry import Live
from server.live.relays import relays
from server.organisations.queries import is_empty
from server.system import actions, first_start
from server.system.first_steps import first_steps
from server.system.metrics import collect
from server.system.schemas import (
    FirstSteps,
    MailTrial,
    ProbeAnswer,
    ProbeOffer,
    ProbeWays,
    SettingsWrite,
    SetupDone,
    SetupState,
    SetupWrite,
    SystemState,
    TrialState,
    TrialWrite,
    TriedAgain,
    TryAgain,
)
from server.system.settings import Fixed
from server.system.state import require_keeper, system_state, trial_state
from server.system.trials import Trials

router = APIRouter(prefix="/api", tags=["system"], route_class=WriteRoute)
watching = APIRouter(tags=["health"])


@watching.get("/metrics", response_class=Response)
async def metrics(
    session: ReadSession, services: AppServices, authorization: Annotated[str, Header(max_length=300)] = ""
) -> Response:
    """For Prometheus, by the token of the settings; without one there is no such page."""
    token = services.settings.metrics_token
    if token is None:
        raise NotFound()
    if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
        raise NotAllowed()
    figures = await collect(services, session, services.components[Live])
    return Response(exposition(figures), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


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


@router.get("/system")
async def state(actor: CurrentActor, session: ReadSession, services: AppServices) -> SystemState:
    return await system_state(services, session, actor)


@router.patch("/system")
async def change(write: SettingsWrite, tx: Write, services: AppServices) -> SettingsWrite:
    await actions.change_settings(tx, services, write)
    return write


@router.post("/system/mail-trial", status_code=202)
async def try_mail(write: MailTrial, tx: Write, services: AppServices) -> None:
    await actions.send_trial_mail(tx, services, write.to)


@router.post("/system/trials", status_code=202)
async def try_out(which: TrialWrite, actor: CurrentActor, session: ReadSession, services: AppServices) -> TrialState:
    await require_keeper(session, actor)
    services.components[Trials].start(which.kind)
    return trial_state(services, which.kind)


@router.post("/system/again")
async def again(which: TryAgain, tx: Write) -> TriedAgain:
    return await actions.do_again(tx, which)


@router.get("/media-probe")
async def probe_ways(actor: CurrentActor, services: AppServices) -> ProbeWays:
    """What a browser needs before it tries its way to the media node."""
    return ProbeWays(relays=relays(services.settings, _prober(actor), services.clock()))


@router.post("/media-probe")
async def probe(offer: ProbeOffer, actor: CurrentActor, services: AppServices) -> ProbeAnswer:
    """A browser tries its way to the media node, without a meeting: for staff and halls' devices."""
    sdp = await services.components[Nodes].probe(
        _prober(actor),
        offer.participant,
        session=offer.session,
        sdp=offer.sdp,
        publish=offer.publish,
        slots=offer.slots,
    )
    return ProbeAnswer(sdp=sdp)


def _prober(actor: Actor) -> str:
    if actor.only_meetings is not None or not (actor.grants or actor.point_id):
        raise NotAllowed()
    return f"person-{actor.person_id}" if actor.person_id is not None else f"point-{actor.point_id}"


@router.get("/first-steps")
async def steps(actor: CurrentActor, session: ReadSession) -> FirstSteps:
    return await first_steps(session, actor)
