"""A deployment with a small conference, and everyone's real browsers. One for each test module: browsers are dear."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from xdist.scheduler import LoadFileScheduling

from tests.deployment import Deployment
from tests.e2e import chromium
from tests.e2e.engines import CHROMIUM, ENGINES, FIREFOX, SHARED_ADDRESS, Engine
from tests.e2e.office import Office
from tests.e2e.people import Conference

EVERY_BROWSER = "NHIPCAU_TEST_EVERY_BROWSER"
"""Set by `make test-browsers`: long stories that Firefox tells then, too (they take `make test` past its time)."""


def pytest_configure(config: pytest.Config) -> None:
    """Before any worker is started."""
    if hasattr(config, "workerinput") or os.geteuid() != 0 or SHARED_ADDRESS in os.environ:
        return
    line = chromium.line()
    os.environ[SHARED_ADDRESS] = line.__enter__().host_address
    config.add_cleanup(lambda: line.__exit__(None, None, None))
    config.add_cleanup(lambda: os.environ.pop(SHARED_ADDRESS, None))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test in both browsers, but for those that say why not."""
    if "engine" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker
        alone = marked("not_in_firefox") or (marked("firefox_on_request") and not os.environ.get(EVERY_BROWSER))
        engines = (CHROMIUM,) if alone else ENGINES
        names = [each.name for each in engines]
        metafunc.parametrize("engine", engines, ids=names, scope="module", indirect=True)


class _Stories(LoadFileScheduling):  # type: ignore[misc]
    """A module in one browser is one story, which may be told beside the same one in the other browser."""

    def _split_scope(self, nodeid: str) -> str:
        module: str = super()._split_scope(nodeid)
        return f"{module} {FIREFOX.name}" if FIREFOX.name in nodeid.rpartition("[")[2] else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return _Stories(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Engine:
    """The browser that this round of the module is told in."""
    chosen: Engine = request.param
    return chosen


@pytest.fixture(scope="module")
def weak_line() -> Iterator[chromium.Line]:
    """The line of the hall that lives in a namespace of its own."""
    with chromium.line() as line:
        yield line


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, weak_line: chromium.Line) -> Iterator[Deployment]:
    made = Deployment(tmp_path_factory.mktemp("deployment"), (weak_line.host_address,))
    yield made
    made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def conference(
    deployment: Deployment, weak_line: chromium.Line, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Conference]:
    """Seven halls and the chair, all with pages of their own; the meeting is open, nobody has entered."""
    async with AsyncExitStack() as stack:
        made = await Conference.prepare(deployment)
        deployment.start()
        await deployment.ready()
        await made.bring_browsers(stack, weak_line, tmp_path_factory.mktemp("browsers"))
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> AsyncIterator[Office]:
    """A deployment of its own with a meeting in each state, and one browser for everybody."""
    async with Office.running(tmp_path_factory.mktemp("office"), engine) as made:
        yield made
