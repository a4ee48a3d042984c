"""Any order of steps: no vote is lost, none counts twice, none comes in after the close, and the result is what anybody
gets who counts the rows again. And the same with a server that is killed meanwhile."""

import asyncio
import json
import random
import uuid
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from server.attendance.models import PersonCheck
from server.ballots.actions import counted
from server.ballots.electorate import frozen
from server.ballots.models import Ballot, Electorate, Tally, Vote
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate
from server.migrations import upgrade
from server.wiring import components
from tests import builders
from tests.conftest import Browsers, signed_in
from tests.deployment import Deployment
from tests.load.bench_votes import Connection
from tests.server.attendance.people.gathering import check
from tests.server.ballots.voting import QUESTION, code, voting

NAMES = ("Đại Biểu", "An", "Bình", "Chi", "Dũng", "Em")
MARKS = ("100", "010", "001")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_steps(
    *, seed: int, services: Services, province: builders.Province, browser: Browsers
) -> None:
    """Against a model of a few lines: a dictionary of seats, and the halls that have counted."""
    dice, secret = random.Random(seed), seed % 2 == 1
    held = await voting(services, province, browser)
    halls = {"da": province.da_sar_hall, "lat": province.lat_hall}
    home = {"Đại Biểu": "da", "An": "da", "Bình": "da", "Chi": "lat", "Dũng": "lat"}
    await held.put({**QUESTION, "secret": secret, "hands": not secret})
    there, votes, heeded, halls_counted = set(NAMES), dict[str, str](), dict[str, set[str]](), dict[str, int]()
    for _ in range(28):
        who = dice.choice(NAMES)
        match dice.choice(["vote", "vote", "vote", "repeat", "move", "count"]):
            case "vote":
                key, marks = str(uuid.UUID(int=dice.getrandbits(128))), dice.choice(MARKS)
                answer = await held.vote(who, marks, key=key, **({"code": code()} if secret else {}))
                may = who in there and home.get(who) not in halls_counted and not (secret and who in votes)
                assert (answer.status_code == 200) == may, (who, answer.text)
                if may:
                    votes[who] = marks
                    heeded.setdefault(who, set()).add(key)
            case "repeat" if heeded.get(who):
                key = dice.choice(sorted(heeded[who]))
                again = await held.vote(who, dice.choice(MARKS), key=key, **({"code": code()} if secret else {}))
                assert again.status_code == 200, again.text
            case "move":
                hall = halls.get(home.get(who, ""), province.hiep_an_hall)
                await check(held.chair, held.held, hall, "out" if who in there else "in", who)
                there ^= {who}
            case "count" if not secret:
                hall_name = dice.choice(list(halls))
                if hall_name in halls_counted:
                    continue
                sitting = sum(home.get(each) == hall_name for each in there)
                voted = sum(home.get(each) == hall_name for each in votes)
                number = dice.randint(0, 3)
                fits = number + voted <= sitting
                counts = [number, 0, 0]
                await held.count(halls[hall_name], counts, province.organiser)
                settled = await held.count(halls[hall_name], counts, province.secretary, 200 if fits else 409)
                if fits:
                    assert settled["tallies"][0]["state"] == "accepted"
                    halls_counted[hall_name] = number
    outcome = (await held.step("close"))["outcome"]
    expected = Counter(MARKS.index(marks) for marks in votes.values())
    expected[0] += sum(halls_counted.values())
    assert [each["total"] for each in outcome["options"]] == [expected[place] for place in range(3)]
    assert outcome["present"] >= outcome["devices"] + outcome["hands"]
    late = await held.vote(dice.choice(NAMES), "100", **({"code": code()} if secret else {}))
    assert late.status_code in (403, 409)
    async with services.database.read() as session:
        ballot = await session.get_one(Ballot, held.ballot_id)
        row = await session.get_one(Electorate, held.ballot_id)
        assert {seat for seat, _ in row.seats} == {held.held.delegates[each] for each in there}
        again_counted = await counted(session, ballot, frozen(row))
        assert again_counted.model_dump(mode="json") == outcome
        rows = list(await session.scalars(select(Vote.seat_id).where(Vote.ballot_id == ballot.id)))
        assert sorted(rows) == sorted(held.held.delegates[each] for each in votes)
        assert len(list(await session.scalars(select(Tally).where(Tally.state == "accepted")))) == len(halls_counted)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("secret", [False, True])
async def test_a_server_that_is_killed_keeps_what_it_acknowledged(secret: bool, tmp_path: Path) -> None:
    """`kill -9` while forty vote at once; who had no answer sends the same again, and everybody counts once."""
    deployment = Deployment(tmp_path / "var")
    deployment.var.mkdir(parents=True)
    await asyncio.to_thread(upgrade, deployment.settings.database)
    services = Services.start(deployment.settings, components())
    where = await builders.province(services)
    meeting = await builders.conference(services, where, "running")
    async with services.transactions(SYSTEM) as tx:
        people = [await builders.person(tx.session, where.lat, f"Người {number}") for number in range(40)]
        for person in people:
            row = Delegate(meeting_id=meeting.id, person_id=person.id, point_id=where.lat_hall.id, added_at=tx.now)
            tx.session.add(row)
            await tx.session.flush()
            place = {"meeting_id": meeting.id, "delegate_id": row.id, "point_id": where.lat_hall.id}
            tx.session.add(PersonCheck(**place, kind="in", how="list", at=tx.now))
    cookies = [await signed_in(services, person) for person in people]
    chair = await signed_in(services, where.chair)
    path = f"/api/meetings/{meeting.id}/ballots"
    acknowledged: set[int] = set()
    enough = asyncio.Event()

    async def vote(number: int) -> None:
        await asyncio.sleep(number * 0.05)
        line = Connection(deployment.url)
        await line.open()
        body = {"marks": MARKS[number % 3], "key": f"khoa-{number:04}"} | ({"code": f"{number:010}"} if secret else {})
        status, answer = await line.ask("POST", f"{path}/1/vote", cookies[number], json.dumps(body).encode())
        assert status == 200, answer
        acknowledged.add(number)
        if len(acknowledged) == 8:
            enough.set()

    async def killed() -> None:
        await enough.wait()
        deployment.kill()

    deployment.start()
    try:
        await deployment.ready()
        control = Connection(deployment.url)
        await control.open()
        put = json.dumps({"title": "A", "options": ["A", "B", "C"], "secret": secret, "quorum": "none"}).encode()
        assert (await control.ask("POST", path, chair, put))[0] == 201
        assert (await control.ask("POST", f"{path}/1/open", chair))[0] == 200
        await asyncio.gather(killed(), *(vote(number) for number in range(40)), return_exceptions=True)
        assert 8 <= len(acknowledged) < 40, len(acknowledged)
        async with services.database.read() as session:
            kept = len(list(await session.scalars(select(Vote.seat_id))))
        assert kept >= len(acknowledged)
        deployment.start()
        await deployment.ready()
        await asyncio.gather(*(vote(number) for number in range(40)))
        control = Connection(deployment.url)
        await control.open()
        status, closed = await control.ask("POST", f"{path}/1/close", chair)
        assert status == 200, closed
    finally:
        deployment.stop()
        await services.stop()
    expected = Counter(number % 3 for number in range(40))
    assert [each["total"] for each in closed["outcome"]["options"]] == [expected[place] for place in range(3)]
    assert closed["outcome"]["devices"] == 40
