"""Meetings held again and again, and the days of a calendar."""

from datetime import date, timedelta

import httpx2
import pytest
from sqlalchemy import delete, func, select

from server.accounts.models import RoleGrant
from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.copying import copy_job
from server.jobs.workers import Workers
from server.meetings.models import Meeting
from server.meetings.planning.series import follow_job, make_job, titled
from server.meetings.planning.series_end import end_job
from tests import builders
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers

WEEKS = [(MORNING + timedelta(weeks=n)).date() for n in (1, 2, 4)]


@pytest.fixture
async def first(services: Services, province: Province) -> Meeting:
    return await builders.conference(services, province, "draft", [province.main, province.da_sar_hall], listed=True)


async def test_a_series_is_made_by_a_job_and_changed_from_one_on(
    browser: Browsers, province: Province, services: Services, first: Meeting
) -> None:
    client: httpx2.AsyncClient = await browser(province.organiser)
    path = f"/api/meetings/{first.id}/series"
    assert (await client.get(path)).json()["code"] == "not-in-series"
    rule = {
        "every": "week",
        "title": "Giao ban tuần {tuần}",
        "dates": [day.isoformat() for day in WEEKS],
        "lists": True,
    }
    assert (await client.post(path, json=rule)).status_code == 204
    assert (await client.post(path, json=rule)).json()["code"] == "in-series"
    assert (await client.get(path)).json()["left"] == 3
    workers = Workers(services, [make_job, follow_job, copy_job])
    await workers.run_due()
    made = (await client.get(path)).json()
    assert (made["left"], made["following"]) == (0, 3)
    assert [each["title"] for each in made["meetings"]] == [
        "Hội nghị thử",
        *(f"Giao ban tuần {day.isocalendar().week}" for day in WEEKS),
    ]
    _, second, third, _ = [(await client.get(f"/api/meetings/{each['id']}")).json() for each in made["meetings"]]
    assert (second["state"], second["series_id"]) == ("draft", third["series_id"])
    assert second["starts_at"] == (MORNING + timedelta(weeks=1)).isoformat().replace("+00:00", "Z")
    assert [item["title"] for item in second["agenda"]] == ["Khai mạc", "Báo cáo", "Thảo luận"]
    assert second["agenda"][2]["presenter_id"] == province.presenter.id
    assert second["lists"]["people"] == 1
    # This one alone; then this and those that follow, each on its own day.
    moved = {
        "version": third["version"],
        "starts_at": (MORNING + timedelta(weeks=2, days=1, hours=1)).isoformat(),
        "ends_at": (MORNING + timedelta(weeks=2, days=1, hours=2)).isoformat(),
        "agenda": [*third["agenda"][:1], {"title": "Việc khác", "minutes": 5}],
        "address": "polite",
    }
    moved["agenda"] = [{k: v for k, v in item.items() if k in ("id", "title", "minutes")} for item in moved["agenda"]]
    assert (await client.patch(f"/api/meetings/{third['id']}", json=moved)).status_code == 200
    assert (await client.post(f"/api/meetings/{third['id']}/series/follow")).json() == {"queued": 1}
    await workers.run_due()
    shown = [(await client.get(f"/api/meetings/{each['id']}")).json() for each in made["meetings"]]
    assert [item["title"] for item in shown[3]["agenda"]] == ["Khai mạc", "Việc khác"]
    assert shown[3]["starts_at"] == (MORNING + timedelta(weeks=4, days=1, hours=1)).isoformat().replace("+00:00", "Z")
    assert (shown[3]["address"], shown[3]["title"]) == ("polite", made["meetings"][3]["title"])
    assert len(shown[1]["agenda"]) == 3
    # One of them is called off, the others go on; a draft is simply deleted.
    assert (await client.delete(f"/api/meetings/{shown[1]['id']}")).status_code == 204
    assert len((await client.get(path)).json()["meetings"]) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_series_is_the_organisers(
    *, browser: Browsers, province: Province, neighbour: Neighbour, services: Services, first: Meeting
) -> None:
    path = f"/api/meetings/{first.id}/series"
    rule = {"every": "month", "title": "A", "dates": [WEEKS[0].isoformat()]}
    client = await browser(neighbour.organiser)
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path, json=rule)).status_code == 404
    organiser = await browser(province.organiser)
    early = await organiser.post(path, json={**rule, "dates": [MORNING.date().isoformat()]})
    assert early.json()["details"]["fields"].keys() == {"dates"}
    # Whoever has lost the right meanwhile makes nothing more.
    assert (await organiser.post(path, json=rule)).status_code == 204
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(RoleGrant).where(RoleGrant.person_id == province.organiser.id))
    await Workers(services, [make_job]).run_due()
    async with services.database.read() as session:
        assert (
            await session.scalar(select(func.count()).select_from(Meeting).where(Meeting.series_id.is_not(None))) == 1
        )


