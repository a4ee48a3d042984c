"""Sessions that came by links bound to meetings: they reach those and nothing else, whatever roles the person has."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from server.accounts.actions.links import create_link, make_bound_links, revoke_bound_links
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from server.notifications.actions import notify
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock


async def link_to(services: Services, meeting: Meeting, who: Person) -> str:
    """The token."""
    async with services.transactions(SYSTEM) as tx:
        made = await make_bound_links(tx, meeting.id, [who.id], next_path="/", expires_at=tx.now + timedelta(days=20))
    return made[who.id].path.removeprefix("/join/")


async def tap(client: httpx2.AsyncClient, token: str) -> None:
    answer = await client.post("/api/session/link", json={"token": token})
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def meetings(services: Services, province: Province) -> list[Meeting]:
    """Three that run at the same time, all of them with the same chair."""
    return [await builders.conference(services, province, "running") for _ in range(3)]


async def test_a_great_role_counts_for_nothing_by_link(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    """The administrator and the organiser by a personal link: what their roles reach is closed."""
    here, other, _ = meetings
    full = await browser(province.organiser)
    sessions_before = len((await full.get("/api/sessions")).json())
    for who in (province.admin, province.organiser, province.operator, province.hall_secretary):
        client = await browser()
        await tap(client, await link_to(services, here, who))
        me = (await client.get("/api/session")).json()
        assert (me["only_meetings"], me["roles"], me["can_plan"], me["administers"]) == ([here.id], [], False, None)
        for method, path, body in (
            ("GET", "/api/people", None),
            ("GET", f"/api/people/{province.chair.id}", None),
            ("POST", "/api/people", {"unit_id": province.root.id, "full_name": "A"}),
            ("PATCH", f"/api/people/{province.stranger.id}", {"title": "B"}),
            ("PUT", f"/api/people/{who.id}/roles", [{"role": "admin", "unit_id": province.root.id}]),
            ("POST", "/api/links", {"person_id": province.chair.id}),
            ("POST", "/api/units", {"parent_id": province.root.id, "name": "A", "short_name": "A", "level": "below"}),
            (
                "POST",
                "/api/meetings",
                {
                    "kind": "hoi-nghi",
                    "title": "Họp",
                    "unit_id": province.root.id,
                    "starts_at": MORNING.isoformat(),
                    "ends_at": (MORNING + timedelta(hours=1)).isoformat(),
                    "main_point_id": province.main.id,
                },
            ),
            ("PATCH", f"/api/meetings/{here.id}", {"version": 1, "title": "B"}),
            ("POST", f"/api/meetings/{here.id}/withdraw", None),
            ("GET", f"/api/meetings/{here.id}/delegates", None),
            ("POST", f"/api/meetings/{here.id}/delegates", {"point_id": None, "people": [{"full_name": "A"}]}),
            ("POST", f"/api/meetings/{here.id}/links", {"delegate_ids": None, "send": False}),
            ("GET", f"/api/meetings/{here.id}/requests", None),
            ("GET", f"/api/meetings/{other.id}", None),
            ("GET", f"/api/meetings/{other.id}/delegates", None),
            ("POST", f"/api/meetings/{other.id}/end", None),
            ("PUT", "/api/session/password", {"current": "x", "new": "nghìn năm văn hiến"}),
        ):
            answer = await client.request(method, path, json=body)
            assert answer.status_code in (403, 404), (who.full_name, method, path, answer.text)
        assert (await client.get("/api/units")).json() == {"units": [], "points": []}
        assert {each["id"] for each in (await client.get("/api/meetings")).json()} <= {here.id}
    assert len((await full.get("/api/sessions")).json()) == sessions_before + 1


async def test_a_part_in_the_meeting_counts(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    """The chair reads by link, and conducts on the one device that was confirmed, this meeting and only this one; lists
    and ways in stay closed. A link that was passed on conducts nothing."""
    here, other, _ = meetings
    client, passed_on = await browser(), await browser()
    link = await link_to(services, here, province.chair)
    await tap(client, link)

    async def mine(client: httpx2.AsyncClient) -> dict[str, Any]:
        found: dict[str, Any] = (await client.get(f"/api/meetings/{here.id}")).json()["my"]
        return found

    my = await mine(client)
    assert (my["attend"], my["present"], my["conduct"], my["oversee"], my["organise"]) == (True, True, *[False] * 3)
    assert (await client.post(f"/api/meetings/{here.id}/end")).status_code == 403
    organiser = await browser(province.organiser)
    [notice] = (await organiser.get("/api/notices")).json()["notices"]
    assert (notice["kind"], notice["data"]["full_name"]) == ("device.asks", "Phạm Chủ Trì")
    [device] = (await organiser.get(f"/api/meetings/{here.id}/devices")).json()
    assert (device["part"], device["confirmed"]) == ("chair", False)
    way = f"/api/meetings/{here.id}/devices/{device['session_id']}"
    assert (await client.post(f"{way}/confirm")).status_code == 403, "not by itself"
    assert (await organiser.post(f"{way}/confirm")).status_code == 204
    await tap(passed_on, link)
    my = await mine(client)
    assert (my["conduct"], my["organise"]) == (True, False)
    assert not (await mine(passed_on))["conduct"]
    newest, first = (await organiser.get(f"/api/meetings/{here.id}/devices")).json()
    assert (newest["confirmed"], first["confirmed"]) == (False, True)
    ended = await organiser.delete(f"/api/meetings/{here.id}/devices/{newest['session_id']}")
    assert ended.status_code == 204
    assert (await passed_on.get("/api/session")).status_code == 401
    assert [each["id"] for each in (await client.get("/api/meetings")).json()] == [here.id]
    assert (await client.get(f"/api/meetings/{here.id}/delegates")).status_code == 403
    links = await client.post(f"/api/meetings/{here.id}/links", json={"delegate_ids": None, "send": False})
    assert links.status_code == 403
    assert (await client.post(f"/api/meetings/{other.id}/end")).status_code == 404
    assert (await client.post(f"/api/meetings/{here.id}/end")).status_code == 200


async def test_a_second_link_widens_and_revoking_it_narrows(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    first, second, third = meetings
    client = await browser()
    await tap(client, await link_to(services, first, province.chair))
    cookie = client.cookies[COOKIE]
    await tap(client, await link_to(services, second, province.chair))
    assert client.cookies[COOKIE] == cookie

    async def reached() -> list[int]:
        answers = {each.id: (await client.get(f"/api/meetings/{each.id}")).status_code for each in meetings}
        return [meeting_id for meeting_id, status in answers.items() if status == 200]

    assert await reached() == [first.id, second.id]
    async with services.transactions(SYSTEM) as tx:
        assert await revoke_bound_links(tx, second.id, [province.chair.id]) == 1
    assert await reached() == [first.id]
    assert (await client.get("/api/session")).json()["only_meetings"] == [first.id]
    async with services.transactions(SYSTEM) as tx:
        await revoke_bound_links(tx, first.id, [province.chair.id])
    assert (await client.get("/api/session")).status_code == 401
    await tap(client, await link_to(services, third, province.chair))
    assert await reached() == [third.id]


async def test_it_knows_of_no_session_but_itself(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    full = await browser(province.chair)
    client = await browser()
    await tap(client, await link_to(services, meetings[0], province.chair))
    [own] = (await client.get("/api/sessions")).json()
    assert own["current"]
    [elsewhere] = [each["id"] for each in (await full.get("/api/sessions")).json() if each["id"] != own["id"]]
    assert (await client.delete(f"/api/sessions/{elsewhere}")).status_code == 404
    assert (await full.get("/api/session")).status_code == 200
    assert (await full.delete(f"/api/sessions/{own['id']}")).status_code == 204
    assert (await client.get("/api/session")).status_code == 401


async def test_notices_of_other_meetings_stay_out_of_sight(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    here, other, _ = meetings
    async with services.transactions(SYSTEM) as tx:
        for meeting_id in (here.id, other.id, None):
            await notify(tx, [province.chair.id], "x", data={}, path="/", meeting_id=meeting_id)
    client = await browser()
    await tap(client, await link_to(services, here, province.chair))
    seen = (await client.get("/api/notices")).json()
    assert (seen["unread"], [each["meeting_id"] for each in seen["notices"]]) == (1, [here.id])
    assert (await client.post("/api/notices/read", json={"ids": None})).json()["unread"] == 0
    full = await browser(province.chair)
    assert (await full.get("/api/notices")).json()["unread"] == 2


async def test_a_full_session_stays_full_and_a_full_link_ends_a_scoped_one(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    full = await browser(province.chair)
    cookie = full.cookies[COOKIE]
    await tap(full, await link_to(services, meetings[0], province.chair))
    assert {each.value for each in full.cookies.jar} == {cookie}
    assert (await full.get("/api/session")).json()["only_meetings"] is None
    client = await browser()
    await tap(client, await link_to(services, meetings[0], province.chair))
    before = client.cookies[COOKIE]
    async with services.transactions(SYSTEM) as tx:
        path, _ = await create_link(tx, person_id=province.chair.id)
    await tap(client, path.removeprefix("/join/"))
    assert (await client.get("/api/session")).json()["only_meetings"] is None
    old = await browser()
    old.cookies.set(COOKIE, before)
    assert (await old.get("/api/session")).status_code == 401


async def test_it_ends_with_its_link(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting], clock: Clock
) -> None:
    client = await browser()
    await tap(client, await link_to(services, meetings[0], province.chair))
    clock.pass_(days=19)
    assert (await client.get("/api/session")).status_code == 200
    clock.pass_(days=1)
    assert (await client.get("/api/session")).status_code == 401


async def test_a_presenters_link_takes_nothing_of_others_away(
    browser: Browsers, services: Services, province: Province, meetings: list[Meeting]
) -> None:
    """It brings papers in, and decides of those alone."""
    here = meetings[0]
    async with services.transactions(SYSTEM) as tx:
        item = (await library.items(tx.session, here))[-1]
        item.presenter_id = province.presenter.id
        others = await library.paper(tx.session, here, item=item, created_by=province.organiser.id)
        own = await library.paper(tx.session, here, "Của tôi", item=item, created_by=province.presenter.id)
    client = await browser()
    await tap(client, await link_to(services, here, province.presenter))
    acts: list[tuple[str, str, Any]] = [
        ("PUT", "policy", {"download": True}),
        ("POST", "recall", {"reason": "x"}),
        ("POST", "restore", None),
        ("DELETE", "", None),
    ]
    for method, act, body in acts:
        refused = await client.request(method, f"/api/papers/{others.id}/{act}".rstrip("/"), json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "link-may-not"), act
        done = await client.request(method, f"/api/papers/{own.id}/{act}".rstrip("/"), json=body)
        assert done.status_code < 300, (act, done.text)
    refused = await client.put(f"/api/items/{item.id}/paper-policy", json={"hidden": False})
    assert refused.json()["code"] == "link-may-not"
    # Signed in with the password, presenters keep all papers of their item.
    signed_in_presenter = await browser(province.presenter)
    assert (await signed_in_presenter.post(f"/api/papers/{others.id}/recall", json={"reason": "x"})).status_code == 200
