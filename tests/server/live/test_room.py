"""Delivery: whatever the bus does, every client gets every event it may see, once and in order."""

import asyncio
import itertools
import json
import random
from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import delete
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from server.core.actor import SYSTEM
from server.core.services import Services
from server.edge.websockets import Line
from server.live import fanout, log, registry, room
from server.live.client import Client
from server.live.feature import LiveFeature
from server.live.models import MeetingEvent
from server.live.protocol import Wire
from server.live.registry import Live
from server.live.room import Room
from server.live.viewer import Viewer
from server.meetings.models import Meeting
from tests import builders

_names = itertools.count(1)


class Counter(Wire):
    value: int


def _visible(collection: str, key: str, viewer: Viewer) -> bool:
    return viewer.audience == "console" or key == str(viewer.point_id)


FEATURE = LiveFeature(name="counters", collections={"counters": Counter}, visible=_visible)


@pytest.fixture
async def meeting(services: Services, province: builders.Province) -> Meeting:
    return await builders.conference(services, province, "running")


async def count(services: Services, meeting: Meeting, key: int, value: int) -> dict[str, Any]:
    """Commits one event; returns it as the bus would carry it."""
    sent: list[dict[str, Any]] = []
    leave = services.bus.subscribe(log.EVENTS, lambda message: sent.append(dict(message)))
    async with services.transactions(SYSTEM) as tx:
        await log.append(tx, meeting.id, "counted", [log.put("counters", key, Counter(value=value))])
    leave()
    return sent[0]


class Paper:
    """A line that keeps what is written to it."""

    full = False
    waiting = 0

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, frames: bytes) -> None:
        self.written.append(frames)

    def close(self, code: int, within: float) -> None:
        """Takes nothing more."""


def texts_in(written: bytes) -> Iterator[str]:
    """The texts of the frames, as any WebSocket client would read them."""
    reader = StreamReader()
    reader.feed_data(written)
    while reader.buffer:
        frames = Frame.parse(reader.read_exact, mask=False)
        while True:
            try:
                next(frames)
            except StopIteration as done:
                frame = done.value
                break
        assert frame.opcode is Opcode.TEXT
        yield frame.data.decode()


class Watcher:
    """A client without a socket."""

    def __init__(self, meeting: Meeting, viewer: Viewer) -> None:
        self.line = Paper()
        self.client = Client(
            cast(Line, self.line),
            cookies={},
            meeting_id=meeting.id,
            viewer=viewer,
            participant=f"desk-{next(_names)}",
            actor=SYSTEM,
            now=builders.MORNING,
        )

    async def enter(self, into: Room) -> "Watcher":
        into.admit(self.client)
        await into.begin(self.client, lambda: builders.MORNING, media=lambda: False, build=lambda: "")
        return self

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in texts_in(b"".join(self.line.written))]

    @property
    def numbers(self) -> list[Any]:
        """The snapshot's number, then those of the events."""
        return [frame["seq"] for frame in self.frames]


CONSOLE = Viewer("console")


async def test_lost_repeated_and_reordered_hints(services: Services, meeting: Meeting) -> None:
    """As with several processes, where each reads the log when the bus brings something else than the next event."""
    events = [await count(services, meeting, 1, value) for value in range(3)]
    here = Room(meeting.id, [FEATURE], services.database)
    watcher = await Watcher(meeting, CONSOLE).enter(here)
    assert watcher.numbers == [3]
    events += [await count(services, meeting, 1, value) for value in range(3, 40)]
    rng = random.Random(4)
    hints = [events[rng.randrange(len(events))] for _ in range(60)] + [events[-1]]
    for hint in hints:
        here.hint(hint["seq"], hint["event"] if rng.random() < 0.7 else None)
        if rng.random() < 0.3:
            await asyncio.sleep(0.002)
    async with asyncio.timeout(5):
        while watcher.numbers[-1] < 40:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert watcher.numbers == list(range(3, 41))
    await here.stop()


