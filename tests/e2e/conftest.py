"""A deployment with a small conference, and everyone's real browsers. One for each test module: browsers are dear."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.deployment import Deployment
from tests.e2e import chromium
from tests.e2e.office import Office
from tests.e2e.people import Conference


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
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A deployment of its own with a meeting in each state, and one Chromium for everybody."""
    async with Office.running(tmp_path_factory.mktemp("office")) as made:
        yield made
