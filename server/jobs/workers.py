"""Doing the work: each server process takes due jobs as long as it has free hands, and wakes when one is committed.

A worker holds a job by a lease that it renews. A process that dies lets it lapse, and the job is taken again, by this
server's next start or by another one beside it. `attempts` numbers the leases: who finds another number than its own
has lost the job and writes nothing.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, and_, delete, update

from server.core.actor import SYSTEM, Actor
from server.core.bus import Message
from server.core.database import clock_ahead
from server.core.services import Services
from server.core.transaction import Transaction, Transactions
from server.jobs.actions import TOPIC
from server.jobs.due import Turns, due, next_due
from server.jobs.models import Job

log = structlog.get_logger(__name__)

_POLL = 5.0
"""Seconds between looks into the table: for jobs of other processes, and lapsed ones."""
_OVERTAKEN_MAX = 2
"""Of one kind: each holds memory. The last of them is never its owner's who holds all the others."""
_LEASE = timedelta(seconds=30)
_RENEWED_EVERY = 10.0
_LONGEST_PAUSE = 3600.0
_GRACE = 3.0
"""Seconds that jobs under way have to end by themselves when the server stops; then they are put back."""


class Retry(Exception):
    """Did not work this time; says why. `after` overrides the doubling pause."""

    def __init__(self, message: str, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


class GiveUp(Exception):
    """Will never work; says why."""


@dataclass(frozen=True)
class JobKind:
    name: str
    handle: Callable[[Services, Job], Awaitable[None]]
    """Opens its own transactions. May run again after a crash: what it did before must not hurt. On shutdown it is
    cancelled, though never inside a transaction."""
    parallel: int | Callable[[Services], int] = 1
    """Hands for this kind, in each process."""
    overtaken_after: timedelta | None = None
    """A job that takes longer is overtaken: its hand no longer counts, and those that wait go on beside it."""
    attempts: int = 8
    first_pause: float = 60.0
    """Seconds before the second attempt; doubles each time, up to an hour."""
    given_up: Callable[[Services, Job], Awaitable[None]] | None = None
    """Told when no attempt is left, so that whatever waits for the job learns of it. `job.error` says why."""


def beside(kinds: Sequence[JobKind]) -> Callable[[Services], AbstractAsyncContextManager[None]]:
    """For `wiring.BESIDE`: workers of these kinds while the server is up."""

    @asynccontextmanager
    async def running(services: Services) -> AsyncIterator[None]:
        workers = Workers(services, kinds)
        await workers.start()
        try:
            yield
        finally:
            await workers.stop()

    return running


class Workers:
    def __init__(self, services: Services, kinds: Sequence[JobKind]) -> None:
        self._services = services
        self._kinds = {kind.name: kind for kind in kinds}
        self._hands = {
            kind.name: kind.parallel if isinstance(kind.parallel, int) else kind.parallel(services) for kind in kinds
        }
        self._wake = asyncio.Event()
        self._in_hand: dict[asyncio.Task[None], tuple[Job, _Watched]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._taking = asyncio.Lock()
        self._served: dict[str, int] = {}
        self._ahead = timedelta()
        """The database's clock of this one's: processes on several machines hold leases by the same."""

    async def start(self) -> None:
        self._unsubscribe = self._services.bus.subscribe(TOPIC, self._told)
        self._loop = asyncio.create_task(self._run(), name="job workers")

    async def stop(self) -> None:
        """Jobs under way get a moment to end; what is left is put back untried."""
        self._unsubscribe()
        if self._loop is not None:
            async with self._taking:
                self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=_GRACE)
        await asyncio.gather(*(self._interrupt(task) for task in tuple(self._in_hand)), return_exceptions=True)

    async def run_due(self) -> int:
        """Does everything that is due now, and what comes of it. Returns how many jobs that were (tests, tools)."""
        done = 0
        while True:
            await self._take_all()
            if not self._in_hand:
                return done
            done += len(self._in_hand)
            await asyncio.gather(*self._in_hand)

    def _told(self, message: Message) -> None:
        if message.get("kind") in self._kinds:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = _POLL
            try:
                pause = await self._take_all()
            except Exception:
                log.exception("jobs-not-taken")
            with contextlib.suppress(TimeoutError):
                # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with the wake-up.
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _take_all(self) -> float:
        """Starts every due job there is a free hand for. Returns the seconds until the next look is worth it."""
        async with self._services.database.read() as session:
            self._ahead = await clock_ahead(session)
            now = self._services.clock() + self._ahead
            next_at = await next_due(session, now)
        pause = _POLL
        for name, at in next_at.items():
            if name not in self._kinds or self._free(name) <= 0:
                continue
            if at > now:
                pause = min(pause, (at - now).total_seconds())
                continue
            # Held so that stopping never cuts off a taking that has committed already.
            async with self._taking:
                for job in await self._take(self._kinds[name], self._turns(name)):
                    self._begin(job)
        return max(pause, 0.01)

    def _free(self, name: str) -> int:
        begun = [watched.begun for job, watched in self._in_hand.values() if job.kind == name]
        patience = self._kinds[name].overtaken_after
        late = 0 if patience is None else sum(time.monotonic() - each > patience.total_seconds() for each in begun)
        return self._hands[name] - len(begun) + min(late, _OVERTAKEN_MAX)

    def _turns(self, name: str) -> Turns:
        held = Counter(job.owner for job, _ in self._in_hand.values() if job.kind == name)
        overtaking = self._kinds[name].overtaken_after is not None
        each = self._hands[name] + _OVERTAKEN_MAX - 1 if overtaking else self._hands[name]
        return Turns(self._free(name), held, each, self._served)

    async def _take(self, kind: JobKind, turns: Turns) -> list[Job]:
        """Leases due jobs as their owners' turns come; those whose attempts are used up (each ended by a crash) are
        given up."""
        taken, lost = [], []
        async with self._services.transactions(SYSTEM) as tx:
            for job in await due(tx, kind.name, turns, tx.now + self._ahead):
                if job.attempts >= kind.attempts:
                    job.failed_at = tx.now
                    job.taken_until = None
                    job.error = job.error or "the server ended while working on it"
                    lost.append(job)
                    continue
                job.attempts += 1
                job.taken_until = tx.now + self._ahead + _LEASE
                taken.append(job)
        for job in lost:
            await self._tell_given_up(kind, job)
        return taken

    def _begin(self, job: Job) -> None:
        watched = _Watched(self._services.transactions)
        task = asyncio.create_task(self._work(job, watched), name=f"job {job.kind} {job.subject or job.id}")
        self._in_hand[task] = (job, watched)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._in_hand.pop(task, None)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("job-not-settled", exc_info=error)

    async def _work(self, job: Job, watched: "_Watched") -> None:
        kind = self._kinds[job.kind]
        over = asyncio.Event()
        renewal = asyncio.create_task(self._renew(job, over))
        error: Exception | None = None
        try:
            await kind.handle(replace(self._services, transactions=watched), job)
        except asyncio.CancelledError:
            await self._settle(job, run_at=job.run_at, attempts=job.attempts - 1)
            raise
        except Exception as raised:
            error = raised
        finally:
            watched.hold()
            over.set()
            await renewal
        await self._conclude(kind, job, error)

    async def _conclude(self, kind: JobKind, job: Job, error: Exception | None) -> None:
        if error is None:
            async with self._services.transactions(SYSTEM) as tx:
                await tx.session.execute(delete(Job).where(_ours(job)))
            return
        if not isinstance(error, Retry | GiveUp):
            log.error("job-failed", kind=job.kind, subject=job.subject, attempt=job.attempts, exc_info=error)
        if isinstance(error, GiveUp) or job.attempts >= kind.attempts:
            job.error = _said(error)
            log.error("job-given-up", kind=job.kind, subject=job.subject, attempts=job.attempts, error=job.error)
            if await self._settle(job, failed_at=self._services.clock(), error=job.error):
                await self._tell_given_up(kind, job)
            return
        pause = error.after if isinstance(error, Retry) and error.after is not None else _pause(kind, job)
        await self._settle(job, run_at=self._services.clock() + self._ahead + pause, error=_said(error))

    async def _tell_given_up(self, kind: JobKind, job: Job) -> None:
        if kind.given_up is not None:
            try:
                await kind.given_up(self._services, job)
            except Exception:
                log.exception("job-given-up-not-told", kind=job.kind, subject=job.subject)

    async def _settle(self, job: Job, **values: object) -> bool:
        """Lets go of the job. False if it was lost to another worker before."""
        async with self._services.transactions(SYSTEM) as tx:
            released = update(Job).where(_ours(job)).values(taken_until=None, **values).returning(Job.id)
            return await tx.session.scalar(released) is not None

    async def _renew(self, job: Job, over: asyncio.Event) -> None:
        """Until the job is over; never cancelled, as it writes."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RENEWED_EVERY):
                    await over.wait()
                return
            try:
                async with self._services.transactions(SYSTEM) as tx:
                    until = tx.now + self._ahead + _LEASE
                    await tx.session.execute(update(Job).where(_ours(job)).values(taken_until=until))
            except Exception:
                log.exception("job-lease-not-renewed", kind=job.kind, subject=job.subject)

    async def _interrupt(self, task: asyncio.Task[None]) -> None:
        """Cancels the job as soon as it has no transaction open; one that is about to be settled just ends."""
        held = self._in_hand.get(task)
        while held is not None and not task.done():
            watched = held[1]
            if watched.held:
                await asyncio.wait([task])
            elif watched.idle.is_set():
                task.cancel()
                await asyncio.wait([task])
            else:
                await asyncio.wait([task, asyncio.create_task(watched.idle.wait())], return_when="FIRST_COMPLETED")


class _Watched(Transactions):
    """The same transactions, and whether any of them is open: a commit must not be cut off from its events."""

    def __init__(self, inner: Transactions) -> None:
        self._inner = inner
        self.audit_key = inner.audit_key
        self.begun = time.monotonic()
        self._open_now = 0
        self.idle = asyncio.Event()
        self.idle.set()
        self.held = False

    def hold(self) -> None:
        """From here on nothing is to be cut off."""
        self.held = True

    @asynccontextmanager
    async def __call__(self, actor: Actor, *, long: bool = False) -> AsyncIterator[Transaction]:
        self._open_now += 1
        self.idle.clear()
        try:
            async with self._inner(actor, long=long) as transaction:
                yield transaction
        finally:
            self._open_now -= 1
            if self._open_now == 0:
                self.idle.set()


def _pause(kind: JobKind, job: Job) -> timedelta:
    return timedelta(seconds=min(kind.first_pause * 2.0 ** (job.attempts - 1), _LONGEST_PAUSE))


def _said(error: Exception) -> str:
    text = str(error) if isinstance(error, Retry | GiveUp) else f"{type(error).__name__}: {error}"
    return text.replace("\0", "")[:2000]


def _ours(job: Job) -> ColumnElement[bool]:
    return and_(Job.id == job.id, Job.attempts == job.attempts, Job.taken_until.is_not(None))
