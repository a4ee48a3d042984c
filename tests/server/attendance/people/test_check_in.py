"""Checking in by list, by the screen's code and from afar, over HTTP."""

import asyncio
from typing import Any

from fastapi import FastAPI
from sqlalchemy import func, select

from server.attendance.models import PersonCheck
from server.core.actor import SYSTEM
from server.core.services import Services
from server.live.models import MeetingEvent
from server.meetings.models import Delegate
from tests import builders
from tests.conftest import Browsers, Clock
from tests.server.attendance.people.gathering import check, code_of, conference


async def entries(services: Services) -> int:
    async with services.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(PersonCheck)) or 0)


def states(people: list[dict[str, Any]]) -> dict[str, str]:
    return {person["full_name"]: person["state"] for person in people}


async def test_the_hall_takes_its_list(
    services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    held = await conference(services, province)
    secretary = await browser(province.hall_secretary)
    clock.pass_(minutes=2)
    said = await check(secretary, held, province.da_sar_hall, "in", "An", "Bình", how="group")
    assert states(said["people"]) == {"An": "present", "Bình": "present"}
    assert (said["count"]["present"], said["count"]["absent"], said["count"]["counted"]) == (2, 0, 2)
    assert said["people"][0]["by_name"] == province.hall_secretary.full_name
    assert said["people"][0]["how"] == "group"
    first = said["people"][0]["at"]

    clock.pass_(minutes=2)
    again = await check(secretary, held, province.da_sar_hall, "in", "An", "Bình")
    assert (again["people"][0]["at"], await entries(services)) == (first, 2), "noted once"

    await check(secretary, held, province.da_sar_hall, "leave", "Đại Biểu", reason="Đi công tác")
    await check(secretary, held, province.da_sar_hall, "out", "Bình")
    await check(secretary, held, province.da_sar_hall, "out", "An", how="by-hand")
    clock.pass_(minutes=1)
    page = (await secretary.get(held.path(province.da_sar_hall, "people"))).json()
    assert states(page["people"]) == {"Liêng Đại Biểu": "leave", "An": "expected", "Bình": "left"}
    assert page["people"][0]["reason"] == "Đi công tác"
    assert page["may_take"]
    count = page["count"]
    assert {name: count[name] for name in ("expected", "present", "leave", "left", "absent")} == {
        "expected": 3,
        "present": 0,
        "leave": 1,
        "left": 1,
        "absent": 0,
    }
    await check(secretary, held, province.da_sar_hall, "leave-withdrawn", "Đại Biểu")
    page = (await secretary.get(held.path(province.da_sar_hall, "people"))).json()
    assert states(page["people"])["Liêng Đại Biểu"] == "expected"


async def test_nobody_is_absent_before_the_hall_has_signed(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await conference(services, province)
    secretary, organiser = await browser(province.hall_secretary), await browser(province.organiser)
    await check(secretary, held, province.da_sar_hall, "in", "An")

    async def absent() -> tuple[dict[str, str], int, int]:
        page = (await secretary.get(held.path(province.da_sar_hall, "people"))).json()
        turnout = (await organiser.get(held.path(rest="people"))).json()
        return states(page["people"]), page["count"]["absent"], turnout["totals"]["absent"]

    waiting = {"An": "present", "Bình": "expected", "Liêng Đại Biểu": "expected"}
    assert await absent() == (waiting, 0, 0)
    signed = await secretary.post(held.path(province.da_sar_hall, "sign-off"), json={"note": ""})
    assert signed.status_code == 200, signed.text
    assert await absent() == ({**waiting, "Bình": "absent", "Liêng Đại Biểu": "absent"}, 2, 2)
    # Whoever comes late puts the list in motion again.
    await check(secretary, held, province.da_sar_hall, "in", "Bình")
    assert await absent() == ({**waiting, "Bình": "present"}, 0, 0)


async def test_before_the_meeting_nobody_is_absent(
    services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    held = await conference(services, province, "invited")
    organiser, device = await browser(province.organiser), await browser(province.da_sar_hall)
    await check(device, held, province.da_sar_hall, "in", "An")
    await check(device, held, province.da_sar_hall, "out", "An")
    turnout = (await organiser.get(held.path(rest="people"))).json()
    assert (turnout["totals"]["expected"], turnout["totals"]["absent"], turnout["totals"]["left"]) == (7, 0, 0)
    clock.pass_(minutes=1)
    assert (await organiser.post(held.path(rest="start"))).status_code == 200
    turnout = (await organiser.get(held.path(rest="people"))).json()
    assert (turnout["totals"]["absent"], turnout["totals"]["left"]) == (0, 0)
    assert (await organiser.post(held.path(rest="end"))).status_code == 200
    turnout = (await organiser.get(held.path(rest="people"))).json()
    assert (turnout["totals"]["absent"], turnout["totals"]["left"]) == (7, 0), "who never came was absent"


async def test_wrong_wishes(services: Services, province: builders.Province, browser: Browsers) -> None:
    held = await conference(services, province)
    secretary = await browser(province.hall_secretary)
    here = held.path(province.da_sar_hall, "checks")
    foreign = await secretary.post(here, json={"delegate_ids": held.ids("An", "Chi"), "kind": "in"})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "not-on-this-list")
    assert foreign.json()["details"]["delegate_ids"] == held.ids("Chi")
    assert await entries(services) == 0, "all of a request or nothing"
    elsewhere = await secretary.post(
        held.path(province.lat_hall, "checks"), json={"delegate_ids": held.ids("Chi"), "kind": "in"}
    )
    assert elsewhere.status_code == 403
    reason = await secretary.post(here, json={"delegate_ids": held.ids("An"), "kind": "leave", "reason": "  "})
    assert reason.status_code == 422
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Delegate, held.delegates["Bình"])).removed_at = tx.now
    removed = await secretary.post(here, json={"delegate_ids": held.ids("Bình"), "kind": "in"})
    assert removed.status_code == 422
    draft = await conference(services, province, "draft")
    organiser = await browser(province.organiser)
    early = await organiser.post(
        draft.path(province.lat_hall, "checks"), json={"delegate_ids": draft.ids("Chi"), "kind": "in"}
    )
    assert (early.status_code, early.json()["code"]) == (409, "too-early")
    closed = await organiser.post(
        held.path(province.da_sar_hall, "checks"), json={"delegate_ids": draft.ids("Chi"), "kind": "in"}
    )
    assert closed.status_code == 422, "a delegate of another meeting"


