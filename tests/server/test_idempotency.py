"""Asking twice for one thing, as a client does whose line broke before the answer came."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from server.accounts.dependencies import COOKIE
from server.accounts.models import AccessLink, Person
from server.core.services import Services
from server.edge.idempotency import IdempotentAnswer
from server.invitations.models import AccessRequest
from server.organisations.models import BridgePoint
from server.retention import tidy
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock, signed_in
from tests.sockets import serving

KEY = "0f3c9a52d7e84b61a5c02e9b8d417f36"
GUEST = {"full_name": "Lê Văn Khách", "unit_text": "Sở Tư pháp", "phone": "0912345678"}


async def count(services: Services, model: Any) -> int:
    async with services.database.read() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


def point(province: Province, name: str = "Hội trường mới") -> dict[str, Any]:
    return {"unit_id": province.lat.id, "name": name, "short_name": "Mới"}


async def test_a_line_that_breaks_before_the_answer(app: FastAPI, services: Services, province: Province) -> None:
    cookie = await signed_in(services, province.admin)
    before = await count(services, BridgePoint)
    async with serving(app) as server:
        base = f"http://127.0.0.1:{server.port}"
        headers = {"X-Nhipcau": "1", "Origin": base, "Idempotency-Key": KEY, "Cookie": f"{COOKIE}={cookie}"}
        headers["Content-Type"] = "application/json"
        body = json.dumps(point(province))
        lines = [f"POST /api/points HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body.encode())}\r\n\r\n", body]
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write("".join(lines).encode())
        await writer.drain()
        async with asyncio.timeout(10):
            while await count(services, BridgePoint) == before:  # noqa: ASYNC110  (the server gives no signal)
                await asyncio.sleep(0.01)
        writer.close()  # done, and nobody hears the answer
        async with httpx2.AsyncClient(base_url=base, headers=headers) as client, asyncio.timeout(10):
            while (again := await client.post("/api/points", content=body)).status_code == 409:
                assert again.json()["code"] == "still-running"
                assert int(again.headers["retry-after"]) >= 1
                await asyncio.sleep(0.05)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert await count(services, BridgePoint) == before + 1


async def test_the_answer_is_the_first_one_and_nothing_is_made_twice(
    browser: Browsers, services: Services, province: Province
) -> None:
    client = await browser(province.admin, **{"Idempotency-Key": KEY})
    before = await count(services, BridgePoint)
    first = await client.post("/api/points", json=point(province))
    again = await client.post("/api/points", json=point(province))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await count(services, BridgePoint) == before + 1
    other = await client.post("/api/points", json=point(province, "Hội trường khác"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    # The same word of somebody else is another key.
    neighbour = await browser(province.admin, **{"Idempotency-Key": KEY})
    assert (await neighbour.post("/api/points", json=point(province))).status_code == 201
    assert await count(services, BridgePoint) == before + 2
    async with services.database.read() as session:
        [row, _] = await session.scalars(select(IdempotentAnswer).order_by(IdempotentAnswer.id))
    assert KEY not in (row.key_hash, row.owner)
    assert "trường".encode() not in (row.answer or "trường".encode())


async def test_what_was_refused_may_be_asked_again(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin, **{"Idempotency-Key": KEY})
    assert (await client.post("/api/points", json={**point(province), "unit_id": 99_999})).status_code == 404
    assert (await client.post("/api/points", json={**point(province), "name": ""})).status_code == 422
    assert (await client.post("/api/points", json=point(province))).status_code == 201


@pytest.mark.parametrize("what", ["person", "link", "request"])
async def test_of_two_at_once_one_is_carried_out(
    browser: Browsers, services: Services, province: Province, what: str
) -> None:
    """Also where the answer is made of several transactions, and for who is not signed in."""
    meeting = await builders.conference(services, province, "invited")
    client = await browser(None if what == "request" else province.admin, **{"Idempotency-Key": KEY})
    path, body, model = {
        "person": ("/api/people", {"unit_id": province.lat.id, "full_name": "Nguyễn Văn Mới"}, Person),
        "link": ("/api/links", {"person_id": province.delegate.id}, AccessLink),
        "request": (f"/api/m/{meeting.public_code}/requests", GUEST, AccessRequest),
    }[what]
    before = await count(services, model)
    answers = await asyncio.gather(*(client.post(path, json=body) for _ in range(2)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert all(answer.json()["code"] == "still-running" for answer in answers if answer not in made)
    assert made
    again = await client.post(path, json=body)
    assert again.json() == made[0].json()
    assert await count(services, model) == before + 1


async def test_it_is_forgotten_after_a_day(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    client = await browser(province.admin, **{"Idempotency-Key": KEY})
    await client.post("/api/points", json=point(province))
    clock.now += timedelta(hours=25)
    await tidy(services)
    assert await count(services, IdempotentAnswer) == 0


@pytest.mark.parametrize("what", ["point", "person"])
async def test_an_old_key_may_be_used_before_the_daily_round(
    browser: Browsers, services: Services, province: Province, clock: Clock, what: str
) -> None:
    client = await browser(province.admin, **{"Idempotency-Key": KEY})
    path, body = {
        "point": ("/api/points", point(province)),
        "person": ("/api/people", {"unit_id": province.lat.id, "full_name": "Nguyễn Văn Mới"}),
    }[what]
    assert (await client.post(path, json=body)).status_code == 201
    clock.now += timedelta(hours=25)
    again = await client.post(path, json=body)
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, None)
    assert (await client.post(path, json=body)).headers["idempotent-replayed"] == "true"
    assert await count(services, IdempotentAnswer) == 1
