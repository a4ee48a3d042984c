"""Two server processes on one PostgreSQL database are asked for the same at the same moment: one of them does it, the
other says so in a sentence, and nobody gets an error of the server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.dependencies import COOKIE
from server.accounts.models import AccessLink, Person, RoleGrant, SessionLink, SignInSession
from server.audit.chaining import Chaining
from server.audit.queries import first_broken
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.invitations.models import AccessRequest
from server.main import create_app
from server.meetings.models import Delegate, Meeting
from server.organisations.models import BridgePoint, Unit
from server.papers.models import AccessPolicy
from tests import builders, library, postgres
from tests.builders import Province
from tests.conftest import Clock, signed_in

pytestmark = [
    pytest.mark.skipif(postgres.binaries() is None, reason="no PostgreSQL here"),
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]
ROUNDS = 4
AT_ONCE = 6
SAID = frozenset({200, 201, 204, 404, 409, 422, 503})
"""503: waited in a circle with another, nothing written, try again."""


@dataclass
class Pair:
    apps: tuple[FastAPI, FastAPI]
    stack: AsyncExitStack
    services: Services
    """Of the first."""

    async def browsers(self, who: Person | BridgePoint | None) -> list[httpx2.AsyncClient]:
        """`AT_ONCE` clients, at the two processes by turns."""
        clients = []
        for number in range(AT_ONCE):
            client = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(self.apps[number % 2]),
                base_url="http://hop.test",
                headers={"X-Nhipcau": "1", "Origin": "http://hop.test"},
            )
            await self.stack.enter_async_context(client)
            if who is not None:
                client.cookies.set(COOKIE, await signed_in(self.services, who))
            clients.append(client)
        return clients

    async def answers(
        self, clients: list[httpx2.AsyncClient], method: str, path: str, body: Callable[[int], Any] = lambda _: None
    ) -> list[httpx2.Response]:
        """All ask in one moment. None of the answers is the server's fault."""
        answers = await asyncio.gather(
            *(client.request(method, path, json=body(number)) for number, client in enumerate(clients))
        )
        for answer in answers:
            assert answer.status_code in SAID, (method, path, answer.status_code, answer.text)
        return answers

    async def at_once(
        self, clients: list[httpx2.AsyncClient], method: str, path: str, body: Callable[[int], Any] = lambda _: None
    ) -> Counter[int]:
        """How many answers of each status."""
        return Counter(answer.status_code for answer in await self.answers(clients, method, path, body))

    async def one_has(
        self, clients: list[httpx2.AsyncClient], path: str, field: str, body: Callable[[int], Any]
    ) -> None:
        """One makes it; all the others are told so at the field."""
        answers = await self.answers(clients, "POST", path, body)
        told = [answer.json() for answer in answers if answer.status_code != 201]
        assert len(told) == AT_ONCE - 1
        for each in told:
            assert (each["code"], list(each["details"]["fields"])) == ("invalid", [field]), each

    async def count(self, *where: Any) -> int:
        async with self.services.database.read() as session:
            return (await session.scalars(select(func.count()).where(*where))).one()


@pytest.fixture
async def pair(app: FastAPI, services: Services, settings: Settings, clock: Clock) -> AsyncIterator[Pair]:
    other = create_app(settings, clock)
    async with AsyncExitStack() as stack:
        yield Pair((app, other), stack, services)
    await other.state.services.stop()


async def test_a_login_is_given_once(pair: Pair, province: Province) -> None:
    admins = await pair.browsers(province.admin)
    for turn in range(ROUNDS):
        login = f"moi{turn}"
        wanted = {"unit_id": province.root.id, "full_name": "Mới", "login": login}
        await pair.one_has(admins, "/api/people", "login", lambda _, wanted=wanted: wanted)
        assert await pair.count(Person.login == login) == 1


async def test_a_unit_s_code_is_given_once(pair: Pair, province: Province) -> None:
    admins = await pair.browsers(province.admin)
    for turn in range(ROUNDS):
        code = f"H36.9.{turn}"
        wanted = {"parent_id": province.root.id, "name": "Sở", "short_name": "Sở", "level": "below", "code": code}
        await pair.one_has(admins, "/api/units", "code", lambda _, wanted=wanted: wanted)
        assert await pair.count(Unit.code == code) == 1


