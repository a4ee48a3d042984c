"""A hall's join costs a fixed number of queries, however large the conference is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from server.conference.presence import join
from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.services import Services
from server.live.room import load_state
from tests import builders

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def counted(services: Services) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engine = services.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


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
