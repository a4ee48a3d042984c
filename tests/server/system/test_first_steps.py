"""What is still to be brought in, for whoever administers."""

import pytest

from server.core.services import Services
from tests import builders
from tests.builders import Neighbour, Province
from tests.conftest import Browsers
from tests.server.system.test_first_start import PASSWORD, body, token_of


async def test_each_step_is_ticked_off_by_what_there_is(services: Services, browser: Browsers) -> None:
    client = await browser()
    await client.post("/api/setup", json=body(await token_of(services)))
    assert (await client.post("/api/session", json={"login": "quantri", "password": PASSWORD})).status_code == 200
    found = (await client.get("/api/first-steps")).json()
    assert found == {
        "units": False,
        "points": False,
        "people": False,
        "organiser": True,
        "devices": False,
        "meetings": False,
    }
    root = (await client.get("/api/units")).json()["units"][0]
    below = {"parent_id": root["id"], "name": "Xã Lát", "short_name": "Lát", "level": "commune"}
    unit = (await client.post("/api/units", json=below)).json()
    await client.post("/api/points", json={"unit_id": unit["id"], "name": "Lát", "short_name": "Lát"})
    await client.post("/api/people", json={"unit_id": unit["id"], "full_name": "Cil Ha"})
    found = (await client.get("/api/first-steps")).json()
    assert [name for name, there in found.items() if not there] == ["devices", "meetings"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_neighbours_things_tick_nothing_off(
    services: Services, province: Province, neighbour: Neighbour, browser: Browsers
) -> None:
    await builders.conference(services, province, "invited")
    theirs = (await (await browser(neighbour.admin)).get("/api/first-steps")).json()
    assert theirs["units"] is False
    assert (await (await browser(province.organiser)).get("/api/first-steps")).status_code == 403
