"""Several positions of one person, and the one that is shown."""

from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import select

from server.accounts.models import Person, Post
from server.accounts.post_changes import turn, until_midnight
from server.core.actor import SYSTEM, Role
from server.core.clock import VIETNAM
from server.core.services import Services
from tests import builders
from tests.builders import Neighbour, Province
from tests.conftest import Browsers, Clock


def post(unit_id: int, title: str, first: str | None = None, last: str | None = None) -> dict[str, Any]:
    return {"unit_id": unit_id, "title": title, "valid_from": first, "valid_until": last}


async def shown(client: httpx2.AsyncClient, person_id: int) -> tuple[str, list[str]]:
    person = (await client.get(f"/api/people/{person_id}")).json()
    return person["title"], [each["title"] for each in person["posts"]]


async def test_the_first_that_is_held_today_is_shown(
    browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    admin = await browser(province.admin)
    path = f"/api/people/{province.chair.id}"
    await admin.patch(path, json={"title": "Phó Bí thư"})
    assert await shown(admin, province.chair.id) == ("Phó Bí thư", ["Phó Bí thư"])
    today = services.clock().astimezone(VIETNAM).date()
    yesterday, tomorrow = (str(today + timedelta(days=days)) for days in (-1, 1))
    posts = [
        post(province.root.id, "Bí thư Tỉnh ủy", first=tomorrow),
        post(province.root.id, "Phó Bí thư Tỉnh ủy", first="2020-10-01", last=str(today)),
        post(province.lat.id, "Bí thư Đảng ủy xã", first="2015-01-01", last=yesterday),
        post(province.lat.id, "Đại biểu Hội đồng nhân dân tỉnh"),
    ]
    answer = await admin.put(f"{path}/posts", json=posts)
    assert answer.json()["title"] == "Phó Bí thư Tỉnh ủy", answer.text
    assert [each["title"] for each in answer.json()["posts"]] == [each["title"] for each in posts]
    # Edited where the person's one position always was: it is the main one that is meant.
    await admin.patch(path, json={"title": "Phó Bí thư Thường trực Tỉnh ủy"})
    assert (await shown(admin, province.chair.id))[1][1] == "Phó Bí thư Thường trực Tỉnh ủy"
    clock.pass_(seconds=until_midnight(services.clock()).total_seconds())
    await turn(services)
    async with services.database.read() as session:
        person = await session.get_one(Person, province.chair.id)
        assert (person.title, person.search_title) == ("Bí thư Tỉnh ủy", "bi thu tinh uy")
    searched = await (await browser(province.organiser)).get("/api/people", params={"q": "bi thu tinh uy"})
    assert [each["title"] for each in searched.json()] == ["Bí thư Tỉnh ủy"]


async def test_none_is_left(browser: Browsers, province: Province, services: Services) -> None:
    admin = await browser(province.admin)
    path = f"/api/people/{province.chair.id}"
    await admin.put(f"{path}/posts", json=[post(province.root.id, "Trưởng ban", first="2020-01-01")])
    await admin.patch(path, json={"title": ""})
    assert await shown(admin, province.chair.id) == ("", ["Trưởng ban"])
    async with services.database.read() as session:
        kept = await session.scalar(select(Post))
        assert kept is not None
        assert kept.valid_until is not None
    assert (await admin.put(f"{path}/posts", json=[])).json()["posts"] == []
    wrong = await admin.put(f"{path}/posts", json=[post(province.root.id, "A", "2026-02-01", "2026-01-01")])
    assert wrong.status_code == 422


async def test_a_post_is_in_a_unit_of_ones_own(
    browser: Browsers, province: Province, neighbour: Neighbour, services: Services
) -> None:
    async with services.transactions(SYSTEM) as tx:
        small = await builders.person(tx.session, province.lac_duong, "Quản Trị Huyện", Role.ADMIN)
        theirs = await builders.person(tx.session, province.da_sar, "Cil Ya")
    client = await browser(small)
    path = f"/api/people/{theirs.id}/posts"
    for unit, status in ((province.da_sar, 200), (province.root, 403), (neighbour.root, 403)):
        assert (await client.put(path, json=[post(unit.id, "Ủy viên")])).status_code == status, unit.name
    assert (await client.put(f"/api/people/{province.chair.id}/posts", json=[])).status_code == 403
    # Given by the administrator above: it may stay where the one below edits the others.
    above = await browser(province.admin)
    both = [post(province.da_sar.id, "Bí thư"), post(province.root.id, "Tỉnh ủy viên")]
    assert (await above.put(path, json=both)).status_code == 200
    assert (await client.put(path, json=[*both, post(province.da_sar.id, "Chủ tịch")])).status_code == 200


async def test_two_who_edit_positions(browser: Browsers, province: Province) -> None:
    admin = await browser(province.admin)
    path = f"/api/people/{province.chair.id}/posts"
    seen = (await admin.get(f"/api/people/{province.chair.id}")).json()["revision"]
    asked = {"revision": seen}
    assert (await admin.put(path, json=[post(province.root.id, "A")], params=asked)).status_code == 200
    second = await admin.put(path, json=[post(province.root.id, "B")], params=asked)
    assert (second.status_code, second.json()["code"]) == (409, "edited-meanwhile")
    assert second.json()["details"]["current"]["title"] == "A"
