"""Who has not answered is asked again; who stands on the list is let in at once; links by hand for the others."""

import io
from datetime import timedelta

import httpx2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from server.core.services import Services
from server.invitations.replies.reminders import moment, remind_job
from server.jobs.workers import Workers
from server.meetings.models import Delegate, Meeting
from server.notifications.delivery import mail_job
from server.notifications.models import Notice
from tests.builders import Province
from tests.conftest import Clock
from tests.postbox import Postbox, post_office, text_of
from tests.server.invitations.conftest import Add
from tests.server.notifications.test_mail import with_smtp

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_the_silent_are_reminded_by_rule_in_ones_own_words(
    *, add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, clock: Clock
) -> None:
    answered, silent, _ = await add(
        {"full_name": "Đã Trả Lời", "email": "da@lamdong.example"},
        {"full_name": "Còn Im Lặng", "email": "im@lamdong.example"},
        "Không Có Thư",
    )
    await organiser.put(f"/api/delegates/{answered['id']}/reply", json={"answer": "accepted"})
    path = f"/api/meetings/{meeting.id}/reply-reminders"
    clock.now = moment(meeting, 3) - timedelta(hours=1)
    rule = await organiser.put(path, json={"days": [1, 3], "text": "Mong đồng chí trả lời sớm."})
    assert rule.json()["days"] == [3, 1]
    assert (await organiser.put(path, json={"days": [4], "text": ""})).status_code == 422
    postbox = Postbox()
    async with post_office(postbox) as port:
        workers = Workers(with_smtp(services, f"smtp://127.0.0.1:{port}"), [remind_job, mail_job])
        clock.now += timedelta(minutes=1)
        await workers.run_due()
        assert postbox.messages == []
        clock.now = moment(meeting, 3) + timedelta(minutes=1)
        await workers.run_due()
        [letter] = postbox.messages
        assert letter["To"].addresses[0].addr_spec == "im@lamdong.example"
        assert "Mong đồng chí trả lời sớm." in text_of(letter)
        assert "/join/" in text_of(letter)
        assert (await organiser.get(path)).json()["done"] == [3]
        # Nobody is asked twice by one rule; the next day's asks again, and so does a hand.
        clock.now += timedelta(hours=4)
        await workers.run_due()
        assert len(postbox.messages) == 1
        clock.now = moment(meeting, 1) + timedelta(hours=4)
        await workers.run_due()
        assert len(postbox.messages) == 2
        assert (await organiser.post(f"{path}/now")).status_code == 204
        await workers.run_due()
        assert len(postbox.messages) == 3
    async with services.database.read() as session:
        told = set(await session.scalars(select(Notice.person_id).where(Notice.kind == "reply.reminder")))
        listed = dict((await session.execute(select(Delegate.id, Delegate.person_id))).all())
    assert told == set(listed.values()) - {listed[answered["id"]]}
    assert listed[silent["id"]] in told


async def test_everybody_on_the_list_is_let_in_at_once_and_doubts_are_left(
    *, add: Add, organiser: httpx2.AsyncClient, stranger: httpx2.AsyncClient, meeting: Meeting
) -> None:
    await add(
        {"full_name": "Cil Múp Thảo", "phone": "0912 345 678"},
        {"full_name": "Liêng Jrang Ha", "phone": "0912 000 111"},
        {"full_name": "Không Điện Thoại"},
    )
    for name, phone in (
        ("CIL MÚP THẢO", "+84912345678"),
        ("Liêng Jrang Ha", "0999 999 999"),
        ("Không Điện Thoại", "0911 111 111"),
        ("Người Lạ Mặt", "0922 222 222"),
    ):
        asked = await stranger.post(
            f"/api/m/{meeting.public_code}/requests", json={"full_name": name, "unit_text": "Xã Đạ Sar", "phone": phone}
        )
        assert asked.status_code == 201, asked.text
    done = await organiser.post(f"/api/meetings/{meeting.id}/requests/grant-listed")
    assert done.json() == {"let_in": 1, "left": 3}
    states = {
        each["full_name"]: each["state"]
        for each in (await organiser.get(f"/api/meetings/{meeting.id}/requests")).json()
    }
    assert states.pop("CIL MÚP THẢO") == "granted"
    assert set(states.values()) == {"asked"}


async def test_links_to_hand_on_come_as_a_workbook(
    *, add: Add, organiser: httpx2.AsyncClient, secretary: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    await add({"full_name": "Cil Múp Thảo", "phone": "0912 345 678"}, {"full_name": "Có Thư", "email": "a@b.example"})
    await add("Ở Lát", point_id=province.lat_hall.id)
    path = f"/api/meetings/{meeting.id}/links.xlsx"
    made = await organiser.post(path, json={"point_id": province.da_sar_hall.id, "without_email": True})
    assert made.status_code == 200, made.text
    rows = CalamineWorkbook.from_filelike(io.BytesIO(made.content)).get_sheet_by_index(0).to_python()
    [row] = [row for row in rows if "Cil Múp Thảo" in row]
    assert "0912 345 678" in row
    assert "/join/" in str(row[-1])
    assert not any("Có Thư" in row or "Ở Lát" in row for row in rows)
    assert (await secretary.post(path, json={})).status_code == 403
