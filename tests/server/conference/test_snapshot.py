"""Snapshot + events = fresh snapshot, for random commands by random people, over real sockets, for every audience."""

import asyncio
import contextlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.errors import DomainError
from server.core.transaction import Transaction
from server.live.room import load_state
from server.live.viewer import Viewer
from server.main import create_app
from server.meetings import actions as meetings
from server.meetings.models import AgendaItem, Meeting
from server.meetings.schemas import AgendaWrite, MeetingPatch, MemberWrite
from server.papers.access import policy_actions
from server.papers.actions import papers
from server.papers.actions.versions import version_failed
from server.papers.models import Paper
from server.papers.schemas import PaperPatch, PolicyWrite, ProblemOut
from tests import builders, library
from tests.conftest import Clock, Templates, signed_in
from tests.server.presentation.builders import paper as ready_paper
from tests.server.presentation.builders import version as new_version
from tests.sockets import LiveClient, LiveServer, Refused, serving

HALLS = 4
number = st.integers(0, HALLS - 1)
STEPS = st.one_of(
    st.tuples(st.just("floor.give"), number, st.booleans()),
    st.tuples(st.just("floor.take"), number),
    st.tuples(st.just("floor.mute_all"), st.booleans()),
    st.tuples(st.just("floor.give_main")),
    st.tuples(st.just("recess.start"), st.none() | st.integers(1, 30)),
    st.tuples(st.just("recess.end")),
    st.tuples(st.just("stage.show"), st.none() | number),
    st.tuples(
        st.just("layout.set"),
        st.sampled_from(["stage", "stage-row", "grid-2", "grid-3", "content-stage"]),
        st.none() | st.lists(number, max_size=3),
    ),
    st.tuples(st.just("agenda.go"), st.none() | st.integers(0, 2)),
    st.tuples(st.just("hand.raise"), number, st.sampled_from(["speech", "debate"]), st.sampled_from(["", "Ý kiến"])),
    st.tuples(st.just("hand.raise-own"), st.booleans(), st.sampled_from(["speech", "question"])),
    st.tuples(st.just("speaking.call"), st.booleans()),
    st.tuples(st.just("speaking.move"), st.booleans()),
    st.tuples(st.just("speaking.mark"), st.booleans()),
    st.tuples(st.just("speaking.sort")),
    st.tuples(st.just("speaking.rules"), st.booleans(), st.booleans(), st.booleans()),
    st.tuples(st.just("turn"), st.sampled_from(["pause", "resume", "extend", "finish"])),
    st.tuples(st.just("time"), st.sampled_from([30, 400])),
    st.tuples(st.just("hand.lower"), number),
    st.tuples(st.just("floor.release"), number),
    st.tuples(st.just("hand.dismiss"), number),
    st.tuples(st.just("hall.ready"), number, st.booleans()),
    st.tuples(st.just("hall.devices"), number, st.sampled_from(["ok", "none", "denied", "muted"])),
    st.tuples(st.just("hall.leave"), number),
    st.tuples(st.just("content.start"), st.none() | number),
    st.tuples(st.just("content.stop"), st.none() | number),
    st.tuples(st.just("cut"), number),
    st.tuples(st.just("lost"), number),
    st.tuples(st.just("reconnect"), number),
    st.tuples(st.just("page.present"), st.booleans(), st.integers(1, 5)),
    st.tuples(st.just("page.turn"), st.booleans(), st.integers(1, 5)),
    st.tuples(st.just("page.zoom"), st.booleans(), st.none() | st.just([0, 0, 0.5, 0.5])),
    st.tuples(st.just("page.offer"), st.booleans()),
    st.tuples(st.just("page.accept"), st.booleans()),
    st.tuples(st.just("page.take"), st.booleans()),
    st.tuples(st.just("page.stop"), st.booleans()),
    st.tuples(st.just("paper.new-version")),
    st.tuples(st.just("paper.recall")),
    st.tuples(st.just("paper.restore")),
    st.tuples(st.just("paper.policy"), st.booleans(), st.booleans()),
    st.tuples(st.just("paper.move"), st.none() | st.integers(0, 2)),
    st.tuples(st.just("paper.fail")),
    st.tuples(st.just("meeting.edit"), st.booleans()),
    st.tuples(st.just("meeting.start")),
    st.tuples(st.just("meeting.end")),
    st.tuples(st.just("meeting.return")),
    st.tuples(st.just("stage.stay")),
)


