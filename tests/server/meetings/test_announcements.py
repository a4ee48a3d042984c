"""Postponed, called off, moved, changed after the invitation: who is told what."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from icalendar import Calendar
from sqlalchemy import select

from server.accounts.actions.links import make_bound_links
from server.accounts.models import AccessLink, Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.workers import Workers
from server.meetings import lifecycle
from server.meetings.announcements.jobs import announce_job
from server.meetings.models import Meeting
from server.notifications.delivery import mail_job
from server.notifications.models import Mail, Notice
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.postbox import Postbox, post_office, text_of

SPAN = {"starts_at": "2026-11-27T08:00:00+07:00", "ends_at": "2026-11-27T10:00:00+07:00"}


async def invited(services: Services, province: Province) -> tuple[Meeting, Person]:
    """With one delegate at Đạ Sar; the chair and the halls' people have heard of it."""
    meeting = await builders.conference(services, province, "draft")
    async with services.transactions(SYSTEM) as tx:
        guest = await builders.person(tx.session, province.da_sar, "Đại Biểu Xã")
        guest.email = "dai.bieu@xa.example"
        await library.delegate(tx.session, meeting, guest, province.da_sar_hall)
        await lifecycle.invite(tx, meeting.id)
    await told(services)
    return meeting, guest


async def told(services: Services, *, smtp: bool = False) -> None:
    """`smtp`: with a mail server; nothing is carried to it here."""
    if smtp:
        settings = services.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"})
        services = replace(services, settings=settings)
    await Workers(services, [announce_job]).run_due()


async def notices(services: Services, who: Person) -> list[tuple[str, dict[str, Any], str]]:
    async with services.database.read() as session:
        rows = await session.scalars(select(Notice).where(Notice.person_id == who.id).order_by(Notice.id))
        return [(each.kind, each.data, each.path) for each in rows]


async def test_the_invitation_is_in_the_bell_of_who_leads_and_keeps_a_hall(
    services: Services, province: Province, clock: Clock
) -> None:
    clock.now = builders.MORNING - timedelta(days=7)
    meeting, guest = await invited(services, province)
    for who in (province.chair, province.secretary, province.presenter, province.technician, province.hall_secretary):
        [(kind, data, path)] = await notices(services, who)
        assert (kind, path) == ("meeting.invited", f"/meetings/{meeting.id}")
        assert data["title"] == meeting.title
    assert await notices(services, guest) == []
    assert await notices(services, province.admin) == []


