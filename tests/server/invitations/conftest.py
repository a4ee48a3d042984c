"""A conference over the small province that people have been invited to."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers

Add = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def meeting(services: Services, province: Province) -> Meeting:
    return await builders.conference(services, province, "invited")


@pytest.fixture
async def organiser(browser: Browsers, province: Province) -> httpx2.AsyncClient:
    return await browser(province.organiser)


@pytest.fixture
async def secretary(browser: Browsers, province: Province) -> httpx2.AsyncClient:
    """Of Đạ Sar's hall."""
    return await browser(province.hall_secretary)


@pytest.fixture
async def stranger(browser: Browsers) -> httpx2.AsyncClient:
    """Not signed in."""
    return await browser()


@pytest.fixture
async def add(organiser: httpx2.AsyncClient, meeting: Meeting, province: Province) -> Add:
    """`await add("Tên", "Tên khác", point_id=…, …)`: the organiser puts these on a list (default: Đạ Sar's)."""

    async def put(*names: str | dict[str, Any], point_id: int | None = province.da_sar_hall.id) -> list[dict[str, Any]]:
        people = [name if isinstance(name, dict) else {"full_name": name} for name in names]
        answer = await organiser.post(
            f"/api/meetings/{meeting.id}/delegates", json={"point_id": point_id, "people": people}
        )
        assert answer.status_code == 201, answer.text
        added: list[dict[str, Any]] = answer.json()
        return added

    return put
