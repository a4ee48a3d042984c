"""Each point names its own delegates by a deadline: its secretary, or its contact by a private link."""

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from server.invitations.nominations.jobs import look_job, write_job
from server.jobs.workers import Workers
from server.meetings.models import Meeting
from server.notifications.delivery import mail_job
from server.organisations.models import BridgePoint
from tests import builders
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers, Clock
from tests.postbox import Postbox, post_office, text_of
from tests.server.notifications.test_mail import with_smtp

DEADLINE = MORNING - timedelta(hours=4)
CALL = {"deadline": DEADLINE.isoformat(), "remind_hours": [24, 2], "contact": "Lê Thị Mai, 0263 3822 111"}


@pytest.fixture
async def board(organiser: httpx2.AsyncClient, meeting: Meeting, clock: Clock) -> str:
    """Path of the board of a meeting whose points were asked three days before."""
    clock.now = MORNING - timedelta(days=3)
    path = f"/api/meetings/{meeting.id}/nominations"
    assert (await organiser.put(path, json=CALL)).status_code == 204
    return path


def mine(meeting: Meeting, point: BridgePoint) -> str:
    return f"/api/meetings/{meeting.id}/points/{point.id}/nomination"


async def seats(services: Services, point: BridgePoint, number: int) -> None:
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(BridgePoint, point.id)).seats = number


async def test_a_secretary_names_people_until_the_lock(
    *,
    board: str,
    organiser: httpx2.AsyncClient,
    secretary: httpx2.AsyncClient,
    meeting: Meeting,
    province: Province,
    services: Services,
    clock: Clock,
) -> None:
    async with services.transactions(SYSTEM) as tx:
        own = await builders.person(tx.session, province.da_sar, "Cil Múp Thảo")
        other = await builders.person(tx.session, province.lat, "Liêng Thảo")
    await seats(services, province.da_sar_hall, 3)
    path = mine(meeting, province.da_sar_hall)
    found = (await secretary.get(f"{path}/people", params={"q": "mup thao"})).json()
    assert [each["person_id"] for each in found] == [own.id]
    assert set(found[0]) == {"person_id", "full_name", "title", "unit_name"}
    assert (await secretary.get(f"{path}/people", params={"q": "lieng thao"})).json() == []
    foreign = await secretary.post(f"{path}/people", json={"people": [{"person_id": other.id}]})
    assert foreign.status_code == 422
    assert (await secretary.post(f"{path}/submit")).json()["code"] == "nobody-named"
    pasted = [{"full_name": "K' Brông", "title": "Bí thư chi bộ"}, {"full_name": "Cil Múp Thảo"}]
    named = await secretary.post(f"{path}/people", json={"people": [{"person_id": own.id}]})
    assert named.status_code == 200, named.text
    again = (await secretary.post(f"{path}/people", json={"people": pasted})).json()
    assert again["elsewhere"] == ["Cil Múp Thảo"]
    assert [each["full_name"] for each in again["nomination"]["people"]] == ["Cil Múp Thảo", "K' Brông"]
    full = await secretary.post(f"{path}/people", json={"people": [{"full_name": "Ba"}, {"full_name": "Bốn"}]})
    assert (full.status_code, full.json()["code"]) == (409, "seats-full")
    assert full.json()["details"] == {"seats": 3, "people": 4}
    submitted = (await secretary.post(f"{path}/submit")).json()
    assert submitted["submitted_by"] == province.hall_secretary.full_name
    shown = (await organiser.get(board)).json()
    assert (shown["total"]["points"], shown["total"]["submitted"], shown["total"]["people"]) == (6, 1, 2)
    branches = {each["name"]: (each["points"], each["submitted"]) for each in shown["branches"]}
    assert branches[province.lac_duong.name] == (3, 1)
    missing = (await organiser.get(board, params={"state": "missing", "unit_id": province.lac_duong.id})).json()
    assert missing["points_total"] == 2
    # Changed until the lock, then nobody but the organiser does; whom to call is said.
    [thao, brong] = again["nomination"]["people"]
    assert len((await secretary.delete(f"{path}/people/{brong['delegate_id']}")).json()["people"]) == 1
    clock.now = DEADLINE + timedelta(minutes=1)
    assert (await secretary.get(path)).json()["locked"] is True
    late = await secretary.post(f"{path}/people", json={"people": [{"full_name": "Muộn"}]})
    assert late.json()["code"] == "list-locked"
    assert "Lê Thị Mai, 0263 3822 111" in late.json()["vi"]
    delegates = f"/api/meetings/{meeting.id}/delegates"
    typed = {"point_id": province.da_sar_hall.id, "people": [{"full_name": "Muộn"}]}
    assert (await secretary.post(delegates, json=typed)).json()["code"] == "list-locked"
    assert (await secretary.delete(f"/api/delegates/{thao['delegate_id']}")).json()["code"] == "list-locked"
    several = (await secretary.post(f"{delegates}/remove", json={"delegate_ids": [thao["delegate_id"]]})).json()
    assert several["done"] == []
    assert "Lê Thị Mai" in several["left"][0]["vi"]
    assert (await organiser.post(delegates, json=typed)).status_code == 201
    # Reopened for this one alone.
    until = (clock.now + timedelta(hours=1)).isoformat()
    assert (await organiser.post(f"{path}/reopen", json={"until": until})).status_code == 204
    assert (await secretary.post(f"{path}/people", json={"people": [{"full_name": "Kịp"}]})).json()["elsewhere"] == []
    assert (await organiser.post(f"{board}/lock")).status_code == 204
    assert (await secretary.post(f"{path}/submit")).json()["code"] == "list-locked"


