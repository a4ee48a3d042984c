"""A point's devices: what they say, what is known of them, and how they end."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import select

from server.accounts.dependencies import COOKIE
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.services import Services
from server.devices.queries import last_seen
from server.live.client import NOT_ALLOWED
from server.organisations.models import BridgePoint
from tests import builders
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers, Clock
from tests.sockets import LiveServer

REPORT = {"build": "17", "camera": "ok", "microphone": "none"}


async def a_device(browser: Browsers, province: Province, hall: BridgePoint, **more: object) -> httpx2.AsyncClient:
    admin = await browser(province.admin)
    made = (await admin.post("/api/device-codes", json={"point_id": hall.id, **more})).json()
    device = await browser()
    assert (await device.post("/api/device", json={"code": made["code"]})).status_code == 200
    return device


async def listed(client: httpx2.AsyncClient, **query: str | int) -> dict[str, Any]:
    answer = await client.get("/api/devices", params=query)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def test_a_year_switched_off_and_still_in(browser: Browsers, province: Province, clock: Clock) -> None:
    device = await a_device(browser, province, province.lat_hall)
    first = device.cookies[COOKIE]
    for _ in range(3):
        clock.pass_(days=370)
        said = await device.post("/api/device/report", json=REPORT)
        assert said.json()["state"] == "active"
        # Given again, so that the browser keeps it for as long again.
        assert first in said.headers["set-cookie"]
        assert "Max-Age=34560000" in said.headers["set-cookie"]
    clock.pass_(days=401)
    expired = (await device.post("/api/device/report", json=REPORT)).json()
    assert (expired["state"], expired["point_name"]) == ("expired", province.lat_hall.name)
    assert (await device.get("/api/hall")).status_code == 401


async def test_what_a_device_says_is_seen(browser: Browsers, province: Province, clock: Clock) -> None:
    device = await a_device(browser, province, province.lat_hall, name="Máy 1")
    clock.pass_(minutes=3)
    await device.post("/api/device/report", json={**REPORT, "of-a-newer-page": True})
    admin = await browser(province.admin)
    [point] = (await listed(admin, q="lat"))["points"]
    [seen] = point["devices"]
    assert (seen["name"], seen["part"], seen["build"], seen["current"]) == ("Máy 1", "main", "17", False)
    assert (seen["camera"], seen["microphone"]) == ("ok", "none")
    assert seen["address"] == "127.0.0.1"
    assert seen["set_up_by"] == province.admin.full_name
    assert datetime.fromisoformat(seen["last_seen_at"]) == clock()


async def test_what_is_taken_away_is_said_on_the_screen(
    browser: Browsers, province: Province, services: Services
) -> None:
    device = await a_device(browser, province, province.lat_hall)
    own = (await device.post("/api/device/report", json=REPORT)).json()
    admin = await browser(province.admin)
    assert (await admin.delete(f"/api/devices/{own['id']}")).status_code == 204
    said = (await device.post("/api/device/report", json=REPORT)).json()
    assert (said["state"], said["ended_by"]) == ("revoked", province.admin.full_name)
    assert (await device.get("/api/hall")).status_code == 401
    assert (await admin.delete(f"/api/devices/{own['id']}")).status_code == 404
    async with services.database.read() as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "device.taken-away"))).one()
    assert (entry.actor_person_id, entry.facts) == (province.admin.id, {"point_id": province.lat_hall.id})


async def test_two_devices_stand_beside_each_other(browser: Browsers, province: Province) -> None:
    main = await a_device(browser, province, province.lat_hall)
    spare = await a_device(browser, province, province.lat_hall, part="spare")
    ids = [(await each.post("/api/device/report", json=REPORT)).json()["id"] for each in (main, spare)]
    admin = await browser(province.admin)
    edited = await admin.patch(f"/api/devices/{ids[1]}", json={"part": "papers", "name": "Cánh gà"})
    assert (edited.json()["part"], edited.json()["name"]) == ("papers", "Cánh gà")
    await admin.delete(f"/api/devices/{ids[1]}")
    assert (await main.post("/api/device/report", json=REPORT)).json()["state"] == "active"
    assert (await spare.post("/api/device/report", json=REPORT)).json()["state"] == "revoked"


async def test_filters(browser: Browsers, province: Province, clock: Clock, services: Services) -> None:
    await a_device(browser, province, province.lat_hall)
    clock.pass_(days=8)
    await a_device(browser, province, province.da_sar_hall)
    admin = await browser(province.admin)
    page = await listed(admin, limit=2)
    assert page["totals"] == {"points": 6, "without": 4, "unseen": 1}
    assert (page["total"], len(page["points"])) == (6, 2)
    rest = await listed(admin, limit=9, offset=2)
    both = [each["point_id"] for each in (*page["points"], *rest["points"])]
    assert sorted(both) == sorted(hall.id for hall in province.halls)

    async def found(**query: str | int) -> set[int]:
        return {each["point_id"] for each in (await listed(admin, **query))["points"]}

    assert await found(show="unseen") == {province.lat_hall.id}
    assert await found(show="without", unit_id=province.lac_duong.id) == {province.lac_duong_hall.id}
    assert await found(q="da sar") == {province.da_sar_hall.id}, "without diacritics"
    async with services.transactions(SYSTEM) as tx:
        point = await tx.session.get_one(BridgePoint, province.da_sar_hall.id)
        point.name = "Nhà Văn hóa"
    assert await found(q="nha van hoa") == {province.da_sar_hall.id}
    async with services.database.read() as session:
        seen = await last_seen(session, [hall.id for hall in province.halls], clock())
    assert [each.point_id for each in seen] == [province.da_sar_hall.id, province.lat_hall.id]


async def test_each_province_sees_its_own(browser: Browsers, province: Province, neighbour: Neighbour) -> None:
    await a_device(browser, province, province.lat_hall)
    page = await listed(await browser(neighbour.admin))
    assert [each["point_id"] for each in page["points"]] == [neighbour.hall.id]
    foreign = await (await browser(neighbour.admin)).get("/api/devices", params={"unit_id": province.root.id})
    assert foreign.json()["points"] == []


async def test_a_hall_hears_what_comes_next(
    browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    later = await builders.conference(services, province, "invited")
    await builders.conference(services, province, "draft")
    async with services.transactions(SYSTEM) as tx:
        elsewhere = await builders.meeting(tx.session, province.root, [province.main], state="running")
        running = await builders.meeting(tx.session, province.root, province.halls, state="running")
    device = await a_device(browser, province, province.lat_hall)
    day = (await device.get("/api/hall")).json()
    assert [each["meeting_id"] for each in day["meetings"]] == [running.id, later.id]
    assert elsewhere.id not in {each["meeting_id"] for each in day["meetings"]}
    assert day["meetings"][0]["presence"] == "absent"
    clock.pass_(days=(MORNING + timedelta(days=3) - clock()).days)
    assert [each["meeting_id"] for each in (await device.get("/api/hall")).json()["meetings"]] == [running.id]
    assert (await (await browser(province.technician)).get("/api/hall")).status_code == 403


async def test_a_browser_that_is_nobodys_is_told_so(browser: Browsers, province: Province) -> None:
    for who in (None, province.organiser):
        client = await browser(who)
        assert (await client.post("/api/device/report", json=REPORT)).json()["state"] == "none"


async def test_who_came_by_a_link_is_no_machine_of_the_halls(browser: Browsers, province: Province) -> None:
    """It is seen and taken away like one, but is asked before it goes in."""
    client = await browser(province.lat_hall)
    assert (await client.post("/api/device/report", json=REPORT)).json()["state"] == "none"
    admin = await browser(province.admin)
    [point] = (await listed(admin, q="lat"))["points"]
    [seen] = point["devices"]
    assert (seen["build"], seen["camera"]) == ("17", "ok")
    assert (await admin.delete(f"/api/devices/{seen['id']}")).status_code == 204
    assert (await client.get("/api/session")).status_code == 401


async def test_a_machine_for_papers_takes_no_place(
    browser: Browsers, province: Province, services: Services, server: LiveServer
) -> None:
    meeting = await builders.conference(services, province, "open")
    machine = (await a_device(browser, province, province.lat_hall, part="papers")).cookies[COOKIE]
    place = f"/api/meetings/{meeting.id}/live?as=hall&point={province.lat_hall.id}"
    turned_away = await server.dial(place, machine)
    await turned_away.wait_closed()
    assert turned_away.close_code == NOT_ALLOWED
    member = await server.join(meeting.id, machine, "member")
    await member.close()
    # An administrator makes another use of it.
    admin = await browser(province.admin)
    [point] = (await listed(admin, q="lat"))["points"]
    await admin.patch(f"/api/devices/{point['devices'][0]['id']}", json={"part": "main"})
    hall = await server.join(meeting.id, machine, "hall", province.lat_hall.id)
    await hall.close()