async def test_clients_that_enter_while_events_commit(services: Services, meeting: Meeting) -> None:
    here = Room(meeting.id, [FEATURE], services.database)
    leave = services.bus.subscribe(log.EVENTS, lambda message: here.hint(message["seq"], message["event"]))
    watchers: list[Watcher] = []

    async def commit() -> None:
        for value in range(40):
            await count(services, meeting, value % 3, value)

    async def enter() -> None:
        for _ in range(20):
            watchers.append(await Watcher(meeting, CONSOLE).enter(here))
            await asyncio.sleep(0.004)
            if here.replica is not None and len(watchers) % 5 == 0:
                here.replica.loaded -= room.REFRESH_SECONDS  # the next one makes the room load anew

    await asyncio.gather(commit(), enter())
    for watcher in watchers:
        assert watcher.numbers == list(range(watcher.numbers[0], 41))
    leave()
    await here.stop()


async def test_only_what_one_may_see_and_each_text_once(services: Services, meeting: Meeting) -> None:
    here = Room(meeting.id, [FEATURE], services.database)
    consoles = [await Watcher(meeting, CONSOLE).enter(here) for _ in range(3)]
    halls = [await Watcher(meeting, Viewer("hall", point)).enter(here) for point in (1, 2)]
    member = await Watcher(meeting, Viewer("member")).enter(here)
    for key in (1, 2, 1):
        hint = await count(services, meeting, key, key)
        here.hint(hint["seq"], hint["event"])
    assert [watcher.numbers for watcher in consoles] == [[0, 1, 2, 3]] * 3
    assert [watcher.numbers for watcher in halls] == [[0, 1, 3], [0, 2]]
    assert member.numbers == [0]
    assert len({id(watcher.line.written[1]) for watcher in consoles}) == 1
    late = await Watcher(meeting, Viewer("hall", 1)).enter(here)
    assert late.frames[0]["collections"] == {"counters": {"1": {"value": 1}}}
    await here.stop()


async def test_delivery_waits_for_a_database_that_is_away(
    services: Services, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "RETRY_SECONDS", 0.05)
    here = Room(meeting.id, [FEATURE], services.database)
    watcher = await Watcher(meeting, CONSOLE).enter(here)
    await count(services, meeting, 1, 1)
    read, away = log.after, 3

    async def after(*arguments: Any) -> Any:
        nonlocal away
        away -= 1
        if away >= 0:
            raise ConnectionError("away")
        return await read(*arguments)

    monkeypatch.setattr(log, "after", after)
    here.hint(1, None)
    async with asyncio.timeout(5):
        while watcher.numbers != [0, 1]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await here.stop()


async def test_numbers_have_no_gaps_and_a_rolled_back_event_never_was(services: Services, meeting: Meeting) -> None:
    async def one(value: int) -> None:
        async with services.transactions(SYSTEM) as tx:
            await log.append(tx, meeting.id, "counted", [log.put("counters", 1, Counter(value=value))])
            if value % 3 == 0:
                raise ValueError(value)

    results = await asyncio.gather(*(one(value) for value in range(12)), return_exceptions=True)
    assert sum(isinstance(result, ValueError) for result in results) == 4
    async with services.database.read() as session:
        events = await log.after(session, meeting.id, 0)
    assert [event["seq"] for event in events] == list(range(1, 9))
    assert {event["changes"][0]["value"]["value"] % 3 for event in events} == {1, 2}


