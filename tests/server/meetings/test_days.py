"""A meeting that lasts several days: hours day by day, breaks, and what calendars, letters and screens say of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import AsyncClient
from icalendar import Calendar
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations import letters, links
from server.invitations.official.form import when
from server.meetings.calendar import Entry, by_day, calendar
from server.meetings.days import MeetingDay, fitted, spans
from server.meetings.live.entities import AgendaItemEntity, entities
from server.meetings.models import AgendaItem, Meeting
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock
from tests.server.meetings.test_planning import plan

DAYS = [
    {"after": 0, "start": "07:30", "end": "17:00"},
    {"after": 1, "start": "08:00", "end": "17:00"},
    {"after": 2, "start": "07:30", "end": "11:30"},
]
STARTS = datetime(2026, 12, 8, 0, 30, tzinfo=UTC)
ENDS = datetime(2026, 12, 10, 4, 30, tzinfo=UTC)


def session(province: Province, **changes: Any) -> dict[str, Any]:
    agenda = [
        {"title": "Khai mạc", "minutes": 30, "day": 0},
        {"title": "Nghỉ giải lao", "minutes": 15, "day": 0, "kind": "break", "presenter_text": "Không ai"},
        {"title": "Báo cáo", "minutes": 60, "day": 0, "presenter_id": province.presenter.id},
        {"title": "Bế mạc", "minutes": 20, "day": 2},
        {"title": "Chất vấn", "minutes": 180, "day": 1},
    ]
    facts = {"kind": "ky-hop", "title": "Kỳ họp thứ 10", "starts_at": STARTS.isoformat(), "ends_at": ENDS.isoformat()}
    return plan(province, **(facts | {"days": DAYS, "agenda": agenda} | changes))


async def planned(client: AsyncClient, province: Province, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/meetings", json=session(province, **changes))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_days_go_with_start_and_end() -> None:
    days = [MeetingDay.model_validate(each) for each in DAYS]
    later = fitted(days, STARTS + timedelta(days=7, minutes=30), ENDS + timedelta(days=7))
    assert [(each.after, each.start, each.end) for each in later] == [
        (0, "08:00", "17:00"),
        (1, "08:00", "17:00"),
        (2, "07:30", "11:30"),
    ]
    shorter = fitted(days, STARTS, STARTS + timedelta(days=1, hours=3))
    assert [(each.after, each.end) for each in shorter] == [(0, "17:00"), (1, "10:30")]
    assert fitted(days, STARTS, STARTS + timedelta(hours=3)) == []
    second = STARTS + timedelta(days=1, minutes=30)
    assert spans(STARTS, ENDS, days)[1] == (second, second + timedelta(hours=9))


async def test_hours_of_the_agenda_are_counted_day_by_day(
    browser: Browsers, services: Services, province: Province
) -> None:
    client = await browser(province.organiser)
    made = await planned(client, province)
    assert made["days"] == DAYS
    begins = [(each["title"], each["day"], datetime.fromisoformat(each["begins_at"])) for each in made["agenda"]]
    assert begins == [
        ("Khai mạc", 0, STARTS),
        ("Nghỉ giải lao", 0, STARTS + timedelta(minutes=30)),
        ("Báo cáo", 0, STARTS + timedelta(minutes=45)),
        ("Chất vấn", 1, STARTS + timedelta(days=1, minutes=30)),
        ("Bế mạc", 2, STARTS + timedelta(days=2)),
    ]
    pause = made["agenda"][1]
    assert (pause["kind"], pause["presenter_text"]) == ("break", "")
    async with services.database.read() as reading:
        shown = (await entities(reading, made["id"]))["agenda"]
    assert [AgendaItemEntity.model_validate(each).begins_at for each in shown.values()] == [at for _, _, at in begins]

    moved = [each | {"day": 2} if each["title"] == "Chất vấn" else each for each in session(province)["agenda"]]
    path = f"/api/meetings/{made['id']}"
    edited = (await client.patch(path, json={"version": 1, "agenda": moved})).json()
    assert [each["title"] for each in edited["agenda"]][-2:] == ["Bế mạc", "Chất vấn"]
    # Of one day again: everything stands on it.
    one_day = {"version": 2, "ends_at": (STARTS + timedelta(hours=9)).isoformat()}
    edited = (await client.patch(path, json=one_day)).json()
    assert (edited["days"], {each["day"] for each in edited["agenda"]}) == ([], {0})


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ([DAYS[0], {**DAYS[1], "end": "07:00"}, DAYS[2]], "days.1.end"),
        ([DAYS[0], DAYS[1], DAYS[1], DAYS[2]], "days.2.after"),
    ],
)
async def test_days_that_cannot_be_are_named(
    browser: Browsers, province: Province, days: list[dict[str, Any]], field: str
) -> None:
    client = await browser(province.organiser)
    answer = await client.post("/api/meetings", json=session(province, days=days))
    assert answer.status_code == 422
    assert field in answer.json()["details"]["fields"]


async def test_a_meeting_that_is_put_off_keeps_its_days(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    clock.now = MORNING - timedelta(days=7)
    client = await browser(province.organiser)
    made = await planned(client, province)
    path = f"/api/meetings/{made['id']}"
    await client.post(f"{path}/invite")
    week = timedelta(days=7)
    moved = (
        await client.post(
            f"{path}/reschedule", json={"starts_at": (STARTS + week).isoformat(), "ends_at": (ENDS + week).isoformat()}
        )
    ).json()
    assert moved["days"] == DAYS
    assert datetime.fromisoformat(moved["agenda"][3]["begins_at"]) == STARTS + week + timedelta(days=1, minutes=30)
    shorter = {"starts_at": (STARTS + week).isoformat(), "ends_at": (ENDS + week - timedelta(days=1)).isoformat()}
    moved = (await client.post(f"{path}/reschedule", json=shorter)).json()
    assert [each["after"] for each in moved["days"]] == [0, 1]
    assert [each["day"] for each in moved["agenda"]] == [0, 0, 0, 1, 1]
    late = {"starts_at": (STARTS + timedelta(hours=10)).isoformat(), "ends_at": ENDS.isoformat()}
    assert "starts_at" in (await client.post(f"{path}/reschedule", json=late)).json()["details"]["fields"]

    # Other hours of a day in between are a change that people are told of.
    now = (await client.get(path)).json()
    days = [now["days"][0] | {"end": "16:30"}, now["days"][1]]
    changed = (await client.patch(path, json={"version": now["version"], "days": days})).json()
    assert [(each["what"], each["after"]) for each in changed["unannounced"]] == [
        ("days", "15/12 07:30–16:30, 16/12 08:00–11:30")
    ]
    async with services.database.read() as reading:
        meeting = await reading.get_one(Meeting, made["id"])
        occasion = await links.occasion_of(reading, meeting)
    assert letters.when(occasion) == ("07:30–16:30, thứ Ba ngày 15/12/2026; 08:00–11:30, thứ Tư ngày 16/12/2026")
    assert when(meeting) == (
        "02 ngày, từ 07 giờ 30 phút, thứ Ba, ngày 15 tháng 12 năm 2026 đến hết thứ Tư, ngày 16 tháng 12 năm 2026"
    )


async def test_calendars_have_one_entry_a_day(browser: Browsers, province: Province, clock: Clock) -> None:
    clock.now = MORNING - timedelta(days=7)
    client = await browser(province.organiser)
    made = await planned(client, province)
    await client.post(f"/api/meetings/{made['id']}/invite")
    feed = (await client.get((await client.post("/api/calendar")).json()["path"])).content
    events = list(Calendar.from_ical(feed).walk("VEVENT"))
    assert [str(each["SUMMARY"]) for each in events] == [f"Kỳ họp thứ 10 ({day}/3)" for day in (1, 2, 3)]
    assert [each["DTSTART"].dt for each in events] == [start for start, _ in spans(STARTS, ENDS, _days())]
    assert [each["DTEND"].dt for each in events] == [end for _, end in spans(STARTS, ENDS, _days())]
    assert len({str(each["UID"]) for each in events}) == 3

    entry = Entry("a@b", 1, "Họp", STARTS, ENDS, "", "", "https://hop.example", STARTS)
    assert by_day(entry, [(STARTS, ENDS)]) == [entry]
    assert len(list(Calendar.from_ical(calendar(entry)).walk("VEVENT"))) == 1


def _days() -> list[MeetingDay]:
    return [MeetingDay.model_validate(each) for each in DAYS]


async def test_an_item_that_becomes_a_break_takes_no_papers(
    browser: Browsers, services: Services, province: Province
) -> None:
    client = await browser(province.organiser)
    made = await planned(client, province)
    async with services.transactions(SYSTEM) as tx:
        pause = await tx.session.scalar(
            select(AgendaItem.id).where(AgendaItem.meeting_id == made["id"], AgendaItem.kind == "break")
        )
    answer = await client.get(f"/api/items/{pause}/paper-policy")
    assert (answer.status_code, answer.json()["code"]) == (409, "break-takes-no-papers")