class Play:
    def __init__(
        self,
        server: LiveServer,
        province: builders.Province,
        meeting: Meeting,
        items: list[int],
        paper: Paper,
        *,
        clock: Clock,
    ) -> None:
        self.clock = clock
        self.server = server
        self.points = [hall.id for hall in province.halls[:HALLS]]
        self.all_points = [hall.id for hall in province.halls[:5]]
        self.meeting = meeting
        self.items = items
        self.conference: ConferenceService = server.app.state.services.components[ConferenceService]
        self.cookies: dict[Any, str] = {}
        self.halls: dict[int, LiveClient] = {}
        self.clients: list[LiveClient] = []
        self.paper = paper
        self.operator_id = province.operator.id
        self.done = 0
        self.console: LiveClient
        self.presenter: LiveClient
        self.delegate: LiveClient

    async def enter(self, who: Any, audience: str, point_id: int | None = None) -> LiveClient:
        client = await self.server.join(self.meeting.id, self.cookies[who], audience, point_id)
        self.clients.append(client)
        return client

    async def step(self, step: tuple[Any, ...]) -> None:
        name, *given = step
        counts_points = (
            name not in ("recess.start", "time") and given and isinstance(given[0], int) and given[0] is not True
        )
        point = self.points[given[0]] if counts_points else None
        if name == "cut":
            self.halls[given[0]].cut()
        elif name == "lost":
            self.halls[given[0]].cut()
            await self.server.settled(lambda: point not in self.conference.live.halls(self.meeting.id))
            await self.conference.watch._lose(self.meeting.id, {point: self.conference.services.clock()})  # type: ignore[dict-item]
        elif name == "paper.new-version":
            await new_version(self.conference.services, self.paper, 4)
        elif name.startswith("paper.") or name == "meeting.edit":
            await self.desk(name, given)
        elif name == "reconnect":
            self.halls[given[0]] = await self.enter(f"hall-{given[0]}", "hall", point)
        elif name == "time":
            self.clock.pass_(seconds=given[0])
            await self.conference.turns.look()
        elif name == "hand.raise-own":
            own = ("hand.raise", {"kind": given[1], "topic": "Của tôi"}) if given[0] else ("hand.lower", {})
            await self.say(self.delegate, *own)
        elif name.startswith(("speaking.", "turn")):
            await self.say(self.console, *self.speaking(name, given))
        elif name.startswith("page."):
            await self.say(self.presenter if given[0] else self.console, name, self.page_data(name, given))
        else:
            await self.command(name, given, point)

    async def command(self, name: str, given: list[Any], point: int | None) -> None:
        sender, data = self.console, {}
        match name:
            case "floor.give":
                data = {"point_id": point, "keep": given[1]}
            case "floor.take" | "hand.dismiss" | "stage.show":
                data = {"point_id": point}
            case "recess.start":
                data = {"minutes": given[0]}
            case "floor.mute_all":
                data = {"including_main": given[0]}
            case "layout.set":
                pinned = None if given[1] is None else [self.points[each] for each in given[1]]
                data = {"layout": given[0], "pinned": pinned}
            case "agenda.go":
                data = {"item_id": None if given[0] is None else self.items[given[0]]}
            case "floor.release" | "hand.raise" | "hand.lower" | "hall.ready" | "hall.devices" | "hall.leave":
                sender = self.halls[given[0]]
                of_name = {
                    "hand.raise": {"topic": given[-1], "kind": given[1] if name == "hand.raise" else ""},
                    "hall.ready": {"ready": given[-1]},
                    "hall.devices": {"camera": given[-1], "microphone": "ok"},
                }
                data = of_name.get(name, {})
            case "content.start" | "content.stop":
                sender = self.presenter if point is None else self.halls[given[0]]
        await self.say(sender, name, data)

    def speaking(self, name: str, given: list[Any]) -> tuple[str, dict[str, Any]]:
        queue = self.console.state["queue"][""]["order"]
        first, last = (queue[0], queue[-1]) if queue else (1, 1)
        turns = self.console.state["speaking"][""]["turns"]
        data: dict[str, Any] = {
            "speaking.call": lambda: {"request_id": last if given[0] else None, "keep": given[0]},
            "speaking.move": lambda: {"request_id": last, "before_id": first if given[0] else None},
            "speaking.mark": lambda: {"request_id": last if given[0] else None},
            "speaking.rules": lambda: {
                "speech_minutes": 5,
                "closes": given[0],
                "by_branch": given[1],
                "newcomers_first": given[2],
                "debate_first": given[0],
            },
            "turn": lambda: {"turn_id": turns[0]["id"] if turns else 1},
        }.get(name, dict)()
        if name == "turn":
            return f"turn.{given[0]}", {**data, **({"seconds": 60} if given[0] == "extend" else {})}
        return name, data

    def page_data(self, name: str, given: list[Any]) -> dict[str, Any]:
        return {
            "page.present": lambda: {"paper_id": self.paper.id, "page": given[1]},
            "page.turn": lambda: {"page": given[1]},
            "page.zoom": lambda: {"region": given[1]},
            "page.offer": lambda: {"person_id": self.operator_id if given[0] else None},
        }.get(name, dict)()

    async def desk(self, name: str, given: list[Any]) -> None:
        """What is done at the desk, over HTTP, by whoever may."""
        item = self.items[given[0]] if given and isinstance(given[0], int) and name == "paper.move" else None
        with contextlib.suppress(DomainError):
            async with self.conference.services.transactions(SYSTEM) as tx:
                match name:
                    case "paper.recall":
                        await papers.recall(tx, self.paper.id, "Sai số liệu")
                    case "paper.restore":
                        await papers.restore(tx, self.paper.id)
                    case "paper.policy":
                        write = PolicyWrite(hidden=given[0])
                        place = policy_actions.set_for_item if given[1] else policy_actions.set_for_paper
                        await place(tx, self.items[0] if given[1] else self.paper.id, write)  # type: ignore[operator]
                    case "paper.move":
                        await papers.edit(tx, self.paper.id, PaperPatch(item_id=item))
                    case "paper.fail":
                        problem = ProblemOut(code="failed", vi="", en="")
                        await version_failed(tx, self.paper.current_version_id or 0, problem)
                    case "meeting.edit":
                        await self.edit(tx, given[0])
                self.done += 1

    async def edit(self, tx: Transaction, without: bool) -> None:
        """The plan with or without its last agenda item and its last point."""
        meeting = await tx.session.get_one(Meeting, self.meeting.id)
        agenda = [AgendaWrite(id=item, title="Mục", minutes=5) for item in self.items[: 2 if without else 3]]
        points = [MemberWrite(point_id=point) for point in self.all_points[: 4 if without else 5]]
        await meetings.edit(tx, meeting.id, MeetingPatch(version=meeting.version, agenda=agenda, points=points))

    async def say(self, sender: LiveClient, name: str, data: dict[str, Any]) -> None:
        if sender.connection.close_code is not None or sender.cut_off:
            return
        with contextlib.suppress(Refused):
            await sender.command(name, **data)
            self.done += 1

    async def check(self) -> None:
        """Everybody connected holds exactly what the database holds now, and a newcomer is told the same."""
        await self.conference.door.stop()
        seq, fresh = await load_state(self.conference.services.database, self.conference.live.features, self.meeting.id)
        here = set(self.conference.live.clients())
        room = self.conference.live.room(self.meeting.id)
        viewers = {client.participant: client.viewer for client in here}
        for client in self.clients:
            if client.cut_off or client.connection.close_code is not None:
                continue
            await client.send({"type": "ping"})
            await client.until(lambda client=client: client.frames[-1]["type"] == "pong")
            held = {name: items for name, items in client.state.items() if items}
            assert held == self.seen(room, fresh, viewers[client.participant])
        self.check_speaking(fresh)
        newcomer = await self.enter("console", "console")
        assert (newcomer.seq, newcomer.state) == (seq, self.seen(room, fresh, Viewer("console")))

    def check_speaking(self, state: dict[str, dict[str, Any]]) -> None:
        """Whoever waits stands in the queue once; whoever has the floor as a guest has one clock, and nobody else."""
        waiting = state["requests"].values()
        assert sorted(state["queue"][""]["order"]) == sorted(each["id"] for each in waiting)
        assert len({(each["point_id"], each["person_id"]) for each in waiting}) == len(waiting)
        first = {point: entity["hand_at"] is not None for point, entity in state["points"].items()}
        assert {point for point, up in first.items() if up} == {str(each["point_id"]) for each in waiting}
        turns = [turn["point_id"] for turn in state["speaking"][""]["turns"]]
        holders = {each["point_id"] for each in state["stage"][""]["floor"]}
        main = state["meeting"][""]["main_point_id"]
        running = state["meeting"][""]["state"] == "running"
        assert len(turns) == len(set(turns))
        assert set(turns) - {main} == (holders - {main} if running else set())

    def seen(self, room: Any, state: dict[str, dict[str, Any]], viewer: Viewer) -> dict[str, dict[str, Any]]:
        return {
            name: visible
            for name, items in state.items()
            if (visible := {key: value for key, value in items.items() if room._visible(name, key, viewer)})
        }