async def test_thousands_are_served_in_slices_and_in_order(services: Services, meeting: Meeting) -> None:
    here = Room(meeting.id, [FEATURE], services.database)
    first = [await Watcher(meeting, CONSOLE).enter(here) for _ in range(2)]
    many = [await Watcher(meeting, Viewer("member", 1)).enter(here) for _ in range(2 * fanout.SLICE + 10)]
    for value in (1, 2):
        hint = await count(services, meeting, 1, value)
        here.hint(hint["seq"], hint["event"])
        if value == 1:
            assert all(watcher.numbers == [0, 1] for watcher in first), "consoles come first"
            assert all(watcher.numbers == [0] for watcher in many), "thousands have their turn later"
            await asyncio.sleep(0)
            served = [watcher for watcher in many if watcher.numbers == [0, 1]]
            assert len(served) == fanout.SLICE
            late = next(watcher for watcher in many if watcher not in served)
            late.client.send('{"seq":"reply"}')
            assert late.numbers == [0, 1, "reply"], "a reply never overtakes the event it tells of"
    assert not here.signal_latest('{"seq":"signal"}', lambda _viewer: True), "passing things do not queue"
    async with asyncio.timeout(5):
        while here._fanout.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert all(watcher.numbers == [0, 1, 2] for watcher in many if watcher is not late)
    assert late.numbers == [0, 1, "reply", 2]
    assert len({id(watcher.line.written[-1]) for watcher in first}) == 1
    assert here.signal_latest('{"seq":"signal"}', lambda viewer: viewer.audience == "console")
    assert first[0].numbers[-1] == "signal"
    assert many[0].numbers[-1] == 2
    await here.stop()


async def test_several_events_of_one_commit_are_laid_down_and_taken_up_by_each_once(
    services: Services, meeting: Meeting
) -> None:
    """Nothing is done for each of thousands before its turn comes; who is sent something else, leaves or is closed
    before has got all that was laid until then, and who comes then has it in the snapshot."""
    here = Room(meeting.id, [FEATURE], services.database)
    many = [await Watcher(meeting, Viewer("member", 1)).enter(here) for _ in range(fanout.SLICE + 10)]
    hints = [await count(services, meeting, 1, value) for value in (1, 2, 3)]
    for hint in hints[:2]:
        here.hint(hint["seq"], hint["event"])
    assert not any(watcher.line.written[1:] for watcher in many)
    asked, closed, left, busy = many[-4:]
    busy.line.full = True
    asked.client.send('{"seq":"reply"}')
    closed.client.close(1000)
    here.leave(left.client)
    left.client.flush()
    assert asked.numbers == [0, 1, 2, "reply"]
    assert closed.numbers == left.numbers == [0, 1, 2]
    late = await Watcher(meeting, Viewer("member", 1)).enter(here)
    here.hint(hints[2]["seq"], hints[2]["event"])
    async with asyncio.timeout(5):
        while here._fanout.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert late.numbers == [2, 3]
    assert asked.numbers == [0, 1, 2, "reply", 3]
    assert closed.numbers == left.numbers == [0, 1, 2]
    assert busy.numbers == [0]
    assert not busy.client.idle
    busy.line.full = False
    busy.client.flush()
    assert busy.numbers == [0, 1, 2, 3]
    assert all(watcher.numbers == [0, 1, 2, 3] for watcher in many[:-4])
    assert all(len(watcher.line.written) <= 3 for watcher in many[:-4])
    await here.stop()


async def test_a_passing_signal_goes_round_in_slices_and_never_comes_after_what_was_laid_meanwhile(
    services: Services, meeting: Meeting
) -> None:
    here = Room(meeting.id, [FEATURE], services.database)
    many = [await Watcher(meeting, Viewer("member", 1)).enter(here) for _ in range(2 * fanout.SLICE)]
    assert here.signal_latest('{"seq":"signal"}', lambda _viewer: True)
    assert all(watcher.numbers == [0] for watcher in many)
    await asyncio.sleep(0)
    hint = await count(services, meeting, 1, 1)
    here.hint(hint["seq"], hint["event"])
    async with asyncio.timeout(5):
        while here._fanout.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert all(watcher.numbers in ([0, "signal", 1], [0, 1]) for watcher in many)
    assert sum(watcher.numbers == [0, "signal", 1] for watcher in many) >= fanout.SLICE
    await here.stop()


