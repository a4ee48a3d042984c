"""What every test may ask for: a database (each test on SQLite, and on PostgreSQL where it is installed), the server's
services on it, the whole application, and browsers signed in as anybody."""

import asyncio
import gc
import itertools
import pickle
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
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
from server.wiring import components
from tests import builders, postgres

DATABASES = ["sqlite", *(["postgresql"] if postgres.binaries() else [])]
_numbers = itertools.count(1)


_tests = itertools.count(1)


def pytest_collection_finish() -> None:
    """Python looks for garbage between tests, never in the midst of one: a look at all that eighty thousand lines have
    loaded stands everything still for half a second, and took an eighth of the whole time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 100, 1_000_000)


def pytest_runtest_logfinish() -> None:
    if next(_tests) % 100 == 0:
        gc.collect()


@dataclass(frozen=True)
class Templates:
    """Databases to copy, made once a run: an empty one, migrated, and one with the province in it."""

    empty: str
    full: str
    province: bytes
    """Pickled: each test gets objects of its own."""
    server: str = ""
    """URL of a database server, with `{}` for the database's name."""


def _with_province(url: str, var: Path) -> bytes:
    """Builds it in the database and gives it pickled."""

    async def build() -> bytes:
        services = Services.start(_settings(url, var), components(), Clock())
        try:
            return pickle.dumps(await builders.province(services))
        finally:
            await services.stop()

    with ThreadPoolExecutor(1) as elsewhere:  # pytest may have an event loop here
        return elsewhere.submit(asyncio.run, build()).result()


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("template")
    empty, full = str(folder / "empty.db"), str(folder / "full.db")
    upgrade(f"sqlite+aiosqlite:///{empty}")
    shutil.copy(empty, full)
    return Templates(empty, full, _with_province(f"sqlite+aiosqlite:///{full}", folder / "var"))


@pytest.fixture(scope="session")
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    with postgres.running() as url:
        _execute(url, "CREATE DATABASE empty")
        upgrade(url.format("empty"))
        _copy(url, "filled", "empty")
        province = _with_province(url.format("filled"), tmp_path_factory.mktemp("template") / "var")
        yield Templates("empty", "filled", province, url)


def _copy(url: str, name: str, template: str) -> None:
    # Copied as files: through the log, as is the default, takes three times as long.
    _execute(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Templates:
    name = "_sqlite" if request.param == "sqlite" else "_postgres"
    made: Templates = request.getfixturevalue(name)
    return made


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database: Templates, tmp_path: Path) -> Iterator[str]:
    """A migrated database of this test's own: empty, or with the province in it if the test asks for that, too."""
    template = database.full if "province" in request.fixturenames else database.empty
    if not database.server:
        shutil.copy(template, tmp_path / "test.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    name = f"test_{next(_numbers)}"
    _copy(database.server, name, template)
    yield database.server.format(name)
    _execute(database.server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return _settings(database_url, tmp_path / "var")


def _settings(database_url: str, var: Path) -> Settings:
    return Settings(
        var=var,
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
def province(database: Templates) -> builders.Province:
    """The one of the template: to build it for each took a quarter of the time of all tests."""
    made: builders.Province = pickle.loads(database.province)  # noqa: S301  made by ourselves
    return made


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
