"""Halls that come at the same moment: together in one event, each in its own name and by its own right."""

import asyncio

from sqlalchemy import func, select

from server.attendance.models import PointCheck
from server.audit.models import AuditEntry
from server.conference.group_join import GroupJoin
from server.core.actor import SYSTEM, Actor
from server.core.errors import NotAllowed
from server.core.services import Services
from server.live.models import MeetingEvent
from server.meetings.models import Meeting
from tests import builders


async def events(services: Services, meeting: Meeting) -> list[str]:
    async with services.database.read() as session:
        found = await session.scalars(
            select(MeetingEvent.kind).where(MeetingEvent.meeting_id == meeting.id).order_by(MeetingEvent.seq)
        )
        return list(found)


async def test_a_crowd_of_halls_is_some_transactions(services: Services, province: builders.Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        more = [
            await builders.point(tx.session, await builders.unit(tx.session, f"Xã {number}", province.root))
            for number in range(40)
        ]
    halls = [*province.halls, *more]
    meeting = await builders.conference(services, province, "running", halls)
    before = len(await events(services, meeting))
    coming_in = GroupJoin(services)
    wrong = Actor(point_id=halls[0].id, name="Điểm cầu khác")
    answers = await asyncio.gather(
        *(coming_in(meeting.id, hall.id, builders.device_of(hall)) for hall in halls[:-1]),
        coming_in(meeting.id, halls[-1].id, wrong),
        return_exceptions=True,
    )
    assert answers[:-1] == [None] * (len(halls) - 1)
    assert isinstance(answers[-1], NotAllowed)
    told = (await events(services, meeting))[before:]
    assert set(told) == {"point.joined"}
    assert len(told) <= 2, "what comes while the first is written is one more"
    async with services.database.read() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "point.joined")))
        assert {entry.actor_point_id for entry in entries} == {hall.id for hall in halls[:-1]}
        assert len(entries) == len(halls) - 1
        checks = await session.execute(select(PointCheck.point_id, PointCheck.by_name))
        assert set(checks.all()) == {(hall.id, builders.device_of(hall).name) for hall in halls[:-1]}
    await asyncio.gather(*(coming_in(meeting.id, hall.id, builders.device_of(hall)) for hall in halls[:-1]))
    async with services.database.read() as session:
        assert await session.scalar(select(func.count(PointCheck.id))) == len(halls) - 1, "who is in comes in once"
    await coming_in.stop()
