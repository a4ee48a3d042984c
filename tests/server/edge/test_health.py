"""Liveness and readiness are two questions."""

import asyncio

import pytest

from server.core.services import Services
from tests.conftest import Browsers


async def test_alive_and_ready(browser: Browsers) -> None:
    client = await browser()
    assert (await client.get("/api/health/live")).status_code == 204
    assert (await client.get("/api/health/ready")).status_code == 204


async def test_without_its_database_it_lives_and_is_not_ready(
    browser: Browsers, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await browser()

    class Stuck:
        async def __aenter__(self) -> None:
            await asyncio.sleep(60)

        async def __aexit__(self, *_: object) -> None: ...

    monkeypatch.setattr("server.edge.health._READY_SECONDS", 0.1)
    monkeypatch.setattr(services.database, "read", Stuck)
    answer = await client.get("/api/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert (await client.get("/api/health/live")).status_code == 204
