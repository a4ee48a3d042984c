"""Server and media node die in the middle of a conference; every hall is back by itself, its role on the stage kept."""

import os
import signal

import pytest

from tests.deployment import Deployment
from tests.e2e.people import Conference

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

MAIN, HIEP_AN = 1, 6


@pytest.fixture(scope="module", autouse=True)
def _few(conference: Conference) -> None:
    """Main point, one district, two communes are enough here."""
    conference.halls = [conference.halls[0], conference.halls[1], conference.halls[4], conference.halls[5]]


async def test_on_air(conference: Conference) -> None:
    await conference.open_console()
    for hall in conference.halls:
        await hall.enter()
    await conference.start()
    called = conference.halls[-1]
    await conference.call(called)
    for hall in conference.halls[:-1]:
        await hall.sees(HIEP_AN)


async def test_the_media_node_is_killed(conference: Conference, deployment: Deployment) -> None:
    os.kill(deployment.node_pid(), signal.SIGKILL)
    await deployment.ready()
    for hall in conference.halls[:-1]:
        await hall.sees_moving(HIEP_AN, seconds=5)
    await conference.main.hears(HIEP_AN)


async def test_the_server_is_killed(conference: Conference, deployment: Deployment) -> None:
    deployment.kill()
    deployment.start()
    await deployment.ready()
    for hall in conference.halls[:-1]:
        await hall.sees_moving(HIEP_AN, seconds=5)
    assert await conference.halls[-1].state() == "on-air"
    await conference.wall_shows(conference.halls[-1], "on-air", seconds=5)
    # The way back carries commands too.
    await conference.take_back()
    for hall in conference.halls[1:]:
        await hall.sees(MAIN)