async def test_a_full_line_is_waited_for_and_spared_passing_things(services: Services, meeting: Meeting) -> None:
    here = Room(meeting.id, [FEATURE], services.database)
    weak, strong = [await Watcher(meeting, CONSOLE).enter(here) for _ in range(2)]
    weak.line.full = True
    for value in (1, 2, 3):
        hint = await count(services, meeting, 1, value)
        here.hint(hint["seq"], hint["event"])
    here.signal_latest('{"seq":"signal"}', lambda _viewer: True)
    assert (weak.numbers, strong.numbers) == ([0], [0, 1, 2, 3, "signal"])
    weak.line.full = False
    weak.client.flush()
    assert weak.numbers == [0, 1, 2, 3]
    assert len(weak.line.written) == 2, "what waited leaves in one piece"
    await here.stop()


async def test_a_log_that_was_cut_sends_everybody_for_a_snapshot(services: Services, meeting: Meeting) -> None:
    """No spinning, no half-told story: whoever watched is closed, and the next one gets what the database holds."""
    await count(services, meeting, 1, 0)
    here = Room(meeting.id, [FEATURE], services.database)
    watcher = await Watcher(meeting, CONSOLE).enter(here)
    events = [await count(services, meeting, 1, value) for value in range(1, 9)]
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(MeetingEvent).where(MeetingEvent.meeting_id == meeting.id))
    async with asyncio.timeout(5):
        here.hint(events[-1]["seq"], None)
        while watcher.client.closing is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert watcher.numbers == [1]
        here.leave(watcher.client)
        late = await Watcher(meeting, CONSOLE).enter(here)
        assert late.numbers == [9]
        event = await count(services, meeting, 1, 10)
        here.hint(event["seq"], event["event"])
        assert late.numbers == [9, 10]
    await here.stop()


async def test_a_long_log_is_read_in_parts(
    services: Services, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Room(meeting.id, [FEATURE], services.database)
    watcher = await Watcher(meeting, CONSOLE).enter(here)
    sizes: list[int] = []
    whole = log.after

    async def in_parts(session: Any, meeting_id: int, seq: int) -> list[dict[str, Any]]:
        part = await whole(session, meeting_id, seq, limit=4)
        sizes.append(len(part))
        return part

    monkeypatch.setattr(log, "after", in_parts)
    events = [await count(services, meeting, 1, value) for value in range(11)]
    here.hint(events[-1]["seq"], None)
    async with asyncio.timeout(5):
        while watcher.numbers[-1] < 11:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert watcher.numbers == list(range(12))
    assert sizes == [4, 4, 3]
    await here.stop()


async def test_an_event_that_the_bus_lost_is_found_without_another(services: Services, meeting: Meeting) -> None:
    live = Live(services.database, services.bus)
    live.install([FEATURE])
    watcher = await Watcher(meeting, CONSOLE).enter(live.room(meeting.id))
    await live.start()
    try:
        live._leave_bus.close()  # nothing comes any more
        await count(services, meeting, 1, 7)
        async with asyncio.timeout(8):
            while watcher.numbers[-1] < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await live.stop()


async def test_thousands_are_looked_after_slice_by_slice(services: Services, meeting: Meeting) -> None:
    """Each second every client is looked at; others have their turn in between, and who is due is asked about once,
    those who wait longest first."""
    live = Live(services.database, services.bus)
    live.install((FEATURE,))
    for _ in range(registry.SLICE * 6):
        live.room(meeting.id).admit(Watcher(meeting, Viewer("console")).client)
    clients = list(live.clients())
    for client in clients[:40]:
        client.checked -= registry.CHECK_SECONDS + 1
    clients[1].checked -= 1
    asked: list[Client] = []
    turns = 0

    async def admit_again(client: Client) -> int | None:
        asked.append(client)
        return None

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    live.admit_again = admit_again
    going = asyncio.create_task(others())
    await asyncio.sleep(0)
    before = turns
    due = await live._look_after()
    assert turns - before >= 5
    await live._check_again(due)
    going.cancel()
    assert asked[0] is clients[1]
    assert set(asked) == set(clients[:40])
    assert not await live._look_after()
