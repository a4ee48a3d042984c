"""12,000 people check in at 161 halls while 200 consoles watch the totals.

The server runs as in production, on a database with the demo province and 12,000 delegates; the consoles are real
sockets in a process of their own. Two runs, each over all 12,000 people, in a meeting of its own:

1. *Open loop*: they come at a fixed mean rate (default 200 a second: everybody within one minute, ten times a real
   rush), at random times (Poisson), whether or not the server keeps up. A check-in's delay counts from the moment it
   was due, so waiting for an earlier one counts too. Gives `checkin_p50_ms`, `checkin_p99_ms`, `consoles_lag_p99_ms`.
2. *Closed loop*: each of the 161 halls sends its next request when the last is answered. Gives `checkins_per_s`, what
   the server can take.

What requests say: `arrivals`. Afterwards the totals are compared at every console, in the database and with the people
who came.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import func, insert, select

from media.bots.light.lines import Lines
from server.accounts.actions.sessions import open_session
from server.accounts.models import Person, RoleGrant, SignInSession
from server.accounts.tokens import new_token, token_hash
from server.attendance.models import PersonCheck
from server.attendance.people import totals as turnout
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from server.core.transaction import Transaction
from server.demo.load import conference, load
from server.invitations.codes import hall_code, hall_secret
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.migrations import upgrade
from server.organisations.models import BridgePoint
from server.wiring import components
from tests.deployment import Deployment
from tests.load.arrivals import Arrival, Guest, Hall, Wire, arrivals
from tests.load.bench_halls import quantile
from tests.load.machine import warn_if_busy


@dataclass
class Gathering:
    """One meeting that people come to."""

    meeting_id: int
    public_code: str
    halls: list[Hall]


async def prepare(services: Services, people: int, consoles: int) -> tuple[list[Gathering], list[str]]:
    """The demo's running conference, and a second one over the same halls with the same delegates; and a cookie for
    each console, which are different people's: one person has only so many sockets."""
    await load(services)
    async with services.transactions(SYSTEM) as tx:
        first = await conference(tx.session)
        points = await _points(tx, first.id)
        guests = await _people(tx, points, people)
        second = await _again(tx, first, points)
        secretaries = await _secretaries(tx, points)
        cookies = {
            person_id: await open_session(tx, services.settings, person_id=person_id, point_id=None, user_agent="bench")
            for person_id in set(secretaries.values())
        }
        operators = list(guests)[:consoles]
        grants = [{"person_id": each, "unit_id": first.unit_id, "role": Role.OPERATOR} for each in operators]
        await tx.session.execute(insert(RoleGrant), grants)
        return [
            await _gathering(
                tx, meeting, [Hall(point_id, cookies[secretaries[point_id]]) for point_id in points], guests
            )
            for meeting in (first, second)
        ], [guests[each][1] for each in operators]


async def _points(tx: Transaction, meeting_id: int) -> dict[int, int]:
    """Member points, with their units."""
    rows = await tx.session.execute(
        select(MemberPoint.point_id, BridgePoint.unit_id)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .where(MemberPoint.meeting_id == meeting_id)
    )
    return dict(rows.all())


async def _people(tx: Transaction, points: dict[int, int], count: int) -> dict[int, tuple[int, str]]:
    """New people spread over the halls, each with a session: person -> (hall, cookie)."""
    first = (await tx.session.scalar(select(func.max(Person.id))) or 0) + 1
    halls = list(points)
    where = {first + number: halls[number % len(halls)] for number in range(count)}
    cookies = {person_id: new_token() for person_id in where}
    names = ({"id": each, "full_name": f"Đại biểu {each}", "search_name": f"dai bieu {each}"} for each in where)
    await tx.session.execute(insert(Person), [{**name, "unit_id": points[where[name["id"]]]} for name in names])  # type: ignore[index]
    session = {
        "scoped": False,
        "created_at": tx.now,
        "last_seen_at": tx.now,
        "expires_at": tx.now + timedelta(days=1),
        "user_agent": "bench",
    }
    await tx.session.execute(
        insert(SignInSession),
        [{**session, "person_id": each, "token_hash": token_hash(cookie)} for each, cookie in cookies.items()],
    )
    return {person_id: (point_id, cookies[person_id]) for person_id, point_id in where.items()}


