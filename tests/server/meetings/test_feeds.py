"""A person's meetings in a calendar: the private address, and what a calendar reads there."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings import lifecycle
from tests import builders
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock


def read(content: bytes) -> dict[str, Any]:
    """Events by title."""
    calendar = Calendar.from_ical(content)
    assert calendar["VERSION"] == "2.0"
    assert calendar["METHOD"] == "PUBLISH"
    zones = [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")]
    assert zones in ([], ["Asia/Ho_Chi_Minh"])
    # RFC 5545 section 3.1: lines of at most 75 octets, ended by CRLF.
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    return {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}


async def test_a_calendar_reads_what_its_person_may_see(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    clock.now = MORNING - timedelta(days=7)
    async with services.transactions(SYSTEM) as tx:
        shown = await builders.meeting(tx.session, province.root, province.halls, state="invited", title="Hội nghị A")
        await builders.meeting(tx.session, province.root, province.halls, title="Bản nháp")
        await builders.meeting(
            tx.session, province.duc_trong, [province.duc_trong_hall], state="invited", title="Của Đức Trọng"
        )
        old = MORNING - timedelta(days=200)
        await builders.meeting(tx.session, province.root, province.halls, state="ended", title="Cũ", starts_at=old)
    client = await browser(province.technician)
    assert (await client.get("/api/calendar")).json() == {"made_at": None, "read_at": None}
    path = (await client.post("/api/calendar")).json()["path"]
    anybody = await browser(None)
    answer = await anybody.get(path)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    [(title, event)] = read(answer.content).items()
    assert title == "Hội nghị A"
    starts = event["DTSTART"].dt
    assert starts == MORNING
    assert starts.utcoffset() == timedelta(hours=7)
    assert event["DTSTART"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert event["DTEND"].dt == (MORNING + timedelta(hours=3)).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    assert str(event["URL"]).endswith(f"/meetings/{shown.id}")
    assert event["STATUS"] == "CONFIRMED"
    first = (str(event["UID"]), int(event["SEQUENCE"]))

    async with services.transactions(SYSTEM) as tx:
        await lifecycle.cancel(tx, shown.id, "Bão")
    [(title, event)] = read((await anybody.get(path)).content).items()
    assert title == "Đã hủy: Hội nghị A"
    assert event["STATUS"] == "CANCELLED"
    assert str(event["UID"]) == first[0]
    assert int(event["SEQUENCE"]) > first[1]
    assert (await client.get("/api/calendar")).json()["read_at"] is not None


async def test_an_address_that_is_taken_back_or_replaced_answers_no_more(
    browser: Browsers, services: Services, province: Province
) -> None:
    client, anybody = await browser(province.organiser), await browser(None)
    first = (await client.post("/api/calendar")).json()["path"]
    second = (await client.post("/api/calendar")).json()["path"]
    assert (await anybody.get(first)).status_code == 404
    assert (await anybody.get(second)).status_code == 200
    assert (await client.delete("/api/calendar")).status_code == 204
    assert (await anybody.get(second)).status_code == 404
    third = (await client.post("/api/calendar")).json()["path"]
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(type(province.organiser), province.organiser.id)).disabled_at = tx.now
    assert (await anybody.get(third)).status_code == 404
