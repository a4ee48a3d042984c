"""Two people edit one thing at a time: the second is told, with what the first saved, and overwrites nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from tests.builders import Province

Browsers = Callable[..., Awaitable[httpx2.AsyncClient]]


async def refused(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.status_code == 409, answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == "edited-meanwhile"
    return dict(body["details"])


@pytest.mark.parametrize("place", ["units", "points", "people"])
async def test_of_two_administrators_the_second_is_told(browser: Browsers, province: Province, place: str) -> None:
    client = await browser(province.admin)
    row_id = {"units": province.lac_duong, "points": province.lat_hall, "people": province.organiser}[place].id
    field = "title" if place == "people" else "name"
    first = (await client.patch(f"/api/{place}/{row_id}", json={field: "Một"})).json()
    seen = first["revision"]
    second = await client.patch(f"/api/{place}/{row_id}?revision={seen}", json={field: "Hai"})
    assert second.json()["revision"] == seen + 1
    clash = await refused(await client.patch(f"/api/{place}/{row_id}?revision={seen}", json={field: "Ba"}))
    assert clash["current"][field] == "Hai"
    assert clash["revision"] == clash["current"]["revision"] == seen + 1
    assert clash["changed_by"] == province.admin.full_name
    # Having seen it, it goes on.
    third = await client.patch(f"/api/{place}/{row_id}?revision={seen + 1}", json={field: "Ba"})
    assert third.json()[field] == "Ba"


async def test_of_two_at_the_same_moment_one_is_told(browser: Browsers, province: Province) -> None:
    clients = [await browser(province.admin) for _ in range(2)]
    address = f"/api/points/{province.lat_hall.id}?revision=1"
    answers = await asyncio.gather(
        *(client.patch(address, json={"name": f"Hội trường {n}"}) for n, client in enumerate(clients))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