async def test_meetings_between_two_days(browser: Browsers, province: Province, services: Services) -> None:
    async with services.transactions(SYSTEM) as tx:
        for days, title in ((0, "Hôm nay"), (1, "Ngày mai"), (40, "Tháng sau"), (-3, "Đã qua")):
            await builders.meeting(
                tx.session,
                province.root,
                [province.main],
                state="ended" if days < 0 else "invited",
                starts_at=MORNING + timedelta(days=days),
                title=title,
            )
    client = await browser(province.organiser)

    async def titles(**query: str) -> list[str]:
        return [each["title"] for each in (await client.get("/api/meetings", params=query)).json()]

    day = MORNING.replace(hour=0) - timedelta(hours=7)
    assert await titles(**{"from": day.isoformat(), "until": (day + timedelta(days=31)).isoformat()}) == [
        "Hôm nay",
        "Ngày mai",
    ]
    assert await titles(until=day.isoformat()) == ["Đã qua"]
    assert await titles(**{"from": (MORNING + timedelta(hours=1)).isoformat(), "limit": "1"}) == ["Hôm nay"]
    assert await titles(**{"from": day.isoformat(), "q": "thang sau"}) == ["Tháng sau"]


def test_titles_have_the_days_own_numbers() -> None:
    assert titled("Tuần {tuần}, quý {quý}/{năm} ({ngày}, {lạ})", date(2026, 12, 7)) == (
        "Tuần 50, quý IV/2026 (7/12/2026, {lạ})"
    )


async def test_a_series_ends_at_once(browser: Browsers, province: Province, services: Services, first: Meeting) -> None:
    client: httpx2.AsyncClient = await browser(province.organiser)
    path = f"/api/meetings/{first.id}/series"
    rule = {"every": "week", "title": "Giao ban", "dates": [day.isoformat() for day in WEEKS], "lists": False}
    assert (await client.post(path, json=rule)).status_code == 204
    assert (await client.post(f"{path}/end", json={"reason": "Sáp nhập"})).json()["code"] == "series-still-made"
    workers = Workers(services, [make_job, end_job])
    await workers.run_due()
    later = (await client.get(path)).json()["meetings"][1:]
    await client.post(f"/api/meetings/{later[1]['id']}/invite")
    shown = (await client.get(path)).json()
    assert (shown["drafts_later"], shown["known_later"]) == (2, 1)
    assert (await client.post(f"{path}/end", json={"reason": "Sáp nhập"})).json() == {"queued": 3}
    await workers.run_due()
    left = (await client.get(path)).json()
    assert [(each["id"], each["state"]) for each in left["meetings"]] == [
        (first.id, "draft"),
        (later[1]["id"], "cancelled"),
    ]
    told = (await client.get(f"/api/meetings/{later[1]['id']}")).json()["news"]
    assert (told["kind"], told["reason"]) == ("cancelled", "Sáp nhập")
    assert (left["drafts_later"], left["known_later"]) == (0, 0)
