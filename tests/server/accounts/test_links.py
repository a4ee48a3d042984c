"""Signing in by a personal link."""

from server.accounts.actions.links import create_link
from server.accounts.dependencies import COOKIE
from server.core.actor import SYSTEM
from server.core.services import Services
from tests.builders import Province
from tests.conftest import Browsers, Clock


async def link_for(services: Services, **owner: object) -> str:
    async with services.transactions(SYSTEM) as tx:
        path, _ = await create_link(tx, **owner)  # type: ignore[arg-type]
    return path.removeprefix("/join/")


async def test_a_link_signs_in(browser: Browsers, province: Province, services: Services, clock: Clock) -> None:
    token = await link_for(services, person_id=province.chair.id, next_path="/meetings/1/console")
    client = await browser()
    answer = await client.post("/api/session/link", json={"token": token})
    assert answer.json()["next"] == "/meetings/1/console"
    assert answer.json()["me"]["name"] == "Phạm Chủ Trì"
    assert (await client.get("/api/session")).json()["person_id"] == province.chair.id
    clock.pass_(days=31)
    expired = await (await browser()).post("/api/session/link", json={"token": token})
    assert expired.status_code == 404
    assert expired.json()["code"] == "link-ended"


async def test_a_link_again_keeps_the_session(browser: Browsers, province: Province, services: Services) -> None:
    token = await link_for(services, point_id=province.lat_hall.id, next_path="/hall")
    client = await browser()
    await client.post("/api/session/link", json={"token": token})
    first = client.cookies[COOKIE]
    await client.post("/api/session/link", json={"token": token})
    assert client.cookies[COOKIE] == first
    assert len((await client.get("/api/sessions")).json()) == 1


async def test_another_owners_link_ends_the_session_before(
    browser: Browsers, province: Province, services: Services
) -> None:
    client = await browser(province.chair)
    before = client.cookies[COOKIE]
    token = await link_for(services, person_id=province.secretary.id)
    asked = await client.post("/api/session/link", json={"token": token})
    assert (asked.status_code, asked.json()["code"]) == (409, "somebody-else-signed-in")
    assert asked.json()["details"] == {"present": "Phạm Chủ Trì", "owner": "Võ Thư Ký"}
    assert client.cookies[COOKIE] == before
    assert (await client.get("/api/session")).json()["name"] == "Phạm Chủ Trì", "nobody is thrown out silently"
    await client.post("/api/session/link", json={"token": token, "replace": True})
    assert (await client.get("/api/session")).json()["name"] == "Võ Thư Ký"
    old = await browser()
    old.cookies.set(COOKIE, before)
    assert (await old.get("/api/session")).status_code == 401


async def test_a_replaced_link_is_over(browser: Browsers, province: Province, services: Services) -> None:
    first = await link_for(services, point_id=province.lat_hall.id)
    second = await link_for(services, point_id=province.lat_hall.id, replace=True)
    client = await browser()
    assert (await client.post("/api/session/link", json={"token": first})).status_code == 404
    assert (await client.post("/api/session/link", json={"token": second})).status_code == 200
    assert (await client.post("/api/session/link", json={"token": "đoán"})).status_code == 404
