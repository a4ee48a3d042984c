"""Jobs: asked for in a transaction, done once, again after failures and crashes, never cut off in the middle."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from server.core import database
from server.core.actor import SYSTEM
from server.core.clock import utc_now
from server.core.services import Services
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import GiveUp, JobKind, Retry, Workers, beside
from tests import builders
from tests.conftest import Clock

Handle = Callable[[Services, Job], Awaitable[None]]


class Doing:
    """A kind whose handler notes what it was given and then does what the test says."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.given: list[dict[str, object]] = []
        self.lost: list[str] = []
        self.enough = asyncio.Event()
        self._outcomes = list(outcomes)

    async def handle(self, _services: Services, job: Job) -> None:
        self.given.append(dict(job.data))
        self.enough.set()
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if outcome is not None:
            raise outcome

    async def given_up(self, _services: Services, job: Job) -> None:
        self.lost.append(job.error)

    def kind(self, attempts: int = 4) -> JobKind:
        return JobKind("test.do", self.handle, attempts=attempts, first_pause=60, given_up=self.given_up)


async def ask(services: Services, data: dict[str, object], **options: object) -> Job:
    async with services.transactions(SYSTEM) as tx:
        return await enqueue(tx, "test.do", data, **options)  # type: ignore[arg-type]


async def jobs(services: Services) -> list[Job]:
    async with services.database.read() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def test_a_job_is_part_of_its_transaction(services: Services) -> None:
    doing = Doing()

    async def fail() -> None:
        async with services.transactions(SYSTEM) as tx:
            await enqueue(tx, "test.do", {"n": 1})
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await ask(services, {"n": 2})
    assert await Workers(services, [doing.kind()]).run_due() == 1
    assert doing.given == [{"n": 2}]
    assert await jobs(services) == []


async def test_it_is_taken_at_once_after_the_commit(services: Services) -> None:
    doing = Doing()
    async with beside([doing.kind()])(services):
        await asyncio.sleep(0.05)
        await ask(services, {"n": 1})
        async with asyncio.timeout(4):  # the next look by itself would come after five seconds
            await doing.enough.wait()


async def test_failures_are_tried_again_after_doubling_pauses(services: Services, clock: Clock) -> None:
    doing = Doing(Retry("busy"), ValueError("broken"), Retry("soon", after=timedelta(seconds=5)))
    workers = Workers(services, [doing.kind()])
    await ask(services, {})
    for pause, said in ((60, "busy"), (120, "ValueError: broken"), (5, "soon")):
        assert await workers.run_due() == 1
        (job,) = await jobs(services)
        assert (job.error, job.failed_at, job.taken_until) == (said, None, None)
        assert job.run_at - clock.now == timedelta(seconds=pause)
        clock.pass_(seconds=pause - 1)
        assert await workers.run_due() == 0
        clock.pass_(seconds=1)
    assert await workers.run_due() == 1
    assert await jobs(services) == []
    assert doing.lost == []


async def test_it_is_given_up_when_attempts_are_used_up_or_the_handler_says_so(
    services: Services, clock: Clock
) -> None:
    for doing, tries, said in (
        (Doing(Retry("one"), Retry("two")), 2, "two"),
        (Doing(GiveUp("not to be had")), 1, "not to be had"),
    ):
        workers = Workers(services, [doing.kind(attempts=2)])
        await ask(services, {}, subject="paper-1")
        for _ in range(tries):
            await workers.run_due()
            clock.pass_(hours=1)
        assert doing.lost == [said]
        (job,) = await jobs(services)
        assert job.failed_at is not None
        assert await workers.run_due() == 0

        await ask(services, {"again": True}, subject="paper-1")
        (again,) = await jobs(services)
        assert (again.id, again.failed_at, again.attempts, again.error) == (job.id, None, 0, "")
        assert await workers.run_due() == 1
        assert await jobs(services) == []


