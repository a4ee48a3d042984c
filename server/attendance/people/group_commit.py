"""Group commit of check-ins: what comes in while one group is being written is the next group.

A lone request is written at once. In a rush, a transaction every `PERIOD` seconds carries all that came meanwhile, with
one event to the sockets, so twelve thousand people who sit down within minutes cost a few commits and events a second.
A request is answered when its group is committed, and one that is refused is refused alone.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from server.attendance.people.check_in import CheckInRequest, Taken, take
from server.core.actor import SYSTEM, Actor
from server.core.errors import NotFound
from server.core.services import Services
from server.meetings.models import Meeting

PERIOD = 0.1
"""Seconds from the begin of one group to the next: what a rush adds to a request's delay, at most."""
MOST = 1000
"""Delegates of one group; keeps its transaction short."""


@dataclass(slots=True)
class _Waiting:
    request: CheckInRequest
    answer: asyncio.Future[Taken]

    @property
    def size(self) -> int:
        return len(self.request.delegate_ids or (0,))


class CheckInGroups:
    """One per process. Several processes take turns by the meeting's row in the database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: dict[int, deque[_Waiting]] = {}
        """By meeting; a meeting is here while its writer runs."""
        self._writers: set[asyncio.Task[None]] = set()
        self._meeting_of: dict[str, int] = {}
        """By public code; `take` compares the code with the meeting's."""

    async def meeting_of(self, code: str) -> int:
        """The meeting of a public code. NotFound."""
        if code not in self._meeting_of:
            async with self._services.database.read() as session:
                found = await session.scalar(select(Meeting.id).where(Meeting.public_code == code))
            if found is None:
                raise NotFound()
            self._meeting_of[code] = found
        return self._meeting_of[code]

    async def take(self, meeting_id: int, request: CheckInRequest) -> Taken:
        """Returns once the request is committed. Raises why it was refused."""
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        if meeting_id in self._waiting:
            self._waiting[meeting_id].append(waiting)
        else:
            self._waiting[meeting_id] = deque([waiting])
            writer = asyncio.create_task(self._write(meeting_id))
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await waiting.answer

    async def _write(self, meeting_id: int) -> None:
        """Until nobody has waited for a whole period."""
        loop = asyncio.get_running_loop()
        queue = self._waiting[meeting_id]
        try:
            while queue:
                began = loop.time()
                await self._commit(meeting_id, _next(queue))
                await asyncio.sleep(began + PERIOD - loop.time())
        finally:
            del self._waiting[meeting_id]
            for waiting in queue:
                waiting.answer.cancel()

    async def _commit(self, meeting_id: int, group: Sequence[_Waiting]) -> None:
        requests = [waiting.request for waiting in group]
        answers: Sequence[Taken | BaseException]
        try:
            async with self._services.transactions(_actor_of(requests)) as tx:
                answers = await take(tx, meeting_id, requests)
        except (IntegrityError, DataError) as error:
            # A row that a request spoke of went away meanwhile: the others must not suffer for it.
            if len(group) > 1:
                for waiting in group:
                    await self._commit(meeting_id, [waiting])
                return
            answers = [error]
        except Exception as error:
            answers = [error] * len(group)
        for waiting, answer in zip(group, answers, strict=True):
            if waiting.answer.done():  # whoever asked has gone
                continue
            if isinstance(answer, BaseException):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)


def _next(queue: deque[_Waiting]) -> list[_Waiting]:
    """The oldest that fit into one group; at least one."""
    group = [queue.popleft()]
    size = group[0].size
    while queue and size + queue[0].size <= MOST:
        size += queue[0].size
        group.append(queue.popleft())
    return group


def _actor_of(requests: Sequence[CheckInRequest]) -> Actor:
    """In whose name the event goes out: the one who asked, or nobody where several did."""
    return (
        requests[0].actor
        if len({(request.actor.person_id, request.actor.point_id) for request in requests}) == 1
        else SYSTEM
    )