async def test_the_code_on_the_screen(
    app: FastAPI, services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    held = await conference(services, province, "invited")
    phone = await browser(held.people["An"])
    door = f"/api/m/{held.meeting.public_code}/check-in"
    code = code_of(app, held, province.da_sar_hall)
    answer = await phone.post(door, json={"hall": code})
    assert answer.status_code == 200, answer.text
    assert answer.json()["point_name"] == "Đạ Sar"
    assert not answer.json()["already"]
    clock.pass_(seconds=20)
    again = (await phone.post(door, json={"hall": code})).json()
    assert (again["already"], again["at"], await entries(services)) == (True, answer.json()["at"], 1)
    clock.pass_(minutes=5)
    late = await phone.post(door, json={"hall": code})
    assert (late.status_code, late.json()["code"]) == (409, "code-expired")

    # The next day's neighbour: checked in where they are, expected where they were.
    visitor = await phone.post(door, json={"hall": code_of(app, held, province.lat_hall)})
    assert visitor.json()["point_name"] == "Lát"
    organiser = await browser(province.organiser)
    home = (await organiser.get(held.path(province.da_sar_hall, "people"))).json()
    there = (await organiser.get(held.path(province.lat_hall, "people"))).json()
    assert (home["people"][1]["state"], home["people"][1]["elsewhere"]) == ("present", "Lát")
    assert [each["full_name"] for each in there["visitors"]] == ["An"]
    assert there["visitors"][0]["elsewhere"] == "Đạ Sar"
    assert (home["count"]["present"], home["count"]["counted"]) == (1, 0)
    assert (there["count"]["present"], there["count"]["counted"]) == (0, 1)
    # The hall may let a visitor go.
    device = await browser(province.lat_hall)
    await check(device, held, province.lat_hall, "out", "An", how="by-hand")

    stranger = await browser(province.stranger)
    code = code_of(app, held, province.da_sar_hall)
    assert (await stranger.post(door, json={"hall": code})).status_code == 404
    unlisted = await (await browser(province.technician)).post(door, json={"hall": code})
    assert (unlisted.status_code, unlisted.json()["code"]) == (403, "not-on-list")
    assert (await phone.post("/api/m/nowhere/check-in", json={"hall": code})).status_code == 404
    assert (await (await browser()).post(door, json={"hall": code})).status_code == 401


async def test_online(services: Services, province: builders.Province, browser: Browsers) -> None:
    held = await conference(services, province)
    phone = await browser(held.people["Giang"])
    mine = held.path(rest="my-attendance")
    assert (await phone.get(mine)).json()["state"] == "expected"
    answer = await phone.post(held.path(rest="online"), json={"online": True})
    assert answer.json()["state"] == "online"
    organiser = await browser(province.organiser)
    turnout = (await organiser.get(held.path(rest="people"))).json()
    assert turnout["points"][-1]["point_id"] is None
    assert (turnout["points"][-1]["expected"], turnout["points"][-1]["online"]) == (1, 1)
    assert turnout["totals"]["online"] == turnout["totals"]["counted"] == 1
    units = {unit["name"]: unit for unit in turnout["units"]}
    assert (units["Xã Hiệp An"]["expected"], units["Xã Hiệp An"]["online"]) == (2, 1)
    assert (units["Tỉnh Lâm Đồng"]["expected"], units["Tỉnh Lâm Đồng"]["online"]) == (7, 1)
    assert (units["Huyện Lạc Dương"]["expected"], units["Huyện Lạc Dương"]["absent"]) == (5, 0)
    left = await phone.post(held.path(rest="online"), json={"online": False})
    assert left.json()["state"] == "left"
    assert (await phone.post(held.path(rest="online"), json={"online": False})).json()["state"] == "left"
    technician = await browser(province.technician)
    assert (await technician.post(held.path(rest="online"), json={"online": True})).status_code == 403
    assert (await technician.get(mine)).json()["code"] == "not-on-list"
    waiting = await conference(services, province, "invited")
    early = await (await browser(waiting.people["Giang"])).post(waiting.path(rest="online"), json={"online": True})
    assert early.json()["code"] == "too-early"
    over = await conference(services, province, "ended")
    late = await (await browser(over.people["Giang"])).post(over.path(rest="online"), json={"online": True})
    assert late.json()["code"] == "too-late"


async def test_a_rush_is_written_in_a_few_groups(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    """Thirty at once, one of them wrong, one twice: each is answered for itself, in few commits with one event each."""
    held = await conference(services, province)
    async with services.transactions(SYSTEM) as tx:
        rows = []
        for number in range(30):
            person = await builders.person(tx.session, province.da_sar, f"Người {number}")
            row = Delegate(
                meeting_id=held.meeting.id, person_id=person.id, point_id=province.da_sar_hall.id, added_at=tx.now
            )
            tx.session.add(row)
            rows.append(row)
        await tx.session.flush()
        ids = [row.id for row in rows]
    secretary, stranger = await browser(province.hall_secretary), await browser(province.stranger)
    path = held.path(province.da_sar_hall, "checks")

    async def one(client: Any, delegate_id: int) -> Any:
        return await client.post(path, json={"delegate_ids": [delegate_id], "kind": "in"})

    answers = await asyncio.gather(
        *(one(secretary, delegate_id) for delegate_id in [*ids, ids[0]]),
        one(secretary, 999_999),
        one(secretary, held.delegates["Chi"]),
        one(stranger, ids[1]),
    )
    assert [answer.status_code for answer in answers] == [200] * 31 + [422, 422, 404]
    assert await entries(services) == 30
    async with services.database.read() as session:
        events = list(
            await session.scalars(
                select(MeetingEvent).where(MeetingEvent.kind == "people.checked").order_by(MeetingEvent.seq)
            )
        )
    assert 1 <= len(events) <= 4
    total = next(change["value"] for change in events[-1].changes if change["key"] == "")
    assert total["present"] == 30
    assert {change["key"] for change in events[-1].changes} == {"", str(province.da_sar_hall.id)}


async def test_checking_in_tells_a_stranger_nothing_of_a_meetings_code(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    """Whether there is such a meeting; and wrong codes are counted as at its door."""
    held = await conference(services, province, "invited")
    client = await browser(province.stranger)
    codes = (held.meeting.public_code, "khongcoma")
    answers = [await client.post(f"/api/m/{code}/check-in", json={"hall": "1-aaaaaaaaaa"}) for code in codes]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    said = [(await client.post(f"/api/m/{n}/check-in", json={"hall": "1-aaaaaaaaaa"})).status_code for n in range(30)]
    assert said == [404] * 28 + [429] * 2