async def test_a_change_is_offered_and_told_as_old_and_new(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    clock.now = builders.MORNING - timedelta(days=7)
    meeting, guest = await invited(services, province)
    client = await browser(province.organiser)
    path = f"/api/meetings/{meeting.id}"
    seen = (await client.get(path)).json()
    assert (seen["unannounced"], seen["news"]) == ([], None)
    points = [{"point_id": each["point_id"]} for each in seen["points"] if each["point_id"] != province.lat_hall.id]
    edited = (
        await client.patch(path, json={"version": seen["version"], "title": "Tên mới", **SPAN, "points": points})
    ).json()
    changes = {each["what"]: each for each in edited["unannounced"]}
    assert changes.keys() == {"title", "time", "points-removed"}
    assert (changes["title"]["before"], changes["title"]["after"]) == ("Hội nghị thử", "Tên mới")
    assert changes["points-removed"]["before"] == province.lat_hall.name
    # What is put back needs no word.
    back = await client.patch(path, json={"version": edited["version"], "title": "Hội nghị thử"})
    assert {each["what"] for each in back.json()["unannounced"]} == {"time", "points-removed"}
    assert (await (await browser(province.chair)).post(f"{path}/announce", json={})).status_code == 403
    done = (await client.post(f"{path}/announce", json={"note": "Do trùng lịch"})).json()
    assert done["unannounced"] == []
    assert done["news"]["kind"] == "changed"
    assert done["news"]["reason"] == "Do trùng lịch"
    assert (await client.post(f"{path}/announce", json={})).json()["code"] == "nothing-to-announce"
    await told(services, smtp=True)
    [(kind, data, where)] = await notices(services, guest)
    assert (kind, where) == ("meeting.changed", f"/meetings/{meeting.id}/delegate")
    assert [each["what"] for each in data["changes"]] == ["time", "points-removed"]
    assert [kind for kind, _, _ in await notices(services, province.chair)] == ["meeting.invited", "meeting.changed"]
    async with services.database.read() as session:
        mail = (await session.scalars(select(Mail).where(Mail.person_id == guest.id))).one()
    assert mail.subject == "Thay đổi: Hội nghị thử"
    assert "Kính gửi: Ông/Bà Đại Biểu Xã" in mail.text
    was = "07:30–10:30, thứ Sáu ngày 20/11/2026"
    assert f"Thời gian: {was} đổi thành 08:00–10:00, thứ Sáu ngày 27/11/2026" in mail.text
    assert "Lý do: Do trùng lịch" in mail.text
    assert "/join/" not in mail.text


async def test_news_by_mail_carry_a_calendar_file_and_the_way_in(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    clock.now = builders.MORNING - timedelta(days=7)
    meeting, guest = await invited(services, province)
    async with services.transactions(SYSTEM) as tx:
        until = builders.MORNING + timedelta(days=1)
        await make_bound_links(tx, meeting.id, [guest.id], next_path="/", expires_at=until)
    client = await browser(province.organiser)
    path = f"/api/meetings/{meeting.id}"
    sequences = []
    postbox = Postbox()
    async with post_office(postbox) as port:
        settings = services.settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"})
        workers = Workers(replace(services, settings=settings), [announce_job, mail_job])
        for step, body in (
            ("reschedule", {**SPAN, "reason": "Bão"}),
            ("cancel", {"reason": "Ghép với hội nghị khác"}),
        ):
            assert (await client.post(f"{path}/{step}", json=body)).status_code == 200
            await workers.run_due()
            letter = postbox.messages[-1]
            assert letter["To"].addresses[0].addr_spec == guest.email
            assert ("/join/" in text_of(letter)) is (step == "reschedule")
            [file] = [part for part in letter.iter_attachments() if part.get_content_type() == "text/calendar"]
            entry = Calendar.from_ical(file.get_payload(decode=True))
            [event] = entry.walk("VEVENT")
            assert file.get_param("method") == entry["METHOD"] == ("PUBLISH" if step == "reschedule" else "CANCEL")
            assert event["STATUS"] == ("CONFIRMED" if step == "reschedule" else "CANCELLED")
            assert event["UID"] == f"meeting-{meeting.public_code}@nhipcau"
            assert event["DTSTART"].dt == datetime.fromisoformat(SPAN["starts_at"])
            assert str(event["ORGANIZER"]).startswith("mailto:")
            assert event["LOCATION"] == "Điểm cầu Đạ Sar"
            sequences.append(int(event["SEQUENCE"]))
    assert sequences == [2, 3]


async def test_what_nobody_needs_to_hear_of_is_told_to_nobody(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    clock.now = builders.MORNING - timedelta(days=7)
    meeting, guest = await invited(services, province)
    client = await browser(province.organiser)
    path = f"/api/meetings/{meeting.id}"
    await client.patch(path, json={"version": 1, "title": "Tên mới"})
    done = (await client.post(f"{path}/announce", json={"silent": True})).json()
    assert (done["unannounced"], done["news"]) == ([], None)
    await told(services)
    assert await notices(services, guest) == []


async def test_postponed_then_on_another_day_then_called_off(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    clock.now = builders.MORNING - timedelta(days=7)
    meeting, guest = await invited(services, province)
    async with services.transactions(SYSTEM) as tx:
        expires = clock.now + timedelta(days=20)
        await make_bound_links(tx, meeting.id, [guest.id], next_path="/", expires_at=expires)
    client = await browser(province.organiser)
    path = f"/api/meetings/{meeting.id}"
    assert (await client.post(f"{path}/postpone", json={"reason": " "})).status_code == 422
    off = (await client.post(f"{path}/postpone", json={"reason": "Bão số 9"})).json()
    assert (off["state"], off["news"]["kind"], off["news"]["reason"]) == ("postponed", "postponed", "Bão số 9")
    for step in ("open", "start", "end"):
        assert (await client.post(f"{path}/{step}")).status_code == 409
    gone = {"starts_at": "2026-11-01T08:00:00+07:00", "ends_at": "2026-11-01T10:00:00+07:00"}
    assert "starts_at" in (await client.post(f"{path}/reschedule", json=gone)).json()["details"]["fields"]
    again = {"starts_at": "2026-12-24T08:00:00+07:00", "ends_at": "2026-12-24T10:00:00+07:00"}
    moved = (await client.post(f"{path}/reschedule", json=again)).json()
    assert (moved["state"], moved["news"]["kind"]) == ("invited", "rescheduled")
    assert [each["what"] for each in moved["news"]["changes"]] == ["time"]
    assert moved["unannounced"] == []
    await told(services)
    async with services.database.read() as session:
        link = (await session.scalars(select(AccessLink).where(AccessLink.person_id == guest.id))).one()
        assert link.expires_at > clock.now + timedelta(days=20)
    over = (await client.post(f"{path}/cancel", json={"reason": "Ghép với hội nghị khác"})).json()
    assert over["state"] == "cancelled"
    assert (await client.patch(path, json={"version": over["version"], "title": "X"})).status_code == 409
    await told(services)
    kinds = [kind for kind, _, _ in await notices(services, guest)]
    assert kinds == ["meeting.postponed", "meeting.rescheduled", "meeting.cancelled"]
    # It stands in the list of its people, with its state.
    hall = await browser(province.da_sar_hall)
    assert [each["state"] for each in (await hall.get("/api/meetings")).json()] == ["cancelled"]


async def test_rooms_opened_early_are_closed_again(browser: Browsers, services: Services, province: Province) -> None:
    meeting = await builders.conference(services, province, "invited")
    operator = await browser(province.operator)
    path = f"/api/meetings/{meeting.id}"
    assert (await operator.post(f"{path}/open")).json()["state"] == "open"
    assert (await operator.post(f"{path}/close")).json()["state"] == "invited"
    assert (await operator.post(f"{path}/close")).status_code == 409
