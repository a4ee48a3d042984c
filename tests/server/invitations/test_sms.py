"""Invitations and reminders as text messages: looked at and counted first, sent to who has a number, shown person by
person; against a real gateway."""

import re
from typing import Any

import httpx2
import pytest

from server.core.services import Services
from server.invitations.replies.reminders import remind_job
from server.invitations.sms.actions import sms_invite_job
from server.jobs.workers import Workers
from server.meetings.models import Meeting
from server.notifications.sms.delivery import sms_job
from tests.builders import Province
from tests.gateway import sms_gateway
from tests.server.invitations.conftest import Add
from tests.server.notifications.test_sms import with_gateway

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HUONG = {"full_name": "Kơ Să Hương", "title": "Chủ tịch xã", "phone": "0912 345 678"}
LAT = {"full_name": "Ở Lát", "phone": "0263 3822 111", "email": "lat@hop.test"}
MANH = {"full_name": "Đinh Văn Mạnh", "phone": "0987654321", "email": "manh@hop.test"}


async def work(services: Services) -> None:
    await Workers(services, [sms_invite_job, sms_job, remind_job]).run_due()


async def preview(client: httpx2.AsyncClient, meeting: Meeting, **asked: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/meetings/{meeting.id}/sms/preview", json={"delegate_ids": None, **asked})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_is_counted_before_it_goes_out_and_each_gets_a_link_of_their_own(
    add: Add, organiser: httpx2.AsyncClient, stranger: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    huong, _, _ = await add(HUONG, LAT, MANH)
    plain = await preview(organiser, meeting)
    assert (plain["people"], plain["without_number"], plain["gateway"]) == (2, 1, False)
    assert [each["full_name"] for each in plain["unreached"]] == ["Ở Lát"]
    assert plain["encoding"] == "gsm-7"
    assert "kinh moi Ong/Ba" in plain["sample"]
    marked = await preview(organiser, meeting, accents=True)
    assert (marked["encoding"], marked["messages"] > plain["messages"]) == ("ucs-2", True)
    assert (await preview(organiser, meeting, without_email=True))["people"] == 1
    async with sms_gateway() as gateway:
        desk = with_gateway(services, gateway.url)
        gateway.answers["+84987654321"] = [(422, {"error": "Thuê bao đã khóa"}, {})]
        asked = await organiser.post(f"/api/meetings/{meeting.id}/sms", json={"delegate_ids": None})
        assert (asked.status_code, asked.json()) == (202, {"people": 2, "messages": plain["messages"]})
        await work(desk)
        [sent] = gateway.taken
        progress = (await organiser.get(f"/api/meetings/{meeting.id}/sms")).json()
        assert (progress["sent"], progress["queued"], len(progress["failed"])) == (1, 0, 1)
        assert "Thuê bao đã khóa" in progress["reasons"][0]["why"]["vi"]
        listed = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
        rows = {each["full_name"]: each for each in listed}
        assert [rows[name]["link"] for name in ("Kơ Să Hương", "Đinh Văn Mạnh", "Ở Lát")] == ["sent", "failed", "none"]
        assert rows["Đinh Văn Mạnh"]["sms_error"]["code"] == "refused"
        # Repeated for those it did not reach, and for nobody else.
        again = await organiser.post(f"/api/meetings/{meeting.id}/sms", json={"delegate_ids": progress["failed"]})
        assert again.json()["people"] == 1
        await work(desk)
        assert [each["to"] for each in gateway.taken] == ["+84912345678", "+84987654321"]
        # What was counted is what went out, letter for letter.
        assert max(len(each["text"]) for each in gateway.taken) == plain["letters"] == len(plain["sample"])
        assert sum(each["parts"] for each in gateway.taken) == plain["messages"]
    link = re.search(r"(/join/\S+)$", sent["text"])
    assert link is not None
    await stranger.get(link[1])
    opened = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    assert {each["id"]: each["link"] for each in opened}[huong["id"]] in ("opened", "sent")


async def test_own_words_keep_to_their_places_and_to_what_networks_take(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    path = f"/api/meetings/{meeting.id}/sms"
    await add(LAT)
    nobody = await organiser.post(path, json={"delegate_ids": None})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody-with-number")
    await add(HUONG)
    own = await preview(organiser, meeting, text="Mời [Họ tên]: [Liên kết]", accents=True)
    assert own["sample"].startswith("Mời Kơ Să Hương: http")
    for text in ("Mời [Ho ten]: [Liên kết]", "Mời [Họ tên]"):
        wrong = await organiser.post(f"{path}/preview", json={"delegate_ids": None, "text": text})
        assert (wrong.status_code, "text" in wrong.json()["details"]["fields"]) == (422, True)
    words = "Mời ệ " * 80 + "[Liên kết]"
    long = await organiser.post(path, json={"delegate_ids": None, "accents": True, "text": words})
    assert (long.status_code, long.json()["code"]) == (409, "text-too-long")


async def test_reminders_go_to_those_alone_who_have_not_answered(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province
) -> None:
    huong, manh = await add(HUONG, MANH)
    answered = await organiser.put(f"/api/delegates/{manh['id']}/reply", json={"answer": "accepted"})
    assert answered.status_code == 200, answered.text
    async with sms_gateway() as gateway:
        desk = with_gateway(services, gateway.url)
        asked = await organiser.post(f"/api/meetings/{meeting.id}/sms", json={"delegate_ids": None, "kind": "reminder"})
        assert asked.json()["people"] == 1
        await work(desk)
        assert "tra loi giay moi" in gateway.taken[0]["text"]
        # The rule reaches by text message who has no e-mail.
        rule = await organiser.put(f"/api/meetings/{meeting.id}/reply-reminders", json={"days": [], "sms": True})
        assert rule.json()["sms"] is True
        assert (await organiser.post(f"/api/meetings/{meeting.id}/reply-reminders/now")).status_code == 204
        await work(desk)
        assert [each["to"] for each in gateway.taken] == ["+84912345678", "+84912345678"]
    assert huong["phone"] == HUONG["phone"]
