"""Headcount, substitutes, signatures: what a hall's secretary does besides the list."""

from server.attendance.people.events import delegates_changed
from server.audit.queries import entries_about, first_broken
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate
from tests import builders
from tests.conftest import Browsers, Clock
from tests.server.attendance.people.gathering import check, conference


async def test_heads_are_counted_where_there_is_no_list(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await conference(services, province)
    device = await browser(province.lac_duong_hall)
    path = held.path(province.lac_duong_hall, "headcount")
    page = (await device.post(path, json={"count": 38, "note": "Đếm lúc khai mạc"})).json()
    assert (page["count"]["expected"], page["count"]["counted"]) == (0, 38)
    assert (page["headcount"]["count"], page["headcount"]["note"]) == (38, "Đếm lúc khai mạc")
    page = (await device.post(path, json={"count": 40})).json()
    assert page["count"]["counted"] == 40, "the newest counts"
    # Beside a list, the larger figure is reported.
    secretary = await browser(province.hall_secretary)
    here = province.da_sar_hall
    await check(secretary, held, here, "in", "An", "Bình")
    assert (await secretary.post(held.path(here, "headcount"), json={"count": 1})).json()["count"]["counted"] == 2
    assert (await secretary.post(held.path(here, "headcount"), json={"count": 5})).json()["count"]["counted"] == 5
    turnout = (await (await browser(province.chair)).get(held.path(rest="people"))).json()
    assert (turnout["totals"]["counted"], turnout["totals"]["present"]) == (45, 2)
    assert (await secretary.post(held.path(here, "headcount"), json={"count": -1})).status_code == 422
    assert (await secretary.post(path, json={"count": 1})).status_code == 403


async def test_a_substitute_comes(services: Services, province: builders.Province, browser: Browsers) -> None:
    held = await conference(services, province)
    secretary = await browser(province.hall_secretary)
    here, path = province.da_sar_hall, held.path(province.da_sar_hall, "substitutes")
    write = {"delegate_id": held.delegates["An"], "full_name": "Phó Của An", "title": "Phó Chủ tịch"}
    made = await secretary.post(path, json=write)
    assert made.status_code == 201, made.text
    assert made.json()["substitutes"] == {"delegate_id": held.delegates["An"], "full_name": "An"}
    page = (await secretary.get(held.path(here, "people"))).json()
    assert (page["count"]["expected"], page["count"]["present"]) == (3, 0), "he is not there yet"
    held.delegates["Phó"] = made.json()["delegate_id"]
    said = await check(secretary, held, here, "in", "Phó")
    assert {each["full_name"]: each["state"] for each in said["people"]} == {"Phó Của An": "present", "An": "absent"}
    assert said["people"][1]["substitute"]["full_name"] == "Phó Của An"
    assert {name: said["count"][name] for name in ("expected", "present", "absent", "substitutes")} == {
        "expected": 3,
        "present": 1,
        "absent": 0,
        "substitutes": 1,
    }
    assert (await secretary.post(path, json=write)).json()["code"] == "has-substitute"
    chain = {"delegate_id": held.delegates["Phó"], "full_name": "Nữa"}
    assert (await secretary.post(path, json=chain)).json()["code"] == "is-substitute"
    await check(secretary, held, here, "in", "Bình")
    there = {"delegate_id": held.delegates["Bình"], "full_name": "Thay Bình"}
    assert (await secretary.post(path, json=there)).json()["code"] == "is-there"
    foreign = {"delegate_id": held.delegates["Chi"], "full_name": "Thay Chi"}
    assert (await secretary.post(path, json=foreign)).status_code == 404
    assert (await secretary.delete(f"{path}/{held.delegates['Phó']}")).status_code == 204
    assert (await secretary.delete(f"{path}/{held.delegates['Phó']}")).status_code == 404
    assert (await secretary.delete(f"{path}/{held.delegates['An']}")).status_code == 404, "was invited himself"
    count = (await secretary.get(held.path(here, "people"))).json()["count"]
    assert (count["present"], count["absent"], count["substitutes"]) == (1, 0, 0)


async def test_a_signature_falls_when_the_list_changes(
    services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    held = await conference(services, province)
    secretary, device = await browser(province.hall_secretary), await browser(province.da_sar_hall)
    here, path = province.da_sar_hall, held.path(province.da_sar_hall, "sign-off")
    await check(device, held, here, "in", "An", "Bình")
    refused = await device.post(path, json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "person-signs")
    clock.pass_(minutes=1)

    async def signed() -> object:
        return (await secretary.get(held.path(here, "people"))).json()["signed_off"]

    page = (await secretary.post(path, json={"note": "Đủ"})).json()
    assert page["signed_off"]["by_name"] == province.hall_secretary.full_name
    assert (page["signed_off"]["present"], page["signed_off"]["note"]) == (2, "Đủ")
    await check(secretary, held, here, "in", "An")
    assert await signed(), "nothing has changed"
    await check(secretary, held, here, "out", "An")
    assert not await signed()
    assert (await secretary.delete(path)).json()["code"] == "not-signed-off"

    for change in ("headcount", "substitute", "list"):
        await secretary.post(path, json={})
        assert await signed()
        if change == "headcount":
            await secretary.post(held.path(here, "headcount"), json={"count": 7})
        elif change == "substitute":
            write = {"delegate_id": held.delegates["Đại Biểu"], "full_name": "Người thay"}
            assert (await secretary.post(held.path(here, "substitutes"), json=write)).status_code == 201
        else:
            async with services.transactions(SYSTEM) as tx:
                (await tx.session.get_one(Delegate, held.delegates["Bình"])).removed_at = tx.now
                await delegates_changed(tx, held.meeting.id, frozenset({here.id}))
        assert not await signed(), change
    await secretary.post(path, json={})
    assert (await secretary.delete(path)).json()["signed_off"] is None
    turnout = (await (await browser(province.chair)).get(held.path(rest="people"))).json()
    assert {point["name"]: point["signed_off"] for point in turnout["points"]}["Đạ Sar"] is None
    async with services.database.read() as session:
        said = [entry.action for entry in await entries_about(session, "point", here.id)]
        assert said.count("attendance.signed-off") == said.count("attendance.sign-off-withdrawn") == 5
        assert await first_broken(session, services.transactions.audit_key) is None


async def test_after_the_meeting_it_is_still_put_right(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await conference(services, province, "ended")
    secretary = await browser(province.hall_secretary)
    said = await check(secretary, held, province.da_sar_hall, "in", "An", how="by-hand")
    assert (said["count"]["present"], said["count"]["absent"]) == (1, 2)
    assert (await secretary.post(held.path(province.da_sar_hall, "sign-off"), json={})).status_code == 200


async def test_only_who_takes_the_hall_takes_back(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await conference(services, province)
    operator = await browser(province.operator)
    here = province.da_sar_hall
    write = {"delegate_id": held.delegates["An"], "full_name": "Thay An"}
    made = (await operator.post(held.path(here, "substitutes"), json=write)).json()
    secretary = await browser(province.hall_secretary)
    assert (await operator.post(held.path(here, "sign-off"), json={})).status_code == 403, "it is no technical matter"
    assert (await secretary.post(held.path(here, "sign-off"), json={})).status_code == 200
    paths = [held.path(here, "sign-off"), held.path(here, f"substitutes/{made['delegate_id']}")]
    for who in (None, province.stranger, province.delegate, province.presenter, province.hiep_an_hall, province.admin):
        client = await browser(who)
        for path in paths:
            answer = await client.delete(path)
            assert answer.status_code in ((401,) if who is None else (403, 404)), (who, path)
    elsewhere = held.path(province.lat_hall, f"substitutes/{made['delegate_id']}")
    assert (await operator.delete(elsewhere)).status_code == 404, "of another hall"
    assert [(await secretary.delete(path)).status_code for path in paths] == [200, 204]
