"""Group commit: several processes, a fault in the database, a caller who leaves."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.attendance.models import PersonCheck
from server.attendance.people import totals
from server.attendance.people.check_in import CheckInRequest
from server.attendance.people.group_commit import PERIOD, CheckInGroups
from server.audit.queries import entries_about, first_broken
from server.core.actor import SYSTEM, Actor, Grant, Role
from server.core.services import Services
from server.live.models import MeetingEvent
from server.meetings.models import Delegate, Meeting
from tests import builders
from tests.server.attendance.people.gathering import Conference, conference


async def crowd(services: Services, province: builders.Province, size: int) -> tuple[Conference, list[int]]:
    """A conference with so many delegates more at Lát."""
    held = await conference(services, province)
    async with services.transactions(SYSTEM) as tx:
        people = [await builders.person(tx.session, province.lat, f"Người {number}") for number in range(size)]
        rows = [
            Delegate(meeting_id=held.meeting.id, person_id=each.id, point_id=province.lat_hall.id, added_at=tx.now)
            for each in people
        ]
        tx.session.add_all(rows)
        await tx.session.flush()
        return held, [row.id for row in rows]


def request(services: Services, province: builders.Province, actor: Actor, delegate_id: int) -> CheckInRequest:
    return CheckInRequest(actor, services.clock(), "in", "list", province.lat_hall.id, (delegate_id,))


async def test_two_processes_take_turns(services: Services, province: builders.Province) -> None:
    """Each gathers for itself; events come in the order of the figures they bring, and none is noted twice."""
    held, ids = await crowd(services, province, 24)
    device = builders.device_of(province.lat_hall)
    gatherers = [CheckInGroups(services), CheckInGroups(services)]

    async def one(number: int, delegate_id: int) -> bool:
        await asyncio.sleep(PERIOD * (number % 5) / 2)
        return (
            await gatherers[number % 2].take(held.meeting.id, request(services, province, device, delegate_id))
        ).changed

    changed = await asyncio.gather(*(one(number, each) for number, each in enumerate([*ids, *reversed(ids)])))
    assert sum(changed) == len(ids)
    async with services.database.read() as session:
        events = list(await session.scalars(select(MeetingEvent).order_by(MeetingEvent.seq)))
        counted = await totals.load(session, await session.get_one(Meeting, held.meeting.id))
        assert await first_broken(session, services.transactions.audit_key) is None
        sealed = await entries_about(session, "meeting", held.meeting.id)
    present = [change["value"]["present"] for event in events for change in event.changes if change["key"] == ""]
    assert present == sorted(present)
    assert present[-1] == counted.total().present == len(ids)
    assert sum(len(entry.facts["entries"]) for entry in sealed if entry.action == "people.checked") == len(ids)


async def test_a_fault_of_one_is_not_the_others(services: Services, province: builders.Province) -> None:
    """The database refuses one request (its author's row is gone); the others of its group are committed."""
    held, ids = await crowd(services, province, 3)
    device = builders.device_of(province.lat_hall)
    gone = Actor(person_id=999_999, name="Đã xóa", grants=(Grant(Role.TECHNICIAN, province.lat.id, province.lat.path),))
    gatherer = CheckInGroups(services)
    answers = await asyncio.gather(
        *(
            gatherer.take(held.meeting.id, request(services, province, actor, delegate_id))
            for actor, delegate_id in zip((device, gone, device), ids, strict=True)
        ),
        return_exceptions=True,
    )
    assert [isinstance(answer, BaseException) for answer in answers] == [False, True, False]
    assert isinstance(answers[1], IntegrityError)
    async with services.database.read() as session:
        assert set(await session.scalars(select(PersonCheck.delegate_id))) == {ids[0], ids[2]}


async def test_who_leaves_is_noted_all_the_same(services: Services, province: builders.Province) -> None:
    held, ids = await crowd(services, province, 3)
    device = builders.device_of(province.lat_hall)
    gatherer = CheckInGroups(services)
    asked = [
        asyncio.create_task(gatherer.take(held.meeting.id, request(services, province, device, delegate_id)))
        for delegate_id in ids
    ]
    await asyncio.sleep(0)
    asked[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked[1]
    await asyncio.gather(asked[0], asked[2])
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(PersonCheck)) == 3


async def test_a_lone_wish_does_not_wait_and_a_rush_does(services: Services, province: builders.Province) -> None:
    held, ids = await crowd(services, province, 12)
    device = builders.device_of(province.lat_hall)
    gatherer = CheckInGroups(services)
    for delegate_id in ids[:2]:
        await gatherer.take(held.meeting.id, request(services, province, device, delegate_id))
    await asyncio.gather(
        *(gatherer.take(held.meeting.id, request(services, province, device, delegate_id)) for delegate_id in ids[2:])
    )
    async with services.database.read() as session:
        events = await session.scalar(
            select(func.count()).select_from(MeetingEvent).where(MeetingEvent.kind == "people.checked")
        )
    assert events == 3, "one for each lone request, one for the ten that came together"


async def test_each_of_two_wishes_about_one_person_is_answered_by_what_it_did(
    services: Services, province: builders.Province
) -> None:
    """Scanned in the hall and gone online at once: in one group, one after the other."""
    held, ids = await crowd(services, province, 2)
    device, gatherer = builders.device_of(province.lat_hall), CheckInGroups(services)
    own = Actor(person_id=held.people["Giang"].id, name="Giang")
    first = request(services, province, device, ids[0])
    scan = CheckInRequest(own, services.clock(), "in", "qr", province.lat_hall.id, code=held.meeting.public_code)
    online = CheckInRequest(own, services.clock(), "in", "online")
    _, here, there = await asyncio.gather(*(gatherer.take(held.meeting.id, each) for each in (first, scan, online)))
    assert (here.people[0].status.state, here.people[0].status.point_id) == ("present", province.lat_hall.id)
    assert here.halls[province.lat_hall.id] == "Lát"
    assert (there.people[0].status.state, there.people[0].status.point_id) == ("online", None)