async def test_roles_and_policies_that_many_set_are_there_once(pair: Pair, province: Province) -> None:
    meeting = await builders.conference(pair.services, province, "running")
    async with pair.services.transactions(SYSTEM) as tx:
        papers = [await library.paper(tx.session, meeting, f"Tài liệu {number}") for number in range(ROUNDS)]
    admins = await pair.browsers(province.admin)
    organisers = await pair.browsers(province.organiser)
    for paper in papers:
        said = await pair.at_once(
            organisers, "PUT", f"/api/papers/{paper.id}/policy", lambda number: {"download": number % 2 == 0}
        )
        assert said[200] == AT_ONCE, said
        assert await pair.count(AccessPolicy.paper_id == paper.id) == 1
        role = [{"role": "technician", "unit_id": province.lat.id}]
        said = await pair.at_once(admins, "PUT", f"/api/people/{province.stranger.id}/roles", lambda _, role=role: role)
        assert said[200] == AT_ONCE, said
        assert await pair.count(RoleGrant.person_id == province.stranger.id) == 1
        await pair.at_once(admins[:1], "PUT", f"/api/people/{province.stranger.id}/roles", lambda _: [])


async def test_a_delegate_is_on_the_list_once(pair: Pair, province: Province) -> None:
    organisers = await pair.browsers(province.organiser)
    for _ in range(ROUNDS):
        meeting = await builders.conference(pair.services, province, "invited")
        chosen = {"point_id": province.da_sar_hall.id, "people": [{"person_id": province.delegate.id}]}
        answers = await pair.answers(
            organisers, "POST", f"/api/meetings/{meeting.id}/delegates", lambda _, chosen=chosen: chosen
        )
        told = [answer.json()["code"] for answer in answers if answer.status_code != 201]
        assert told == ["already-listed"] * (AT_ONCE - 1)
        assert await pair.count(Delegate.meeting_id == meeting.id, Delegate.removed_at.is_(None)) == 1


async def test_a_meeting_begins_and_ends_once(pair: Pair, province: Province) -> None:
    chairs = await pair.browsers(province.chair)
    for _ in range(2):
        meeting = await builders.conference(pair.services, province, "open")
        for step, state in (("start", "running"), ("end", "ended")):
            said = await pair.at_once(chairs, "POST", f"/api/meetings/{meeting.id}/{step}")
            assert said[200] >= 1, said
            async with pair.services.database.read() as session:
                assert (await session.get_one(Meeting, meeting.id)).state == state
        reopened = await pair.at_once(
            chairs, "POST", f"/api/meetings/{meeting.id}/reopen", lambda _: {"reason": "Bấm nhầm"}
        )
        assert reopened[200] >= 1, reopened


async def test_a_stranger_is_let_in_once_and_the_way_in_is_given_once(pair: Pair, province: Province) -> None:
    organisers = await pair.browsers(province.organiser)
    nobody = await pair.browsers(None)
    for turn in range(ROUNDS):
        meeting = await builders.conference(pair.services, province, "running")
        knocked = await nobody[turn].post(
            f"/api/m/{meeting.public_code}/requests",
            json={"full_name": "Khách", "unit_text": "Xã", "phone": "0912345678"},
        )
        assert knocked.status_code == 201, knocked.text
        async with pair.services.database.read() as session:
            [request] = await session.scalars(select(AccessRequest).where(AccessRequest.meeting_id == meeting.id))
        said = await pair.at_once(
            organisers, "POST", f"/api/requests/{request.id}/grant", lambda _: {"point_id": province.lat_hall.id}
        )
        assert said[200] + said[204] == 1, said
        assert await pair.count(Delegate.meeting_id == meeting.id) == 1
        said = await pair.at_once(
            nobody, "POST", "/api/requests/answer", lambda _, secret=knocked.json()["request"]: {"request": secret}
        )
        assert said[200] >= 1, said
        valid = (AccessLink.meeting_id == meeting.id, AccessLink.revoked_at.is_(None))
        assert await pair.count(*valid) == 1


async def test_one_link_opened_many_times_at_once_opens_for_all(pair: Pair, province: Province) -> None:
    """A phone that taps twice, and a browser whose cookie one link widens while another does."""
    meeting = await builders.conference(pair.services, province, "running", listed=True)
    other = await builders.conference(pair.services, province, "running", listed=True)
    organiser = (await pair.browsers(province.organiser))[0]
    paths = []
    for each in (meeting, other):
        made = await organiser.post(f"/api/meetings/{each.id}/links", json={"delegate_ids": None, "send": False})
        paths.append(made.json()["links"][0]["path"].rpartition("/")[2])
    phones = await pair.browsers(None)
    said = await pair.at_once(phones, "POST", "/api/session/link", lambda _: {"token": paths[0]})
    assert said == {200: AT_ONCE}, said
    cookie = phones[0].cookies[COOKIE]
    for phone in phones:
        phone.cookies.clear()
        phone.cookies.set(COOKIE, cookie)
    said = await pair.at_once(phones, "POST", "/api/session/link", lambda _: {"token": paths[1]})
    assert said == {200: AT_ONCE}, said
    async with pair.services.database.read() as session:
        own = await session.scalar(
            select(func.count())
            .select_from(SessionLink)
            .join(SignInSession, SignInSession.id == SessionLink.session_id)
            .join(AccessLink, AccessLink.id == SessionLink.link_id)
            .where(AccessLink.meeting_id == other.id)
        )
    assert own == 1