async def test_a_contact_without_an_account_has_a_private_link(
    *,
    board: str,
    organiser: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    meeting: Meeting,
    province: Province,
    services: Services,
    clock: Clock,
) -> None:
    async with services.transactions(SYSTEM) as tx:
        person = await builders.person(tx.session, province.lat, "Kơ Să Hạnh")
    path = mine(meeting, province.lat_hall)
    contact = {"full_name": "Nguyễn Thị Liên", "email": "lien@lat.example"}
    postbox = Postbox()
    async with post_office(postbox) as port:
        workers = Workers(with_smtp(services, f"smtp://127.0.0.1:{port}"), [write_job, look_job, mail_job])
        await workers.run_due()
        assert (await organiser.put(f"{path}/contact", json=contact)).status_code == 204
        await workers.run_due()
        letters = {each["To"].addresses[0].addr_spec: text_of(each) for each in postbox.messages}
        found = re.search(rf"/nominations/{meeting.id}/{province.lat_hall.id}#(\S+)", letters["lien@lat.example"])
        assert found is not None
        key = {"X-List-Key": found[1]}
        assert (await stranger.get(path)).status_code == 401
        assert (await stranger.get(path, headers={"X-List-Key": "a" * 32})).json()["code"] == "nomination-link-gone"
        # Of another hall it opens nothing.
        elsewhere = mine(meeting, province.da_sar_hall)
        assert (await stranger.get(elsewhere, headers=key)).status_code == 404
        shown = (await stranger.get(path, headers=key)).json()
        assert (shown["point_name"], shown["by_link"], shown["locked"]) == (province.lat_hall.name, True, False)
        chosen = (await stranger.get(f"{path}/people", params={"q": "ha"}, headers=key)).json()
        assert [each["person_id"] for each in chosen] == [person.id]
        body: dict[str, Any] = {"people": [{"person_id": person.id}, {"full_name": "Khách Mới"}]}
        assert (await stranger.post(f"{path}/people", json=body, headers=key)).status_code == 200
        # Reminders go to whoever has not delivered, once each, with the same link.
        clock.now = DEADLINE - timedelta(hours=23)
        await workers.run_due()
        assert sum(f"#{found[1]}" in text_of(each) for each in postbox.messages) == 2
        done = await stranger.post(f"{path}/submit", headers=key)
        assert done.json()["submitted_by"] == "Nguyễn Thị Liên (liên kết của điểm cầu)"
        clock.now = DEADLINE - timedelta(hours=1)
        await workers.run_due()
        assert sum(f"#{found[1]}" in text_of(each) for each in postbox.messages) == 2
    [row] = (await organiser.get(board, params={"state": "submitted"})).json()["points"]
    assert (row["point_id"], row["people"], row["contact_email"]) == (province.lat_hall.id, 2, "lien@lat.example")
    assert row["opened_at"] is not None
    async with services.database.read() as session:
        entries = await session.scalars(select(AuditEntry).where(AuditEntry.action == "nomination.named"))
        [entry] = list(entries)
    assert (entry.actor_name, entry.meeting_id) == ("Nguyễn Thị Liên (liên kết của điểm cầu)", meeting.id)
    assert entry.facts["names"] == "Kơ Să Hạnh, Khách Mới"
    # A new link ends the one before.
    renewed = (await organiser.post(f"{path}/link", json={"renew": True})).json()["path"]
    assert found[1] not in renewed
    assert (await stranger.get(path, headers=key)).status_code == 404
    assert (await stranger.get(path, headers={"X-List-Key": renewed.partition("#")[2]})).status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_one_unit_never_sees_anothers(
    *,
    board: str,
    organiser: httpx2.AsyncClient,
    meeting: Meeting,
    province: Province,
    neighbour: Neighbour,
    browser: Browsers,
    services: Services,
) -> None:
    async with services.transactions(SYSTEM) as tx:
        lat = await builders.person(tx.session, province.lat, "Thư ký Lát", Role.HALL_SECRETARY)
        district = await builders.person(tx.session, province.lac_duong, "Thư ký huyện", Role.HALL_SECRETARY)
        await builders.person(tx.session, province.lac_duong, "Cán bộ huyện")
        await builders.person(tx.session, province.da_sar, "Cán bộ xã")
    other = await browser(lat)
    assert (await other.get(mine(meeting, province.da_sar_hall))).status_code == 403
    assert (await other.get(board)).status_code == 403
    for who in neighbour.who.values():
        client = await browser(who)
        assert (await client.get(mine(meeting, province.da_sar_hall))).status_code == 404
        assert (await client.get(board)).status_code == 404
    # A hall of a unit that has halls below names the unit's own people: those below name theirs.
    client = await browser(district)
    hall = province.lac_duong_hall
    found = (await client.get(f"{mine(meeting, hall)}/people", params={"q": "can bo"})).json()
    assert [each["full_name"] for each in found] == ["Cán bộ huyện"]
    # The nearest secretary is named, not the one above too.
    rows = {each["point_id"]: each["secretaries"] for each in (await organiser.get(board)).json()["points"]}
    assert rows[province.lat_hall.id] == ["Thư ký Lát"]
    assert rows[province.da_sar_hall.id] == [province.hall_secretary.full_name]
    assert rows[hall.id] == ["Thư ký huyện"]