async def _again(tx: Transaction, first: Meeting, points: dict[int, int]) -> Meeting:
    copied = ("unit_id", "kind", "starts_at", "ends_at", "main_point_id", "chair_id", "created_by", "created_at")
    second = Meeting(
        title="Hội nghị thứ hai", state="running", started_at=tx.now, **{name: getattr(first, name) for name in copied}
    )
    tx.session.add(second)
    await tx.session.flush()
    tx.session.add_all(MemberPoint(meeting_id=second.id, point_id=point_id) for point_id in points)
    return second


async def _secretaries(tx: Transaction, points: dict[int, int]) -> dict[int, int]:
    """The hall's own, or the technician of the main hall, which has no secretary."""
    rows = await tx.session.execute(
        select(RoleGrant.unit_id, RoleGrant.person_id)
        .where(RoleGrant.role.in_((Role.TECHNICIAN, Role.HALL_SECRETARY)))
        .order_by(RoleGrant.role.desc())
    )
    of_unit: dict[int, int] = dict(rows.all())
    return {point_id: of_unit[unit_id] for point_id, unit_id in points.items()}


async def _gathering(
    tx: Transaction, meeting: Meeting, halls: list[Hall], guests: dict[int, tuple[int, str]]
) -> Gathering:
    rows = [
        {"meeting_id": meeting.id, "person_id": person_id, "point_id": point_id, "added_at": tx.now}
        for person_id, (point_id, _) in guests.items()
    ]
    await tx.session.execute(insert(Delegate), rows)
    by_id = {hall.point_id: hall for hall in halls}
    listed = await tx.session.execute(
        select(Delegate.id, Delegate.person_id).where(
            Delegate.meeting_id == meeting.id, Delegate.person_id.in_(select(Person.id)), Delegate.source == "typed"
        )
    )
    for delegate_id, person_id in listed:
        if person_id in guests:
            point_id, cookie = guests[person_id]
            by_id[point_id].guests.append(Guest(delegate_id, cookie))
    return Gathering(meeting.id, meeting.public_code, halls)


async def open_loop(wires: dict[int, Wire], coming: Sequence[Arrival], rate: float) -> None:
    """`rate`: people a second."""
    workers = asyncio.gather(*(wire.work() for wire in wires.values()))
    dice = random.Random(7)
    requests = rate * len(coming) / sum(len(each.guests) for each in coming)
    due = time.monotonic()
    for arrival in coming:
        due += dice.expovariate(requests)
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        wires[arrival.hall.point_id].post(arrival, due)
    for wire in wires.values():
        wire.finish()
    await workers


async def closed_loop(wires: dict[int, Wire], coming: Sequence[Arrival]) -> None:
    async def one(wire: Wire, own: list[Arrival]) -> None:
        for arrival in own:
            await wire.send(arrival, time.monotonic())

    await asyncio.gather(
        *(one(wire, [each for each in coming if each.hall.point_id == point_id]) for point_id, wire in wires.items())
    )


@dataclass
class Outcome:
    seconds: float
    cpu: float
    """Processor seconds of the server."""
    delays: list[float]
    lags: list[float]
    lost: int


async def gather(
    deployment: Deployment, services: Services, held: Gathering, consoles: list[str], *, rate: float
) -> Outcome:
    """Everybody comes to one meeting. `rate` 0: as fast as answers come."""
    coming = arrivals(held.halls)
    people = sum(len(each.guests) for each in coming)
    wires = {hall.point_id: Wire(deployment.url, held.meeting_id, held.public_code) for hall in held.halls}
    await asyncio.gather(*(wire.open() for wire in wires.values()))
    screens = asyncio.create_task(_show_codes(services, held))
    await asyncio.sleep(0)
    async with Lines(sys.executable, "-m", "tests.load.consoles") as watchers:
        watchers.send(server=deployment.url, meeting=held.meeting_id, cookies=consoles)
        await watchers.expect(120, event="ready")
        began, cpu = time.monotonic(), deployment.cpu_seconds()
        await (open_loop(wires, coming, rate) if rate else closed_loop(wires, coming))
        seconds, used = time.monotonic() - began, deployment.cpu_seconds() - cpu
        await asyncio.sleep(2)
        watchers.send(cmd="report")
        report = await watchers.expect(60, event="report")
    screens.cancel()
    await asyncio.gather(*(wire.close() for wire in wires.values()))
    for refused in [text for wire in wires.values() for text in wire.refused][:5]:
        print(f"refused: {refused}")
    lost = people - await _exact(services, held.meeting_id, report["totals"], people)
    return Outcome(seconds, used, [delay for wire in wires.values() for delay in wire.delays], report["delays"], lost)


