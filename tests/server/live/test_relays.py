"""Browsers are told of the relay with credentials that it takes for a day, and that say who asked."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from server.core.services import Services
from tests import builders
from tests.conftest import Browsers
from tests.server.conftest import Join

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

URLS = ("turn:turn.lamdong.example:3478?transport=udp", "turns:turn.lamdong.example:443?transport=tcp")
SECRET = "shared with coturn"


@pytest.fixture
def relayed(services: Services) -> Services:
    services.settings.turn_urls, services.settings.turn_secret = URLS, SECRET
    return services


def judge(services: Services, told: list[dict[str, Any]], name: str) -> None:
    (relay,) = told
    assert relay["urls"] == list(URLS)
    ends, _, who = relay["username"].partition(":")
    assert who == name
    assert 0 <= int(ends) - services.clock().timestamp() - 24 * 3600 + 60 <= 60
    mac = hmac.new(SECRET.encode(), relay["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(relay["credential"]) == mac


async def test_a_room_tells_its_clients(relayed: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(relayed, province, "running")
    hall = await join(meeting.id, province.da_sar_hall)
    judge(relayed, hall.snapshot["relays"], f"point-{province.da_sar_hall.id}")


async def test_without_a_relay_nothing_is_told(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    assert (await join(meeting.id, province.da_sar_hall)).snapshot["relays"] == []


async def test_staff_and_halls_are_told_for_a_trial(
    relayed: Services, province: builders.Province, browser: Browsers
) -> None:
    for who, name in (
        (province.technician, f"person-{province.technician.id}"),
        (province.da_sar_hall, f"point-{province.da_sar_hall.id}"),
    ):
        judge(relayed, (await (await browser(who)).get("/api/media-probe")).json()["relays"], name)
    for refused, status in ((province.stranger, 403), (None, 401)):
        assert (await (await browser(refused)).get("/api/media-probe")).status_code == status
