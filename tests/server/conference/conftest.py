"""A node's secret, and a conference whose media it carries."""

import pytest

from server.conference.secret import NodeSecret
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders, library
from tests.sockets import LiveServer


@pytest.fixture
def secret(server: LiveServer) -> str:
    return str(server.app.state.services.components[NodeSecret].value())


@pytest.fixture
async def meeting(services: Services, province: builders.Province) -> Meeting:
    """With two on its list of delegates: they may follow it."""
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        for person in (province.delegate, province.hall_secretary):
            await library.delegate(tx.session, meeting, person, province.da_sar_hall)
    return meeting