async def _show_codes(services: Services, held: Gathering) -> None:
    """As the halls' screens do."""
    secret = hall_secret(services.settings)
    while True:
        for hall in held.halls:
            hall.scanned = hall_code(secret, held.meeting_id, hall.point_id, services.clock())
        await asyncio.sleep(10)


async def _exact(services: Services, meeting_id: int, totals: list[dict[str, Any]], people: int) -> int:
    """How many the log holds. Fails if a console or the log's own count says anything else."""
    async with services.database.read() as session:
        counted = (await turnout.load(session, await session.get_one(Meeting, meeting_id))).total()
        logged = await session.scalar(
            select(func.count(func.distinct(PersonCheck.delegate_id))).where(PersonCheck.meeting_id == meeting_id)
        )
        entries = await session.scalar(select(func.count()).where(PersonCheck.meeting_id == meeting_id))
    assert entries == logged == people, f"{entries} entries of {logged} people; {people} came"
    assert counted.present == people
    shown = {total["present"] for total in totals}
    assert shown == {people}, f"consoles show {shown}"
    return int(logged or 0)


async def run(arguments: argparse.Namespace) -> None:
    warn_if_busy()
    with tempfile.TemporaryDirectory(prefix="nhipcau-checkin-") as folder:
        deployment = Deployment(Path(folder) / "var")
        if arguments.database:
            deployment.environment["NHIPCAU_DATABASE_URL"] = arguments.database
        deployment.var.mkdir(parents=True)
        settings = deployment.settings.model_copy(update={"database_url": arguments.database})
        await asyncio.to_thread(upgrade, settings.database)
        services = Services.start(settings, components())
        (rush, flood), consoles = await prepare(services, arguments.people, arguments.consoles)
        deployment.start()
        try:
            await deployment.ready()
            calm = await gather(deployment, services, rush, consoles, rate=arguments.rate)
            most = await gather(deployment, services, flood, consoles, rate=0)
        finally:
            if arguments.log:
                print(deployment.tail(20_000))
            deployment.stop()
            await services.stop()
    print(
        f"{arguments.people} people at {arguments.rate:.0f}/s (open loop), "
        f"{arguments.consoles} consoles: server took {calm.cpu / calm.seconds:.2f} cores"
    )
    print(f"BENCH checkin_p50_ms={quantile(calm.delays, 0.5) * 1000:.0f} ms")
    print(f"BENCH checkin_p99_ms={quantile(calm.delays, 0.99) * 1000:.0f} ms")
    print(f"BENCH checkin_max_ms={max(calm.delays) * 1000:.0f} ms")
    print(f"BENCH consoles_lag_p50_ms={quantile(calm.lags, 0.5) * 1000:.0f} ms")
    print(f"BENCH consoles_lag_p99_ms={quantile(calm.lags, 0.99) * 1000:.0f} ms")
    print(f"{len(rush.halls)} halls at once, each waiting for its answer (closed loop):")
    print(f"BENCH checkins_per_s={arguments.people / most.seconds:.0f}")
    print(f"BENCH checkins_cpu_ms={most.cpu / arguments.people * 1000:.2f} ms")
    print(f"BENCH checkins_flood_p99_ms={quantile(most.delays, 0.99) * 1000:.0f} ms")
    print(f"BENCH lost={calm.lost + most.lost}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=12_000)
    parser.add_argument("--consoles", type=int, default=200)
    parser.add_argument("--rate", type=float, default=200, help="people a second in the open loop")
    parser.add_argument("--database", help="a PostgreSQL URL of an empty database; default: SQLite")
    parser.add_argument("--log", action="store_true", help="print the end of the server's log")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
