"""Whatever devices do, in whatever order their requests arrive, and whichever answers they never hear: they come to the
same notes, and no text is gone but what its reader replaced or deleted."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.accounts.models import Person
from server.core.actor import SYSTEM, Actor
from server.core.config import Settings
from server.core.services import Services
from server.reading.models import Annotation
from server.reading.notes.schemas import NoteSync
from server.reading.notes.sync import sync
from tests import builders
from tests.builders import MORNING, Province
from tests.server.reading import papers
from tests.server.reading.devices import Device

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "edit", "delete", "heard", "unheard", "late", "arrive", "again", "clock"]),
        st.integers(0, 2),
        st.integers(0, 50),
    ),
    max_size=40,
)
"""(what, device, which note or request or how many changes)."""


class World:
    """One person's devices against a real database; a new person for each trial."""

    def __init__(self, services: Services, runner: asyncio.Runner, province: Province, paper: tuple[int, int]) -> None:
        self.services = services
        self.runner = runner
        self.province = province
        self.paper = paper
        self.people = 0

    def person(self) -> Actor:
        async def make() -> Actor:
            self.people += 1
            async with self.services.transactions(SYSTEM) as tx:
                who: Person = await builders.person(tx.session, self.province.root, f"Đại biểu {self.people}")
                found = await tx.session.get_one(papers.Meeting, 1)
                await papers.listed(tx.session, found, who)
                return await builders.actor_of(tx.session, who)

        return self.runner.run(make())

    def send(self, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
        async def post() -> dict[str, Any]:
            async with self.services.transactions(actor) as tx:
                answer = await sync(tx, NoteSync.model_validate(body))
            assert answer.refused == []
            return answer.model_dump(mode="json")

        return self.runner.run(post())

    def rows(self, actor: Actor) -> dict[str, tuple[int, Any]]:
        async def read() -> dict[str, tuple[int, Any]]:
            async with self.services.database.read() as session:
                found = await session.scalars(select(Annotation).where(Annotation.person_id == actor.person_id))
                return {row.id: (row.revision, row.body and row.body["text"]) for row in found}

        return self.runner.run(read())


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    with asyncio.Runner() as runner:
        services = Services.start(settings)

        async def prepare() -> tuple[Province, tuple[int, int]]:
            province = await builders.province(services)
            meeting = await builders.conference(services, province, "invited")
            async with services.transactions(SYSTEM) as tx:
                paper = await papers.paper(tx.session, meeting)
            assert paper.current_version_id is not None
            return province, (paper.id, paper.current_version_id)

        yield World(services, runner, *runner.run(prepare()))
        runner.run(services.stop())


def test_devices_come_together_and_nothing_is_lost(world: World) -> None:
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS, named=st.booleans())
    def attempt(steps: list[tuple[str, int, int]], named: bool) -> None:
        Trial(world, named).run(steps)

    attempt()


class Trial:
    def __init__(self, world: World, named: bool) -> None:
        self.world = world
        self.actor = world.person()
        person = self.actor.person_id or 0
        self.devices = [
            # Hours apart, and the second ahead of the server.
            Device(person * 10 + i, *world.paper, clock=MORNING + timedelta(hours=7 * i - 3), named=named)
            for i in range(3)
        ]
        self.texts = 0
        self.living: set[str] = set()
        """Every text that was written and that no reader replaced or deleted."""
        self.under_way: list[dict[str, Any]] = []
        self.arrived: list[dict[str, Any]] = []

    def run(self, steps: list[tuple[str, int, int]]) -> None:
        for step in steps:
            self.step(*step)
        for request in self.under_way:
            self.arrive(request)
        for _ in range(2):
            for device in self.devices:
                self.exchange(device)
        rows = self.world.rows(self.actor)
        there = {note: text for note, (_, text) in rows.items() if text is not None}
        for device in self.devices:
            assert not device.queue
            assert {note: each["text"] for note, each in device.notes.items()} == there
        assert self.living <= set(there.values())
        for request in self.arrived[::-1] + self.arrived:
            self.world.send(self.actor, request)
        assert self.world.rows(self.actor) == rows, "a request that came again changed something"

    def step(self, what: str, index: int, number: int) -> None:
        device = self.devices[index]
        notes = sorted(device.notes)
        if what == "write" or (what == "edit" and notes):
            self.texts += 1
            text = f"chữ {self.texts}"
            if what == "write":
                device.write(text)
            else:
                self.living.discard(device.edit(notes[number % len(notes)], text))
            self.living.add(text)
        elif what == "delete" and notes:
            self.living.discard(device.delete(notes[number % len(notes)]))
        elif what == "heard":
            self.exchange(device, most=number % 4 + 1)
        elif what == "unheard":
            self.arrive(device.send(number % 4 + 1))
        elif what == "late":
            self.under_way.append(device.send())
        elif what == "arrive" and self.under_way:
            self.arrive(self.under_way.pop(number % len(self.under_way)))
        elif what == "again" and self.arrived:
            self.arrive(self.arrived[number % len(self.arrived)])
        elif what == "clock":
            device.clock += timedelta(minutes=number - 25)

    def arrive(self, request: dict[str, Any]) -> dict[str, Any]:
        self.arrived.append(request)
        return self.world.send(self.actor, request)

    def exchange(self, device: Device, most: int = 500) -> None:
        request = device.send(most)
        device.hear(request, self.arrive(request))
