import asyncio

from sqlalchemy import case, select

from server.attendance.models import TurnoutState
from server.conference.models import PointPresence
from server.core.actor import SYSTEM
from server.core.services import Services
from server.core.upserts import count_up, insert_missing, put_rows
from server.papers.models import LibraryState
from tests import builders
from tests.builders import Province


async def test_counters_are_made_and_counted_up_by_all_who_count_at_once(
    services: Services, province: Province
) -> None:
    async with services.transactions(SYSTEM) as tx:
        meeting = await builders.meeting(tx.session, province.root, [province.main])
    counted: list[tuple[int, ...]] = []

    async def count() -> None:
        async with services.transactions(SYSTEM) as tx:
            counted.append(
                await count_up(tx.session, LibraryState, {"meeting_id": meeting.id}, revision=2, conversion=0)
            )

    await asyncio.gather(*(count() for _ in range(5)))
    assert sorted(counted) == [(2, 0), (4, 0), (6, 0), (8, 0), (10, 0)]


async def test_what_is_there_is_left_alone(services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        first = await builders.meeting(tx.session, province.root, [province.main])
        second = await builders.meeting(tx.session, province.root, [province.main])
        await insert_missing(tx.session, TurnoutState, [])
        await insert_missing(tx.session, TurnoutState, [{"meeting_id": first.id, "revision": 3}])
        rows = [{"meeting_id": each.id, "revision": 7} for each in (first, second)]
        await insert_missing(tx.session, TurnoutState, rows)
    async with services.database.read() as session:
        found = await session.scalars(select(TurnoutState).order_by(TurnoutState.meeting_id))
        assert [(row.meeting_id, row.revision) for row in found] == [(first.id, 3), (second.id, 7)]


def older(stored, new):  # type: ignore[no-untyped-def]
    return case((new.since == stored.since, stored.heard_at), else_=new.heard_at)


async def test_a_row_takes_the_place_of_the_one_with_its_key(services: Services, province: Province) -> None:
    """With its columns, but those that depend on what stood there."""
    async with services.transactions(SYSTEM) as tx:
        meeting = await builders.meeting(tx.session, province.root, [province.main])
    at = builders.MORNING

    async def put(presence: str, since: int, heard: int) -> tuple[str, int, int]:
        async with services.transactions(SYSTEM) as tx:
            row = {"meeting_id": meeting.id, "point_id": province.main.id, "presence": presence}
            row |= {"since": at.replace(second=since), "heard_at": at.replace(second=heard)}
            await put_rows(tx.session, PointPresence, [row], heard_at=older)
        async with services.database.read() as session:
            [found] = await session.scalars(select(PointPresence))
            assert found.heard_at is not None
            assert found.camera == "unknown"
            return found.presence, found.since.second, found.heard_at.second

    assert await put("testing", 1, 2) == ("testing", 1, 2)
    assert await put("ready", 1, 3) == ("ready", 1, 2)
    assert await put("lost", 4, 5) == ("lost", 4, 5)
