"""Builds the application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from fastapi import FastAPI

from server import __version__
from server.accounts.dependencies import actor_of_cookie
from server.accounts.sign_in import SignIn
from server.core.clock import utc_now
from server.core.config import Settings
from server.core.services import Services
from server.edge import errors
from server.edge.guard import Guard
from server.edge.headers import security_headers
from server.edge.pages import Pages
from server.wiring import BESIDE, ROUTERS


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole server as one ASGI application. The database must be migrated (`server.migrations.upgrade`)."""
    services = Services.start(settings, clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(services.stop)
            for beside in BESIDE:
                await stack.enter_async_context(beside(services))
            yield

    app = FastAPI(
        title="Nhịp Cầu",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.recognise = actor_of_cookie
    app.state.sign_in = SignIn(services)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/", Pages(settings.web))
    errors.install(app)
    app.add_middleware(Guard, settings=settings, headers=security_headers(settings))
    return app
