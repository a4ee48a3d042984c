"""For anything that happens to attendance, in any order and at once: snapshot + events = fresh snapshot, for consoles
and halls over real sockets; and what SQL counts is what the log of each delegate says."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from server.accounts.dependencies import COOKIE
from server.attendance.people import roster, totals
from server.attendance.people.events import delegates_changed
from server.attendance.people.status import Count
from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.live.room import load_state
from server.main import create_app
from server.meetings.models import Delegate, Meeting
from tests import builders
from tests.conftest import Clock, Templates, signed_in
from tests.server.attendance.people.gathering import Conference, code_of, conference
from tests.sockets import serving

NAMES = ("Đại Biểu", "An", "Bình", "Chi", "Dũng", "Em", "Giang")
name = st.sampled_from(NAMES)
hall = st.sampled_from(["da_sar_hall", "lat_hall", "hiep_an_hall"])
kind = st.sampled_from(["in", "in", "out", "leave", "leave-withdrawn"])
how = st.sampled_from(["list", "group", "by-hand"])
STEP = st.one_of(
    st.tuples(st.just("checks"), hall, st.lists(name, min_size=1, max_size=3, unique=True), kind, how),
    st.tuples(st.just("scan"), hall, name),
    st.tuples(st.just("online"), name, st.booleans()),
    st.tuples(st.just("headcount"), hall, st.integers(0, 5)),
    st.tuples(st.just("substitute"), hall, name),
    st.tuples(st.just("sign"), hall, st.booleans()),
    st.tuples(st.just("move"), name, st.none() | hall),
    st.tuples(st.just("remove"), name),
    st.tuples(st.just("start")),
)
STEPS = st.lists(st.lists(STEP, min_size=1, max_size=4), min_size=2, max_size=6)
"""The steps of an inner list happen at once."""


class Play:
    def __init__(self, app: Any, province: builders.Province, held: Conference, client: httpx2.AsyncClient) -> None:
        self.app, self.province, self.held, self.client = app, province, held, client
        self.services: Services = app.state.services
        self.cookies: dict[str, str] = {}
        self.done = 0

    async def post(self, who: str, path: str, body: Any = None, method: str = "POST") -> httpx2.Response:
        headers = {"Cookie": f"{COOKIE}={self.cookies[who]}"}
        answer = await self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code < 500, answer.text
        self.done += answer.status_code < 300
        return answer

    async def step(self, step: tuple[Any, ...]) -> None:
        held = self.held
        match step:
            case ("checks", where, names, kind, how):
                body = {"delegate_ids": held.ids(*names), "kind": kind, "how": how, "reason": "ốm"}
                await self.post("organiser", held.path(getattr(self.province, where), "checks"), body)
            case ("scan", where, name):
                code = code_of(self.app, held, getattr(self.province, where))
                await self.post(name, f"/api/m/{held.meeting.public_code}/check-in", {"hall": code})
            case ("online", name, there):
                await self.post(name, held.path(rest="online"), {"online": there})
            case ("headcount", where, count):
                await self.post("organiser", held.path(getattr(self.province, where), "headcount"), {"count": count})
            case ("substitute", where, name):
                body = {"delegate_id": held.delegates[name], "full_name": f"Thay {name}"}
                at = getattr(self.province, where)
                answer = await self.post("organiser", held.path(at, "substitutes"), body)
                if answer.status_code == 201:
                    ids = [answer.json()["delegate_id"]]
                    await self.post("organiser", held.path(at, "checks"), {"delegate_ids": ids, "kind": "in"})
            case ("sign", where, sign):
                path = held.path(getattr(self.province, where), "sign-off")
                await self.post("organiser", path, {} if sign else None, "POST" if sign else "DELETE")
            case ("move", name, where):
                await self.edit(name, point_id=getattr(self.province, where).id if where else None)
            case ("remove", name):
                await self.edit(name, removed_at=self.services.clock())
            case ("start",):
                await self.post("organiser", held.path(rest="start"))

    async def edit(self, name: str, **values: Any) -> None:
        """As whoever changes a list of delegates does."""
        async with self.services.transactions(SYSTEM) as tx:
            row = await tx.session.get_one(Delegate, self.held.delegates[name])
            touched = {row.point_id, values.get("point_id", row.point_id)}
            for field, value in values.items():
                setattr(row, field, value)
            await tx.session.flush()
            await delegates_changed(tx, row.meeting_id, frozenset(touched))

    async def check(self) -> None:
        """What SQL counts is what the logs say."""
        async with self.services.database.read() as session:
            meeting = await session.get_one(Meeting, self.held.meeting.id)
            counted = await totals.load(session, meeting)
            people = await roster.whole(session, meeting)
        said = {point_id: Count() for point_id in counted.points}
        sitting = dict.fromkeys(counted.points, 0)
        for person in people:
            said[person.point_id].add(
                person.status.state, substitute=person.substitutes_id is not None, represented=person.represented
            )
            if person.status.point_id is not None:
                sitting[person.status.point_id] += 1
        for point_id, count in said.items():
            in_hall = max(sitting[point_id], counted.headcounts.get(point_id, 0)) if point_id is not None else 0
            count.counted = in_hall + count.online
            count.settle(meeting.state == "ended" or point_id in counted.signed_off)
        assert counted.points == said


async def play(template: Path, steps: list[list[tuple[Any, ...]]]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "play.db")
        settings = Settings(
            var=Path(folder),
            database_url=f"sqlite+aiosqlite:///{folder}/play.db",
            media_embedded=False,
            _env_file=None,  # type: ignore[call-arg]
        )
        clock = Clock()
        app = create_app(settings, clock)
        async with serving(app) as server, httpx2.AsyncClient(base_url=server.origin, headers=HEADERS) as client:
            services: Services = app.state.services
            province = await builders.province(services)
            held = await conference(services, province, "open")
            play = Play(app, province, held, client)
            for name, person in {**held.people, "organiser": province.organiser}.items():
                play.cookies[name] = await signed_in(services, person)
            device = await signed_in(services, province.da_sar_hall)
            console = await server.join(held.meeting.id, play.cookies["organiser"], "console")
            screen = await server.join(held.meeting.id, device, "hall", province.da_sar_hall.id)
            for together in steps:
                clock.pass_(minutes=1)
                await asyncio.gather(*(play.step(step) for step in together))
            assert play.done > 0
            await play.check()
            _, fresh = await load_state(
                services.database, app.state.services.components[ConferenceService].live.features, held.meeting.id
            )
            for watcher in (console, screen):
                await watcher.send({"type": "ping"})
                await watcher.until(lambda watcher=watcher: watcher.frames[-1]["type"] == "pong")
            assert console.state["turnout"] == fresh["turnout"]
            own = str(province.da_sar_hall.id)
            assert screen.state["turnout"] == {own: fresh["turnout"][own]}
            newcomer = await server.join(held.meeting.id, play.cookies["organiser"], "console")
            assert newcomer.state["turnout"] == fresh["turnout"]
            for watcher in (console, screen, newcomer):
                watcher.cut()


HEADERS = {"X-Nhipcau": "1"}
FIRST = [[("checks", "da_sar_hall", ["An"], "in", "list")]]


@pytest.fixture(scope="session")
def template(_sqlite: Templates) -> Path:
    return Path(_sqlite.empty)


@hypothesis_settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=STEPS)
def test_snapshot_and_events_make_a_fresh_snapshot(template: Path, steps: list[list[tuple[Any, ...]]]) -> None:
    asyncio.run(play(template, [*FIRST, *steps]))