async def test_one_waiting_job_a_subject(services: Services, clock: Clock) -> None:
    first = await ask(services, {"n": 1}, subject="a", delay=timedelta(minutes=1))
    again = await ask(services, {"n": 2}, subject="a", delay=timedelta(minutes=9))
    await ask(services, {"n": 3}, subject="b")
    await ask(services, {"n": 4})
    await ask(services, {"n": 5})
    assert again.id == first.id
    doing = Doing()
    workers = Workers(services, [doing.kind()])
    assert await workers.run_due() == 3
    clock.pass_(minutes=1)  # the earlier of the two wishes counts
    assert await workers.run_due() == 1
    assert [each["n"] for each in doing.given] == [3, 4, 5, 2]


async def test_what_is_asked_while_it_is_in_hand_is_done_after_it(services: Services) -> None:
    started, go_on, both = asyncio.Event(), asyncio.Event(), asyncio.Event()
    seen: list[object] = []

    async def handle(_services: Services, job: Job) -> None:
        seen.append(job.data["n"])
        started.set()
        if len(seen) == 2:
            both.set()
        await go_on.wait()

    async with beside([JobKind("test.do", handle, parallel=3)])(services):
        await ask(services, {"n": 1}, subject="a")
        await started.wait()
        await ask(services, {"n": 2}, subject="a")
        await asyncio.sleep(0.1)
        assert seen == [1]  # never two of one subject at the same time, though there are hands
        go_on.set()
        await both.wait()
    assert seen == [1, 2]


async def test_as_many_at_once_as_there_are_hands(services: Services) -> None:
    now, most = 0, 0

    async def handle(_services: Services, _job: Job) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1

    for number in range(9):
        await ask(services, {"n": number})
    assert await Workers(services, [JobKind("test.do", handle, parallel=3)]).run_due() == 9
    assert most == 3


async def test_what_takes_long_is_overtaken(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.workers._POLL", 0.02)
    stuck, done = [], asyncio.Event()
    released = asyncio.Event()

    async def handle(_services: Services, job: Job) -> None:
        if job.data["stuck"]:
            stuck.append(job.id)
            await released.wait()
        else:
            done.set()

    kind = JobKind("test.do", handle, overtaken_after=timedelta(seconds=0.1))
    for _ in range(2):
        await ask(services, {"stuck": True})
    await ask(services, {"stuck": False})
    async with beside([kind])(services), asyncio.timeout(10):
        await done.wait()
        assert len(stuck) == 2
        for _ in range(2):
            await ask(services, {"stuck": True})
        await asyncio.sleep(0.5)
        assert len(stuck) == 3  # one hand, and two more at most
        released.set()


async def test_owners_take_turns_whoever_was_first_with_many(services: Services) -> None:
    done: list[str] = []

    async def handle(_services: Services, job: Job) -> None:
        done.append(job.data["n"])

    for name, owner in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("a4", "a"), ("b1", "b"), ("b2", "b"), ("c1", "c")):
        await ask(services, {"n": name}, owner=owner)
    workers = Workers(services, [JobKind("test.do", handle)])
    await workers.run_due()
    assert done == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]
    done.clear()
    for name, owner in (("a5", "a"), ("b3", "b")):
        await ask(services, {"n": name}, owner=owner)
    await workers.run_due()
    assert done == ["b3", "a5"]  # a was served last


async def test_ones_slow_heap_leaves_a_hand_to_others(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.workers._POLL", 0.02)
    stuck, done, released = [], asyncio.Event(), asyncio.Event()

    async def handle(_services: Services, job: Job) -> None:
        if job.owner == "a":
            stuck.append(job.id)
            await released.wait()
        else:
            done.set()

    for _ in range(5):
        await ask(services, {}, owner="a")
    async with beside([JobKind("test.do", handle, overtaken_after=timedelta(seconds=0.05))])(services):
        await asyncio.sleep(0.5)
        assert len(stuck) == 2
        await ask(services, {}, owner="b")
        async with asyncio.timeout(10):
            await done.wait()
        released.set()


async def test_the_job_of_a_dead_worker_is_taken_again_until_no_attempt_is_left(
    services: Services, clock: Clock
) -> None:
    doing = Doing()
    workers = Workers(services, [doing.kind(attempts=2)])
    await ask(services, {"n": 1})
    async with services.transactions(SYSTEM) as tx:  # a server took it, and was killed
        await tx.session.execute(update(Job).values(taken_until=tx.now + timedelta(seconds=30), attempts=1))
    assert await workers.run_due() == 0
    clock.pass_(seconds=31)
    assert await workers.run_due() == 1
    assert doing.given == [{"n": 1}]

    await ask(services, {"n": 2})
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Job).values(taken_until=tx.now - timedelta(seconds=1), attempts=2))
    assert await workers.run_due() == 0
    assert doing.given == [{"n": 1}]
    assert len(doing.lost) == 1
    (job,) = await jobs(services)
    assert job.failed_at is not None


