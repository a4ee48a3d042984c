"""The letter of invitation: its text, its form on paper, volumes for the printer, and what goes with an e-mail."""

import io
from datetime import UTC
from typing import Any

import httpx2
import pypdf
import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.links import send_job
from server.invitations.official.printing import KEPT, clear, print_job
from server.jobs.workers import Workers
from server.meetings.models import Meeting
from server.notifications.delivery import mail_job
from server.notifications.models import Mail
from server.organisations.models import Unit
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.postbox import Postbox, post_office, text_of
from tests.server.invitations.conftest import Add
from tests.server.invitations.test_entry_codes import fonts_of
from tests.server.notifications.test_mail import with_smtp

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def letter(client: httpx2.AsyncClient, meeting: Meeting) -> dict[str, Any]:
    answer = await client.get(f"/api/meetings/{meeting.id}/letter")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(client: httpx2.AsyncClient, meeting: Meeting, fields: dict[str, Any]) -> pypdf.PdfReader:
    answer = await client.post(f"/api/meetings/{meeting.id}/letter/preview.pdf", json=fields)
    assert answer.status_code == 200, answer.text
    return pypdf.PdfReader(io.BytesIO(answer.content))


def words(pdf: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


async def test_a_state_letter_has_the_states_form(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, secretary: httpx2.AsyncClient
) -> None:
    await add({"full_name": "Kơ Să Hương", "title": "Chủ tịch #1 *xã* $x$"})
    proposed = await letter(organiser, meeting)
    assert (proposed["revision"], proposed["fields"]["form"]) == (0, "state")
    fields = proposed["fields"] | {
        "number": "15",
        "dated": "2026-12-01",
        "composition": "- Thường trực HĐND;\n- Lãnh đạo sở, ngành.",
        "deputy": "KT. Chủ tịch",
        "signer_title": "Phó Chủ tịch",
        "signer_name": "Lê Văn Ký",
        "early_minutes": 20,
    }
    pdf = await shown(organiser, meeting, fields)
    text = words(pdf)
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        f"Số: 15/{fields['sign']}",
        "ngày 01 tháng 12 năm 2026",
        "GIẤY MỜI",
        "trân trọng kính mời: Ông/Bà Kơ Să Hương, Chủ tịch #1 *xã* $x$",
        "- Lãnh đạo sở, ngành.",
        "(có mặt trước 20 phút)",
        "Điểm cầu Đạ Sar",
        "KT. CHỦ TỊCH PHÓ CHỦ TỊCH",
        "Lê Văn Ký",
        "Nơi nhận:",
    ):
        assert part in text, (part, text)
    assert {font.partition("-")[0] for page in pdf.pages for font in fonts_of(page)} == {"LiberationSerif"}
    [page] = pdf.pages
    assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
    assert (await secretary.get(f"/api/meetings/{meeting.id}/letter")).status_code == 403


async def test_a_party_letter_has_the_partys_form(
    *, add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Unit).where(Unit.id == meeting.unit_id).values(body="party"))
    await add("Cil Múp Thảo")
    fields = (await letter(organiser, meeting))["fields"]
    assert (fields["form"], fields["sign"], fields["place"]) == ("party", "GM/TU", "Lâm Đồng")
    fields |= {"heading": "trieu-tap", "number": "7", "signer_title": "Phó Bí thư"}
    text = words(await shown(organiser, meeting, fields))
    for part in ("ĐẢNG CỘNG SẢN VIỆT NAM", "TỈNH ỦY LÂM ĐỒNG *", "Số 7-GM/TU", "GIẤY TRIỆU TẬP", "T/M BAN THƯỜNG VỤ"):
        assert part in text, (part, text)
    assert "CỘNG HÒA" not in text


