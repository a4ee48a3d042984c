"""An empty system opens once, for whoever holds the link."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from server.accounts.models import Person
from server.audit.models import AuditEntry
from server.core.clock import STANDARD_ZONE, VIETNAM
from server.core.config import Settings
from server.core.services import Services
from server.main import create_app
from server.organisations.models import Unit
from server.system.first_start import new_link, short_name
from tests.builders import Province
from tests.conftest import Browsers

PASSWORD = "Cầu sắt ba nhịp qua suối"


@pytest.fixture(autouse=True)
def _zone_as_it_was() -> Any:
    yield
    VIETNAM.become(STANDARD_ZONE)


async def token_of(services: Services) -> str:
    link = await new_link(services)
    assert link is not None
    path, _, token = link.partition("#")
    assert path == "/setup"
    return token


def body(token: str, **more: Any) -> dict[str, Any]:
    return {
        "token": token,
        "unit_name": "Tỉnh Lâm Đồng",
        "unit_code": "h36",
        "full_name": "Trần Văn A",
        "login": "QuanTri",
        "password": PASSWORD,
        **more,
    }


async def test_the_link_makes_root_and_administrator_once(services: Services, browser: Browsers) -> None:
    client = await browser()
    assert (await client.get("/api/setup")).json()["needed"] is True
    token = await token_of(services)
    done = await client.post("/api/setup", json=body(token, public_url="https://hop.test", time_zone="Asia/Bangkok"))
    assert done.status_code == 201, done.text
    assert done.json() == {"url": "https://hop.test"}
    assert (await client.get("/api/setup")).json() == {
        "needed": False,
        "public_url": None,
        "time_zone": "Asia/Bangkok",
        "time_zone_fixed": False,
    }
    async with services.database.read() as session:
        root = (await session.scalars(select(Unit))).one()
        assert (root.name, root.short_name, root.code, root.level) == ("Tỉnh Lâm Đồng", "Lâm Đồng", "H36", "province")
        acts = (await session.scalars(select(AuditEntry.action))).all()
    assert "system.set-up" in acts
    here = await browser(Origin="https://hop.test")
    for said in (token, "x" * 43):
        again = await here.post("/api/setup", json=body(said))
        assert (again.status_code, again.json()["code"]) == (409, "already-set-up")
    assert await new_link(services) is None
    signed_in = await here.post("/api/session", json={"login": "quantri", "password": PASSWORD})
    assert signed_in.status_code == 200, signed_in.text
    # A public address asks administrators for a second factor, the first one too.
    assert (signed_in.json()["needs_factor"], signed_in.json()["administers"]) == (True, None)
    assert signed_in.json()["time_zone"] == "Asia/Bangkok"
    assert signed_in.cookies.keys() >= {"__Host-nhipcau_session"}, "the public address counts at once"
    assert "Strict-Transport-Security" in signed_in.headers


async def test_without_the_link_nothing_is_open(services: Services, browser: Browsers) -> None:
    client = await browser()
    await token_of(services)
    old = await token_of(services)
    newest = await token_of(services)
    for said in ("x" * 43, old):
        refused = await client.post("/api/setup", json=body(said))
        assert (refused.status_code, refused.json()["code"]) == (403, "setup-refused")
    weak = await client.post("/api/setup", json=body(newest, password="lamdong2025"))
    assert (weak.status_code, list(weak.json()["details"]["fields"])) == (422, ["password"])
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Unit)) == 0
    assert (await client.post("/api/setup", json=body(newest))).status_code == 201


async def test_two_who_set_up_at_once(services: Services, browser: Browsers) -> None:
    client, token = await browser(), await token_of(services)
    answers = await asyncio.gather(
        *(client.post("/api/setup", json=body(token, login=f"quantri{n}", unit_code=None)) for n in range(4))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Unit)) == 1
        assert await session.scalar(select(func.count()).select_from(Person)) == 1


async def test_a_system_with_units_has_no_link(services: Services, province: Province, browser: Browsers) -> None:
    assert await new_link(services) is None
    client = await browser()
    assert (await client.get("/api/setup")).json()["needed"] is False
    assert (await client.post("/api/setup", json=body("x" * 43))).status_code == 403


async def test_what_was_set_counts_after_a_restart_unless_the_environment_says_otherwise(
    services: Services, settings: Settings, browser: Browsers
) -> None:
    client, token = await browser(), await token_of(services)
    await client.post("/api/setup", json=body(token, public_url="https://hop.lamdong.example", time_zone="Asia/Tokyo"))
    own = settings.model_copy(update={"public_url": None, "time_zone": None})
    VIETNAM.become(STANDARD_ZONE)
    async with _running(create_app(own)):
        assert own.url == "https://hop.lamdong.example"
        assert datetime(2026, 11, 20, 0, 30, tzinfo=UTC).astimezone(VIETNAM).hour == 9
    fixed = settings.model_copy(update={"public_url": "https://khac.example", "time_zone": "Asia/Bangkok"})
    async with _running(create_app(fixed)):
        assert fixed.url == "https://khac.example"
        assert VIETNAM.name == "Asia/Bangkok"


def _running(app: FastAPI) -> Any:
    return app.router.lifespan_context(app)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_addresses_and_zones_that_are_none(services: Services, browser: Browsers) -> None:
    client, token = await browser(), await token_of(services)
    for name, value in (("public_url", "hop.lamdong"), ("time_zone", "Hà Nội"), ("unit_code", "36")):
        refused = await client.post("/api/setup", json=body(token, **{name: value}))
        assert (refused.status_code, list(refused.json()["details"]["fields"])) == (422, [name]), name


@pytest.mark.parametrize(
    ("name", "short"),
    [("Tỉnh Lâm Đồng", "Lâm Đồng"), ("Tỉnh ủy Lâm Đồng", "Lâm Đồng"), ("Bộ Nội vụ", "Bộ Nội vụ")],
)
def test_short_names(name: str, short: str) -> None:
    assert short_name(name) == short