async def test_who_lost_a_job_settles_nothing(services: Services, clock: Clock) -> None:
    async def handle(inner: Services, _job: Job) -> None:
        async with inner.transactions(SYSTEM) as tx:  # meanwhile another worker took it over
            await tx.session.execute(update(Job).values(attempts=2, taken_until=clock.now + timedelta(seconds=30)))

    await ask(services, {})
    await Workers(services, [JobKind("test.do", handle)]).run_due()
    (job,) = await jobs(services)
    assert (job.attempts, job.taken_until) == (2, clock.now + timedelta(seconds=30))


async def test_stopping_never_cuts_off_a_transaction(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.workers._GRACE", 0.05)
    inside, told = asyncio.Event(), []
    cancelled = False

    async def handle(inner: Services, _job: Job) -> None:
        nonlocal cancelled
        async with inner.transactions(SYSTEM) as tx:
            await builders.unit(tx.session, "A")
            tx.after_commit(lambda: told.append("committed"))
            inside.set()
            await asyncio.sleep(0.3)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled = True
            raise

    async with beside([JobKind("test.do", handle)])(services):
        await ask(services, {})
        await inside.wait()
    assert told == ["committed"]
    assert cancelled
    (job,) = await jobs(services)
    assert (job.attempts, job.taken_until) == (0, None)  # put back untried


async def test_a_short_job_ends_before_the_server_stops(services: Services) -> None:
    started = asyncio.Event()

    async def handle(_services: Services, _job: Job) -> None:
        started.set()
        await asyncio.sleep(0.1)

    async with beside([JobKind("test.do", handle)])(services):
        await ask(services, {})
        await started.wait()
    assert await jobs(services) == []


async def test_two_servers_share_the_work(services: Services) -> None:
    one, other = Doing(), Doing()
    for number in range(20):
        await ask(services, {"n": number})
    await asyncio.gather(*(Workers(services, [each.kind()]).run_due() for each in (one, other)))
    done = [each["n"] for each in one.given + other.given]
    assert sorted(map(str, done)) == sorted(map(str, range(20)))


@pytest.mark.parametrize("wrong_by", [timedelta(minutes=5), timedelta(minutes=-5)])
async def test_a_lease_goes_by_the_database_s_clock(
    services: Services, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
) -> None:
    """A machine whose clock is wrong takes nobody's job away, and holds none for longer than others."""
    if services.database.is_sqlite:
        pytest.skip("SQLite's processes are on one machine")
    truth = utc_now

    def wrong() -> datetime:
        return truth() + wrong_by

    monkeypatch.setattr(database, "utc_now", wrong)
    doing = Doing()
    here = replace(services, clock=wrong, transactions=copy.copy(services.transactions))
    here.transactions._clock = wrong
    job = await ask(services, {"n": 1})
    async with services.transactions(SYSTEM) as tx:
        held = {"run_at": truth() - timedelta(minutes=1), "attempts": 1}
        await tx.session.execute(update(Job).values(taken_until=truth() + timedelta(seconds=20), **held))
    workers = Workers(here, [doing.kind()])
    assert await workers.run_due() == 0
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Job).values(taken_until=truth() - timedelta(seconds=1)))
    taken: list[Job] = []

    async def look(_services: Services, _job: Job) -> None:
        taken.extend(await jobs(services))

    assert await Workers(here, [JobKind("test.do", look)]).run_due() == 1
    assert taken[0].id == job.id
    assert taken[0].taken_until is not None
    assert timedelta(seconds=20) < taken[0].taken_until - truth() <= timedelta(seconds=31)