async def test_the_text_is_kept_and_the_next_meetings_letter_begins_with_it(
    organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    path = f"/api/meetings/{meeting.id}/letter"
    fields = (await letter(organiser, meeting))["fields"] | {"organ": "Văn phòng Tỉnh ủy", "content": "Một\nHai"}
    saved = await organiser.put(path, json=fields)
    assert (saved.json()["revision"], saved.json()["fields"]["content"]) == (1, "Một\nHai")
    assert (await organiser.put(path, json=fields, params={"revision": 1})).json()["revision"] == 2
    stale = await organiser.put(path, json=fields | {"content": "Khác"}, params={"revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "edited-meanwhile")


async def test_letters_for_the_printer_bear_a_code_of_their_own(
    *,
    add: Add,
    organiser: httpx2.AsyncClient,
    secretary: httpx2.AsyncClient,
    meeting: Meeting,
    province: Province,
    services: Services,
    clock: Clock,
) -> None:
    path = f"/api/meetings/{meeting.id}/prints"
    assert (await organiser.post(path, json={})).json()["code"] == "nobody-to-invite"
    await add("Ở Đạ Sar", "Cũng Ở Đạ Sar", {"full_name": "Có Thư", "email": "co@lamdong.example"})
    await add("Ở Hiệp An", point_id=province.hiep_an_hall.id)
    await add("Từ Xa", point_id=None)
    made = (await organiser.post(path, json={"without_email": True})).json()
    assert (made["state"], made["letters"]) == ("queued", 4)
    waiting = await organiser.get(f"/api/prints/{made['id']}/volumes/1.pdf")
    assert waiting.json()["code"] == "print-not-ready"
    await Workers(services, [print_job]).run_due()
    [ready] = (await organiser.get(path)).json()
    assert (ready["state"], ready["done"]) == ("ready", 4)
    assert [(each["name"], each["letters"]) for each in ready["volumes"]] == [
        ("Huyện Lạc Dương", 2),
        ("Huyện Đức Trọng", 1),
        ("Trực tuyến", 1),
    ]
    file = await organiser.get(f"/api/prints/{made['id']}/volumes/1.pdf")
    assert "Ở Đạ Sar" in words(pypdf.PdfReader(io.BytesIO(file.content)))
    lines = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    assert sorted(line["link"] for line in lines) == ["made"] * 4 + ["none"]
    # A hall's secretary prints the own hall's, with the common code; and does not get at the others'.
    own = (await secretary.post(path, json={})).json()
    assert own["letters"] == 3
    assert (await secretary.get(f"/api/prints/{made['id']}/volumes/1.pdf")).status_code == 403
    assert [each["id"] for each in (await secretary.get(path)).json()] == [own["id"]]
    await Workers(services, [print_job]).run_due()
    clock.now += KEPT * 2
    assert await clear(services) == 2
    assert (await organiser.get(f"/api/prints/{made['id']}/volumes/1.pdf")).status_code == 404


async def test_an_e_mail_brings_the_letter_and_the_calendar(
    *, add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, browser: Browsers
) -> None:
    await add({"full_name": "Cil Múp Thảo", "email": "thao@lamdong.example"})
    await add({"full_name": "Từ Xa", "email": "xa@lamdong.example"}, point_id=None)
    fields = (await letter(organiser, meeting))["fields"] | {"presiding": "Phạm Chủ Trì", "early_minutes": 15}
    await organiser.put(f"/api/meetings/{meeting.id}/letter", json=fields)
    postbox = Postbox()
    async with post_office(postbox) as port:
        mailing = with_smtp(services, f"smtp://127.0.0.1:{port}")
        answer = await organiser.post(f"/api/meetings/{meeting.id}/links", json={"delegate_ids": None, "send": True})
        assert answer.json()["queued"] == 2
        await Workers(mailing, [send_job, mail_job]).run_due()
    assert len(postbox.messages) == 2
    by_name = {message["To"].addresses[0].display_name: message for message in postbox.messages}
    message = by_name["Cil Múp Thảo"]
    link = next(line.strip() for line in text_of(message).splitlines() if "/join/" in line)
    files = {part.get_filename(): part for part in message.iter_attachments()}
    assert set(files) == {"giay-moi.pdf", "cuoc-hop.ics"}
    pdf = pypdf.PdfReader(io.BytesIO(files["giay-moi.pdf"].get_content()))
    assert len(pdf.pages) == 1
    assert "Ông/Bà Cil Múp Thảo" in words(pdf)
    assert "Từ Xa" not in words(pdf)
    calendar = Calendar.from_ical(files["cuoc-hop.ics"].get_payload(decode=True))
    assert calendar["method"] == "PUBLISH"
    [event] = calendar.walk("VEVENT")
    assert event["summary"] == meeting.title
    assert event["dtstart"].dt.astimezone(UTC) == meeting.starts_at
    assert event["dtend"].dt.astimezone(UTC) == meeting.ends_at
    assert "Điểm cầu Đạ Sar" in event["location"]
    assert "Phạm Chủ Trì" in event["description"]
    # Calendars are shared; what opens the meeting for one person stays out of them.
    assert link.rpartition("/")[2] not in files["cuoc-hop.ics"].get_payload(decode=True).decode()
    async with services.database.read() as session:
        for mail in await session.scalars(select(Mail)):
            assert (mail.state, mail.text, mail.attached) == ("sent", "", None)
    away = Calendar.from_ical(
        {part.get_filename(): part for part in by_name["Từ Xa"].iter_attachments()}["cuoc-hop.ics"].get_payload(
            decode=True
        )
    )
    assert "trực tuyến" in str(away.walk("VEVENT")[0]["location"])
