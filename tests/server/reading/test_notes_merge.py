"""Whatever devices do, in whatever order their requests arrive, and whichever answers they never hear: they come to the
same notes, and no text is gone but what its reader replaced or deleted."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.core.actor import SYSTEM, Actor
from server.core.config import Settings
from server.core.services import Services
from server.meetings.models import Meeting
from server.organisations.models import Unit
from server.papers.models import Paper
from server.reading.models import Annotation
from server.reading.notes.merge import Change, Content, State, bring
from server.reading.notes.schemas import NoteSync
from server.reading.notes.sync import sync
from server.wiring import components
from tests import builders, library
from tests.builders import MORNING
from tests.server.reading.devices import Device

OFTEN = ("edit", "heard", "unheard", "late")
SELDOM = ("write", "delete", "arrive", "again", "clock")
STEPS = st.lists(
    st.tuples(st.sampled_from(OFTEN * 2 + SELDOM), st.integers(0, 2), st.integers(0, 50)), min_size=20, max_size=60
)
"""(what, device, which note or request or how many changes)."""


class Memory:
    """The rules alone, without a database: thousands of trials in seconds."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.seqs: dict[str, int] = {}
        self.requests = 0

    async def state(self, note: str) -> State | None:
        return self.states.get(note)

    def write(self, note: str, state: State) -> None:
        if note not in self.states or self.states[note].revision != state.revision:
            self.seqs[note] = max(self.seqs.values(), default=0) + 1
        self.states[note] = state

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        self.requests += 1
        kept = []
        for wire in body["changes"]:
            content = Content(1, 1, 1, "note", wire["body"])
            device = body.get("device", f"request {self.requests}")
            written_at = datetime.fromisoformat(wire["written_at"])
            change = Change(
                wire["id"], wire["base"], content, written_at, device, named="device" in body, turn=body.get("turn", 0)
            )
            there = _now(bring(self, change))
            if there != wire["id"]:
                kept.append({"id": wire["id"], "kept_as": there})
        named = {wire["id"] for wire in body["changes"]} | {each["kept_as"] for each in kept}
        told = [note for note, seq in self.seqs.items() if seq > body["since"] or note in named]
        changes = [
            {"id": note, "revision": self.states[note].revision, "body": self.states[note].content.body}
            for note in sorted(told, key=self.seqs.__getitem__)
        ]
        return {"seq": max(self.seqs.values(), default=0), "changes": changes, "kept": kept}

    def rows(self) -> dict[str, tuple[int, Any]]:
        return {
            note: (state.revision, state.content.body and state.content.body["text"])
            for note, state in self.states.items()
        }


class Stored:
    """The same through the action, in a real database; a new person for each trial."""

    def __init__(self, services: Services, runner: asyncio.Runner, meeting: Meeting, unit: Unit) -> None:
        self.services = services
        self.runner = runner
        self.actor = runner.run(self._person(meeting, unit))

    async def _person(self, meeting: Meeting, unit: Unit) -> Actor:
        async with self.services.transactions(SYSTEM) as tx:
            who = await builders.person(tx.session, unit, "Đại biểu")
            await library.delegate(tx.session, meeting, who)
            return await builders.actor_of(tx.session, who)

    def send(self, body: dict[str, Any]) -> dict[str, Any]:
        async def post() -> dict[str, Any]:
            async with self.services.transactions(self.actor) as tx:
                answer = await sync(tx, NoteSync.model_validate(body))
            assert answer.refused == []
            return answer.model_dump(mode="json")

        return self.runner.run(post())

    def rows(self) -> dict[str, tuple[int, Any]]:
        async def read() -> dict[str, tuple[int, Any]]:
            async with self.services.database.read() as session:
                found = await session.scalars(select(Annotation).where(Annotation.person_id == self.actor.person_id))
                return {row.id: (row.revision, row.body and row.body["text"]) for row in found}

        return self.runner.run(read())


def _now(work: Coroutine[Any, Any, str]) -> str:
    """The result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return str(done.value)
    raise AssertionError("it waits")


EVERY_TRIAL = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}


@hypothesis_settings(max_examples=400, **EVERY_TRIAL)
@given(steps=STEPS, named=st.booleans())
def test_the_rules_lose_nothing(steps: list[tuple[str, int, int]], named: bool) -> None:
    Trial(Memory(), (1, 1), named).run(steps)


def test_neither_does_the_database(settings: Settings) -> None:
    with asyncio.Runner() as runner:
        services = Services.start(settings, components())

        async def prepare() -> tuple[Meeting, Unit, Paper]:
            province = await builders.province(services)
            meeting = await builders.conference(services, province, "invited")
            async with services.transactions(SYSTEM) as tx:
                return meeting, province.root, await library.paper(tx.session, meeting)

        meeting, unit, paper = runner.run(prepare())
        place = (paper.id, paper.current_version_id or 0)

        @hypothesis_settings(max_examples=6, **EVERY_TRIAL)
        @given(steps=STEPS, named=st.booleans())
        def attempt(steps: list[tuple[str, int, int]], named: bool) -> None:
            Trial(Stored(services, runner, meeting, unit), place, named).run(steps)

        attempt()
        runner.run(services.stop())


class Trial:
    def __init__(self, server: Memory | Stored, place: tuple[int, int], named: bool) -> None:
        self.server = server
        self.devices = [
            # Hours apart, one behind and two ahead of the server.
            Device(i, *place, clock=MORNING + timedelta(hours=7 * i - 3), named=named)
            for i in range(3)
        ]
        self.texts = 0
        self.living: set[str] = set()
        """Every text that was written and that no reader replaced or deleted."""
        self.under_way: list[dict[str, Any]] = []
        self.arrived: list[dict[str, Any]] = []

    def run(self, steps: list[tuple[str, int, int]]) -> None:
        self.step("write", 0, 0)
        for device in self.devices:
            self.exchange(device)
        for step in steps:
            self.step(*step)
        for request in self.under_way:
            self.arrive(request)
        for _ in range(2):
            for device in self.devices:
                self.exchange(device)
        rows = self.server.rows()
        there = {note: text for note, (_, text) in rows.items() if text is not None}
        for device in self.devices:
            assert not device.queue
            assert {note: each["text"] for note, each in device.notes.items()} == there
        assert self.living <= set(there.values())
        for request in self.arrived[::-1] + self.arrived:
            self.server.send(request)
        assert self.server.rows() == rows, "a request that came again changed something"

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
            device.clock += timedelta(minutes=number - 25 if device.named else number)

    def arrive(self, request: dict[str, Any]) -> dict[str, Any]:
        self.arrived.append(request)
        return self.server.send(request)

    def exchange(self, device: Device, most: int = 500) -> None:
        request = device.send(most)
        device.hear(request, self.arrive(request))