async def test_what_waits_for_each_other_goes_on(pair: Pair, province: Province) -> None:
    """Edits of the meeting, its papers, lists and attendance at the same time, in any order: all answered, within
    seconds, and the log's chain is whole."""
    meeting = await builders.conference(pair.services, province, "running", listed=True)
    async with pair.services.transactions(SYSTEM) as tx:
        papers = [await library.paper(tx.session, meeting, f"Tài liệu {number}") for number in range(3)]
    organisers = await pair.browsers(province.organiser)
    ids = [paper.id for paper in papers]
    here = f"/api/meetings/{meeting.id}"
    async with pair.services.database.read() as session:
        [listed] = await session.scalars(select(Delegate.id).where(Delegate.meeting_id == meeting.id))
    requests: list[tuple[str, str, Any]] = [
        ("PUT", f"{here}/papers/order", {"paper_ids": ids}),
        ("PUT", f"{here}/papers/order", {"paper_ids": ids[::-1]}),
        ("PATCH", f"/api/papers/{ids[0]}", {"title": "Khác", "position": 2}),
        ("PUT", f"/api/papers/{ids[1]}/policy", {"download": True}),
        ("POST", f"/api/papers/{ids[2]}/recall", {"reason": "Sai"}),
        ("POST", f"/api/papers/{ids[2]}/restore", None),
        ("PATCH", here, {"version": 1, "title": "Tên mới"}),
        ("PATCH", f"/api/delegates/{listed}", {"role": "guest"}),
        ("POST", f"{here}/links", {"delegate_ids": None, "send": False}),
        ("POST", f"{here}/points/{province.da_sar_hall.id}/checks", {"delegate_ids": [listed], "kind": "in"}),
        ("POST", f"{here}/points/{province.da_sar_hall.id}/headcount", {"count": 7}),
    ]
    async with asyncio.timeout(60):
        for turn in range(ROUNDS):
            answers = await asyncio.gather(
                *(
                    organisers[(number + turn) % AT_ONCE].request(method, path, json=body)
                    for number, (method, path, body) in enumerate(requests)
                )
            )
            for (method, path, _), answer in zip(requests, answers, strict=True):
                assert answer.status_code in SAID, (method, path, answer.status_code, answer.text)
    await Chaining(pair.services).chain()
    async with pair.services.database.read() as session:
        assert await first_broken(session, pair.services.transactions.audit_key) is None


async def test_who_holds_a_lock_too_long_makes_nobody_wait_for_ever(
    settings: Settings, clock: Clock, pair: Pair, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs in the middle: others are told at once that it does, and its lock ends."""
    monkeypatch.setattr("server.core.database.LOCK_SECONDS", 1)
    monkeypatch.setattr("server.core.database.IDLE_SECONDS", 4)
    meeting = await builders.conference(pair.services, province, "running")
    hanging, waiting = create_app(settings, clock), create_app(settings, clock)
    pair.apps = (waiting, waiting)
    [chair, *_] = await pair.browsers(province.chair)
    end = f"/api/meetings/{meeting.id}/end"
    try:
        held = hanging.state.services.database.sessions()
        await locked_for(held, meeting.id)
        # As its connection has it; the others may well take their time on a busy machine.
        monkeypatch.setattr("server.core.database.IDLE_SECONDS", 120)
        answer = await chair.post(end)
        async with asyncio.timeout(30):
            while answer.status_code == 503:
                answer = await chair.post(end)
        assert answer.status_code == 200
        with pytest.raises(DBAPIError):
            await held.execute(select(Meeting.id))
    finally:
        for app in (hanging, waiting):
            await app.state.services.stop()


async def locked_for(session: AsyncSession, meeting_id: int) -> None:
    await session.execute(select(Meeting.id).where(Meeting.id == meeting_id).with_for_update())
