"""What every test may ask for: a database (each test on SQLite, and on PostgreSQL where it is installed), the server's
services on it, the whole application, and browsers signed in as anybody."""

import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import psycopg
import pytest
from fastapi import FastAPI

from server.accounts.actions import sessions
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.main import create_app
from server.migrations import upgrade
from server.organisations.models import BridgePoint
from tests import builders, postgres

DATABASES = ["sqlite", *(["postgresql"] if postgres.binaries() else [])]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with postgres.running() as url:
        _execute(url, "CREATE DATABASE template_nhipcau")
        upgrade(url.format("template_nhipcau"))
        yield url


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of this test's own."""
    if request.param == "sqlite":
        template = request.getfixturevalue("_sqlite_template")
        shutil.copy(template, tmp_path / "test.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    url = request.getfixturevalue("_postgres")
    name = f"test_{next(_numbers)}"
    _execute(url, f"CREATE DATABASE {name} TEMPLATE template_nhipcau")
    yield url.format(name)
    _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        var=tmp_path / "var",
        database_url=database_url,
        media_embedded=False,
        login_attempts="5/minute",
        _env_file=None,  # type: ignore[call-arg]
    )


class Clock:
    """The server's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = builders.MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(settings: Settings, clock: Clock) -> FastAPI:
    return create_app(settings, clock)


@pytest.fixture
async def services(app: FastAPI) -> AsyncIterator[Services]:
    """The application's own, without what runs beside it."""
    services: Services = app.state.services
    yield services
    await services.stop()


@pytest.fixture
async def province(services: Services) -> builders.Province:
    return await builders.province(services)


@pytest.fixture
async def neighbour(services: Services) -> builders.Neighbour:
    return await builders.neighbour(services)


Browsers = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def browser(app: FastAPI, services: Services) -> AsyncIterator[Browsers]:
    """`await browser(person)`: a client signed in as a person or a hall's device; `await browser()`: not signed in."""
    async with AsyncExitStack() as stack:

        async def open_browser(who: Person | BridgePoint | None = None, **headers: str) -> httpx2.AsyncClient:
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app),
                base_url="http://hop.test",
                headers={"X-Nhipcau": "1", "Origin": "http://hop.test", **headers},
            )
            await stack.enter_async_context(client)
            if who is not None:
                client.cookies.set(COOKIE, await signed_in(services, who))
            return client

        yield open_browser


async def signed_in(services: Services, who: Person | BridgePoint) -> str:
    """A fresh session's cookie value."""
    async with services.transactions(SYSTEM) as tx:
        return await sessions.open_session(
            tx,
            services.settings,
            person_id=who.id if isinstance(who, Person) else None,
            point_id=who.id if isinstance(who, BridgePoint) else None,
            user_agent="test",
        )
