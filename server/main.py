"""Builds the application."""

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.routing import BaseRoute

from server import __version__
from server.accounts.openid.provider import Provider
from server.accounts.openid.underway import Underway
from server.accounts.password_reset import ResetLimits
from server.accounts.recognition import Recognition
from server.accounts.sign_in import SignIn
from server.attendance.people.group_commit import CheckInGroups
from server.audit.anchors import Anchors
from server.audit.chain_check import ChainCheck
from server.audit.chaining import Chaining
from server.audit.log import AuditLog
from server.ballots.casting import VoteGroups
from server.ballots.sealing import BallotKeys
from server.conference.nodes.routes import is_a_nodes
from server.conference.service import ConferenceService
from server.core.actor import Actor
from server.core.clock import utc_now
from server.core.config import Settings
from server.core.services import Services
from server.core.watchdog import Watchdog
from server.devices.limits import CodeLimits
from server.edge import errors
from server.edge.budgets import Connections
from server.edge.build import Build
from server.edge.exports import Exports
from server.edge.guard import Guard
from server.edge.headers import SecurityHeaders
from server.edge.health import MediaState
from server.edge.idempotency import Running
from server.edge.page_faults import PageFaults
from server.edge.pages import Pages
from server.edge.proxy_watch import ProxyWatch
from server.edge.requests import Requests
from server.edge.turnstile import Turnstile
from server.invitations.rate_limits import EntryLimits
from server.live.routes import LiveEntrance, claims_a_place
from server.live.schema import add_live_schemas
from server.papers.access.grouped_readers import GroupedReaders
from server.papers.delivery.page_taking import PageTaking
from server.papers.delivery.pages import Pictures
from server.papers.delivery.personal_copies import PersonalCopies
from server.papers.hooks import HandedOut
from server.papers.library_cache import LibraryCache
from server.papers.packs.finding import Finder
from server.reading.receipts.group_commit import ReceiptGroups
from server.system.settings import Fixed, adopt
from server.system.trials import Trials
from server.wiring import BESIDE, LIVE, ROUTERS, components


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole server as one ASGI application; `app.state.services` is the way to all its parts. The database must be
    migrated (`server.migrations.upgrade`)."""
    services = Services.start(settings, components(), clock)
    audit_log = AuditLog(services)
    chain_check = ChainCheck(services)
    watchdog = Watchdog(logged=settings.log_stalls_ms / 1000)
    conference = ConferenceService(services, LIVE, audit_log)
    receipts = ReceiptGroups(services)
    for component in (
        audit_log,
        chain_check,
        watchdog,
        Fixed.by(settings),
        Trials(services),
        conference,
        conference.gateway,
        conference.live,
        conference.nodes,
        conference.secret,
        receipts,
        MediaState(conference.live.media_up),
        HandedOut(receipts.served),
        Connections(settings.trusted_proxies),
        ProxyWatch(),
        Requests(),
        Turnstile(claims_a_place, free=is_a_nodes),
        Exports(),
        PageFaults(),
        Running(),
        Recognition(),
        SignIn(services, audit_log),
        Provider(settings),
        Underway(),
        ResetLimits(),
        LibraryCache(),
        PersonalCopies(),
        Finder(),
        GroupedReaders(services),
        Pictures(services.storage),
        PageTaking(services, audit_log),
        EntryLimits(),
        CodeLimits(),
        Build(settings.web),
        CheckInGroups(services),
        VoteGroups(services),
        BallotKeys(settings.var),
    ):
        services.components.put(component)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(services.stop)
            await adopt(services)
            await stack.enter_async_context(watchdog.watching())
            for beside in BESIDE:
                await stack.enter_async_context(beside(services))
            await stack.enter_async_context(Anchors(services).running())
            await stack.enter_async_context(Chaining(services).running())
            await stack.enter_async_context(chain_check.running())
            await stack.enter_async_context(audit_log.running())
            await stack.enter_async_context(conference.running())
            yield

    app = FastAPI(
        title="Nhịp Cầu",
        version=__version__,
        openapi_url=None,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        # Nobody here takes it; to find that out cost every request and every socket a twentieth of a millisecond.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.services = services
    app.router.routes.extend(_routes())
    # Not mounted: a mount would take calls of our own routes by a wrong method (405) for missing pages.
    app.router.default = Pages(settings.web)
    errors.install(app, _refusals_into(audit_log))
    app.add_middleware(
        Guard,
        settings=settings,
        security=SecurityHeaders(settings),
        proxies=services.components[ProxyWatch],
        requests=services.components[Requests],
    )
    app.add_middleware(LiveEntrance, gateway=conference.gateway)
    _with_live_schemas(app, conference)
    return app


@functools.cache
def _routes() -> list[BaseRoute]:
    """Made once a process: they hold nothing of one application, and FastAPI takes a tenth of a second for them."""
    everything = APIRouter()
    for router in ROUTERS:
        everything.include_router(router)
    return everything.routes


def _refusals_into(audit_log: AuditLog) -> Callable[[Request, str], None]:
    def refused(request: Request, code: str) -> None:
        actor: Actor | None = getattr(request.state, "actor", None)
        if actor is None and request.client is not None:
            actor = Actor(address=request.client.host)
        route = request.scope.get("route")
        if code != "not-signed-in" or request.cookies:  # every visit begins by asking who one is
            audit_log.refused(actor or Actor(), code, f"{request.method} {getattr(route, 'path', '*')}")

    return refused


def _with_live_schemas(app: FastAPI, conference: ConferenceService) -> None:
    """Lets the OpenAPI document describe the live channel too: one generator makes all types of the web client."""
    routes_only = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            add_live_schemas(routes_only(), conference.live.features)
        return routes_only()

    app.openapi = document  # type: ignore[method-assign]
