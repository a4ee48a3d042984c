"""Halls test themselves, the board says who is ready, and rehearsals have a record of their own."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.workers import Workers
from server.meetings.models import Delegate
from server.notifications.models import Notice, TextMessage
from server.organisations.models import BridgePoint
from server.readiness.judgement import Found, faults_of, state_of
from server.readiness.reminding import remind_job
from server.readiness.schemas import HallTestWrite
from server.reading.models import Receipt
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock
from tests.server.conftest import Join

GOOD: dict[str, Any] = {
    "camera": "ok",
    "microphone": "ok",
    "level_db": -31.5,
    "loop": "heard",
    "connected": True,
    "way": "tcp",
    "up_kbps": 1400,
    "down_kbps": 1380,
    "loss_up": 0.0,
    "loss_down": 0.002,
    "round_trip_ms": 41,
}


async def self_tested(client: httpx2.AsyncClient, point_id: int, **other: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/points/{point_id}/tests", json=GOOD | other)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def board(client: httpx2.AsyncClient, meeting_id: int) -> dict[str, Any]:
    answer = await client.get(f"/api/meetings/{meeting_id}/readiness")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def point_of(said: dict[str, Any], point_id: int) -> dict[str, Any]:
    return next(each for each in said["points"] if each["point_id"] == point_id)


@pytest.mark.parametrize(
    ("measured", "faults"),
    [
        ({}, []),
        ({"connected": False, "up_kbps": None}, ["media-none"]),
        ({"camera": "denied"}, ["camera-denied"]),
        ({"camera": "dark"}, ["camera-dark"]),
        ({"microphone": "none", "level_db": None, "loop": "unable"}, ["microphone-none"]),
        ({"level_db": -80}, ["microphone-silent"]),
        ({"loop": "unheard"}, ["loop-unheard"]),
        ({"up_kbps": 120, "down_kbps": 90}, ["up-weak", "down-weak"]),
        ({"loss_up": 0.2}, ["loss"]),
        ({"round_trip_ms": 900}, ["delay"]),
        (
            {"camera": "none", "microphone": "muted", "connected": False},
            ["media-none", "microphone-muted", "camera-none"],
        ),
    ],
)
def test_what_was_measured_is_judged(measured: dict[str, Any], faults: list[str]) -> None:
    assert faults_of(HallTestWrite.model_validate(GOOD | measured)) == faults


@pytest.mark.parametrize(
    ("presence", "passed", "verdict", "state"),
    [
        ("absent", None, None, "absent"),
        ("absent", True, None, "absent"),
        ("absent", False, None, "trouble"),
        ("absent", None, True, "absent"),
        ("lost", True, True, "lost"),
        ("testing", None, None, "testing"),
        ("testing", True, None, "testing"),
        ("ready", None, None, "testing"),
        ("ready", True, None, "ready"),
        ("ready", False, None, "trouble"),
        ("ready", False, True, "ready"),
        ("testing", None, True, "ready"),
        ("ready", True, False, "trouble"),
    ],
)
def test_how_ready_a_hall_is(presence: str, passed: bool | None, verdict: bool | None, state: str) -> None:
    assert state_of(Found(presence, presence == "ready", passed, verdict)) == state


async def test_a_hall_tests_itself_and_the_board_knows(
    services: Services, province: Province, browser: Browsers, join: Join, clock: Clock
) -> None:
    clock.pass_(seconds=(MORNING - timedelta(minutes=60) - clock()).total_seconds())
    meeting = await builders.conference(services, province, "invited", listed=True)
    hall, point_id = await browser(province.da_sar_hall), province.da_sar_hall.id
    organiser, operator = await browser(province.organiser), await browser(province.operator)
    async with services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, meeting)
        seen = {"version_id": paper.current_version_id, "person_id": province.delegate.id, "delivered_at": MORNING}
        tx.session.add(Receipt(**seen))
    before = await board(organiser, meeting.id)
    assert (before["papers"], before["totals"]["saved"], before["totals"]["opened"]) == (1, 1, 0)
    assert before["totals"] | {"points": 6, "absent": 6, "listed": 1, "people": 1} == before["totals"]
    assert (before["rehearsal"], before["direct"]) == (None, True)

    said = await self_tested(hall, point_id, loop="unheard")
    assert (said["passed"], said["faults"]) == (False, ["loop-unheard"])
    assert point_of(await board(operator, meeting.id), point_id)["state"] == "trouble"
    clock.pass_(seconds=10)
    assert (await hall.post(f"/api/meetings/{meeting.id}/open")).status_code == 403
    assert (await operator.post(f"/api/meetings/{meeting.id}/open")).status_code == 200
    inside = await join(meeting.id, province.da_sar_hall)
    assert point_of(await board(operator, meeting.id), point_id)["state"] == "trouble"
    assert (await self_tested(hall, point_id, meeting_id=meeting.id))["passed"]
    now = point_of(await board(operator, meeting.id), point_id)
    assert (now["state"], now["presence"], now["passed"], now["people"]) == ("testing", "testing", True, 1)
    await inside.command("hall.ready", ready=True)
    now = await board(operator, meeting.id)
    assert point_of(now, point_id)["state"] == "ready"
    assert now["rehearsal"]["kind"] == "check"
    assert (now["totals"]["ready"], now["totals"]["tested"], now["totals"]["technicians"]) == (1, 1, 1)

    # A hall at once, twice: a button that was pressed two times.
    assert (await hall.post(f"/api/points/{point_id}/tests", json=GOOD)).status_code == 429
    [last, first] = (await hall.get(f"/api/points/{point_id}/tests")).json()
    assert (last["meeting_id"], first["meeting_id"]) == (meeting.id, None)
    assert (await hall.get(f"/api/points/{province.lat_hall.id}/tests")).status_code == 403


async def test_what_the_operator_finds_counts_until_it_is_mended(
    services: Services, province: Province, browser: Browsers, join: Join, clock: Clock
) -> None:
    clock.pass_(seconds=(MORNING - timedelta(minutes=50) - clock()).total_seconds())
    meeting = await builders.conference(services, province, "open")
    operator, point_id = await browser(province.operator), province.da_sar_hall.id
    hall = await browser(province.da_sar_hall)
    await join(meeting.id, province.da_sar_hall)
    where = f"/api/meetings/{meeting.id}/points/{point_id}"

    async def state() -> tuple[str, str]:
        point = point_of(await board(operator, meeting.id), point_id)
        return point["state"], point["note"]

    assert (await operator.post(f"{where}/verdicts", json={"verdict": "failed", "note": "Tiếng hú"})).status_code == 204
    assert await state() == ("trouble", "Tiếng hú")
    clock.pass_(seconds=5)
    await self_tested(hall, point_id, meeting_id=meeting.id)
    assert await state() == ("testing", "Tiếng hú")
    await operator.post(f"{where}/verdicts", json={"verdict": "passed"})
    await operator.post(f"{where}/verdicts", json={"verdict": "note", "note": "Chưa có cờ"})
    assert await state() == ("ready", "Chưa có cờ")
    one = (await operator.get(f"{where}/readiness")).json()
    assert [each["verdict"] for each in one["verdicts"]] == ["note", "passed", "failed"]
    assert one["verdicts"][0]["by_name"] == province.operator.full_name
    assert len(one["tests"]) == 1
    assert (await hall.post(f"{where}/verdicts", json={"verdict": "passed"})).status_code == 403
    other = f"/api/meetings/{meeting.id}/points/999/verdicts"
    assert (await operator.post(other, json={"verdict": "passed"})).status_code == 404


async def test_a_rehearsal_has_a_record_and_is_no_attendance(
    services: Services, province: Province, browser: Browsers, join: Join, clock: Clock
) -> None:
    clock.pass_(seconds=(MORNING - timedelta(days=2) - clock()).total_seconds())
    meeting = await builders.conference(services, province, "invited", listed=True)
    organiser, hall = await browser(province.organiser), await browser(province.da_sar_hall)
    point_id, about = province.da_sar_hall.id, f"/api/meetings/{meeting.id}"
    await organiser.post(f"{about}/open")
    inside = await join(meeting.id, province.da_sar_hall)
    clock.pass_(minutes=5)
    await self_tested(hall, point_id, meeting_id=meeting.id, camera="dark")
    async with services.database.read() as session:
        [delegate] = (await session.scalars(Delegate.__table__.select())).all()
    taken = await hall.post(f"{about}/points/{point_id}/checks", json={"delegate_ids": [delegate], "kind": "in"})
    assert taken.status_code == 200, taken.text
    await organiser.post(f"{about}/points/{point_id}/verdicts", json={"verdict": "failed", "note": "Hình tối"})
    clock.pass_(minutes=10)
    assert (await organiser.post(f"{about}/close")).status_code == 200

    [row] = (await organiser.get(f"{about}/rehearsals")).json()
    assert (row["kind"], row["outcome"], row["came"], row["points"]) == ("trial", "closed", 1, 6)
    assert row["opened_by"] == row["closed_by"] == province.organiser.full_name
    told = await organiser.patch(f"{about}/rehearsals/{row['id']}", json={"kind": "full", "note": "Lắp thêm đèn"})
    assert told.status_code == 204
    record = (await organiser.get(f"{about}/rehearsals/{row['id']}")).json()
    assert (record["kind"], record["note"], record["failed"], record["tested"]) == ("full", "Lắp thêm đèn", 1, 1)
    result = next(each for each in record["results"] if each["point_id"] == point_id)
    assert (result["seconds"], result["verdict"]["note"], result["test"]["faults"]) == (
        900,
        "Hình tối",
        ["camera-dark"],
    )

    await inside.close()
    # On the day the hall does not come: what it did at the rehearsal is no attendance.
    clock.pass_(days=2)
    assert (await organiser.post(f"{about}/start")).status_code == 200
    clock.pass_(minutes=30)
    assert (await organiser.post(f"{about}/end")).status_code == 200
    report = (await organiser.get(f"{about}/attendance")).json()
    there = next(each for each in report["points"] if each["point_id"] == point_id)
    assert (there["first_in"], there["present"], there["seconds"]) == (None, False, 0)
    assert report["totals"]["absent"] == 6
    assert report["totals"]["people"]["present"] + report["totals"]["people"]["left"] == 0
    assert report["totals"]["people"]["absent"] == 1


async def test_what_began_and_was_taken_back_was_a_full_rehearsal(
    services: Services, province: Province, browser: Browsers, join: Join, clock: Clock
) -> None:
    clock.pass_(seconds=(MORNING - timedelta(days=1) - clock()).total_seconds())
    meeting = await builders.conference(services, province, "invited")
    organiser, about = await browser(province.organiser), f"/api/meetings/{meeting.id}"
    chair = await join(meeting.id, province.chair, "console")
    await organiser.post(f"{about}/open")
    await join(meeting.id, province.lat_hall)
    clock.pass_(minutes=20)
    await chair.command("meeting.start")
    clock.pass_(minutes=40)
    await chair.command("meeting.return")
    clock.pass_(minutes=5)
    await organiser.post(f"{about}/close")
    rows = (await organiser.get(f"{about}/rehearsals")).json()
    assert [(each["kind"], each["outcome"], each["came"]) for each in rows] == [
        ("trial", "closed", 1),
        ("full", "returned", 1),
        ("trial", "started", 1),
    ]
    assert rows[1]["opened_by"] == province.chair.full_name
    stranger = await browser(province.stranger)
    assert (await stranger.get(f"{about}/rehearsals")).status_code == 404
    assert (await organiser.get(f"{about}/rehearsals/999")).status_code == 404


async def test_technicians_whose_hall_is_untested_are_reminded(
    browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    clock.now = MORNING - timedelta(minutes=40)
    async with services.transactions(SYSTEM) as tx:
        meeting = await builders.meeting(
            tx.session, province.root, province.halls, state="open", chair=province.chair, starts_at=MORNING
        )
        hall = await tx.session.get_one(BridgePoint, province.da_sar_hall.id)
        hall.contact_name, hall.contact_phone = "Kỹ Thuật Xã", "0912 345 678"
    technician = await browser(province.technician)
    await self_tested(await browser(province.lat_hall), province.lat_hall.id)
    organiser = await browser(province.chair)
    path = f"/api/meetings/{meeting.id}/readiness/reminders"
    assert (await technician.post(path)).status_code == 403
    assert (await organiser.post(path)).json() == {"points": len(province.halls) - 1}
    again = await organiser.post(path)
    assert (again.status_code, again.json()["code"]) == (429, "too-many")
    await Workers(services, [remind_job]).run_due()
    async with services.database.read() as session:
        [text] = await session.scalars(select(TextMessage))
        told = set(await session.scalars(select(Notice.person_id).where(Notice.kind == "readiness.untested")))
    assert (text.to_number, text.to_name) == ("+84912345678", "Kỹ Thuật Xã")
    assert "Đạ Sar" in text.text
    assert told