async def play(template: Path, steps: list[tuple[Any, ...]]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "play.db")
        url = f"sqlite+aiosqlite:///{folder}/play.db"
        clock = Clock()
        settings = Settings(
            var=Path(folder),
            database_url=url,
            media_embedded=False,
            lost_after_seconds=600,
            _env_file=None,  # type: ignore[call-arg]
        )
        app = create_app(settings, clock)
        async with serving(app) as server:
            services = app.state.services
            province = await builders.province(services)
            meeting = await builders.conference(services, province, "open", province.halls[:5])
            async with services.transactions(SYSTEM) as tx:
                await library.delegate(tx.session, meeting, province.delegate, province.halls[1])
            paper = await ready_paper(services, meeting, pages=5)
            async with services.database.read() as session:
                items = await session.scalars(AgendaItem.__table__.select().with_only_columns(AgendaItem.id))
                play = Play(server, province, meeting, list(items), paper, clock=clock)
            for index, hall in enumerate(province.halls[:HALLS]):
                play.cookies[f"hall-{index}"] = await signed_in(services, hall)
            play.cookies["console"] = await signed_in(services, province.operator)
            play.cookies["presenter"] = await signed_in(services, province.presenter)
            play.cookies["delegate"] = await signed_in(services, province.delegate)
            play.delegate = await play.enter("delegate", "member")
            play.console = await play.enter("console", "console")
            play.presenter = await play.enter("presenter", "member")
            for index, point_id in enumerate(play.points):
                play.halls[index] = await play.enter(f"hall-{index}", "hall", point_id)
            for step in steps:
                clock.pass_(seconds=1)
                await play.step(step)
            assert play.done > 0, "nothing happened"
            await play.check()
            for client in play.clients:
                client.cut()


@pytest.fixture(scope="session")
def template(_sqlite: Templates) -> Path:
    return Path(_sqlite.empty)


@hypothesis_settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=st.lists(STEPS, min_size=5, max_size=30))
def test_snapshot_and_events_make_a_fresh_snapshot(template: Path, steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(play(template, [("meeting.start",), *steps]))
