"""A hall's join and what is directed cost a fixed number of queries, however large the conference is."""

import pytest
from fastapi import FastAPI

from server.conference.floor import give_floor
from server.conference.presence import join
from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.services import Services
from server.live.room import load_state
from server.presentation import actions as presentation
from tests import builders, library
from tests.statements import counted

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_queries_do_not_grow_with_the_conference(
    app: FastAPI, services: Services, province: builders.Province
) -> None:
    features = app.state.services.components[ConferenceService].live.features
    costs = []
    for size in (6, 166):
        async with services.transactions(SYSTEM) as tx:
            more = [
                await builders.point(tx.session, await builders.unit(tx.session, f"Xã {size}-{number}", province.root))
                for number in range(size - 6)
            ]
        meeting = await builders.conference(services, province, "running", [*province.halls, *more])
        with counted(services) as snapshot:
            await load_state(services.database, features, meeting.id)
        for hall in [*province.halls, *more][1:-1]:
            async with services.transactions(builders.device_of(hall)) as tx:
                await join(tx, meeting.id, [hall.id])
        last = [*province.halls, *more][-1]
        with counted(services) as joining:
            async with services.transactions(builders.device_of(last)) as tx:
                await join(tx, meeting.id, [last.id])
        costs.append((len(snapshot), len(joining)))
    (small_snapshot, small_join), (large_snapshot, large_join) = costs
    assert small_snapshot == large_snapshot <= 24
    assert large_join <= small_join <= 18, joining


async def test_what_is_directed_costs_few_statements(services: Services, province: builders.Province) -> None:
    """Each of them holds the meeting's lock: rights, what it is about (whoever speaks and waits, too), one write of
    it, event and audit entry."""
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, meeting, "Báo cáo")
        operator = await builders.actor_of(tx.session, province.operator)
        chair = await builders.actor_of(tx.session, province.chair)
    async with services.transactions(builders.device_of(province.lat_hall)) as tx:
        await join(tx, meeting.id, [province.lat_hall.id])
    async with services.transactions(chair) as tx:
        await presentation.present(tx, meeting.id, paper.id)
    with counted(services) as giving:
        async with services.transactions(operator) as tx:
            await give_floor(tx, meeting.id, province.lat_hall.id)
    with counted(services) as turning:
        async with services.transactions(chair) as tx:
            await presentation.turn(tx, meeting.id, 2)
    # SQLite says BEGIN, and asks for the end of the audit's chain.
    assert len([each for each in giving if not each.startswith("BEGIN")]) <= 16, giving
    assert len([each for each in turning if not each.startswith("BEGIN")]) <= 11, turning
    assert len([each for each in giving if each.startswith("UPDATE stages")]) == 1
