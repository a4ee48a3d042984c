"""Group commit: what comes in while one group is being written is the next group.

A lone request is written at once. In a rush one transaction carries all that came meanwhile, so thousands who come
within minutes cost some commits a second. Each is answered when its group is committed, and what is refused is refused
alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import DataError, IntegrityError

Key = TypeVar("Key", bound=Hashable)
Request = TypeVar("Request")
Answer = TypeVar("Answer")

Write = Callable[[Key, Sequence[Request]], Awaitable[Sequence[Answer | Exception]]]
"""Commits a group and answers each in its order; an Exception refuses that one alone. What it raises refuses all."""


def _one(_request: object) -> int:
    return 1


class GroupCommit(Generic[Key, Request, Answer]):
    """One per process and kind; several processes take turns by what their transactions lock.

    `most`: the sizes of a group's requests come to no more, unless one alone does; keeps its transaction short.
    `period`: seconds from the begin of one group to the next, what a rush adds to a request's delay at most.
    """

    def __init__(
        self,
        write: "Write[Key, Request, Answer]",
        *,
        most: int,
        size: Callable[[Request], int] = _one,
        period: float = 0.0,
    ) -> None:
        self._write = write
        self._most = most
        self._size = size
        self._period = period
        self._waiting: dict[Key, deque[tuple[Request, asyncio.Future[Answer]]]] = {}
        """A key is here while its writer runs."""
        self._writers: set[asyncio.Task[None]] = set()

    def put(self, key: Key, request: Request) -> asyncio.Future[Answer]:
        """Done once the request is committed; cancelled if its turn does not come any more. Groups are of one key."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        queue = self._waiting.get(key)
        if queue is None:
            self._waiting[key] = deque([(request, answer)])
            writer = asyncio.create_task(self._run(key))
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        else:
            queue.append((request, answer))
        return answer

    async def stop(self) -> None:
        """What is under way is written, and all that waits."""
        await asyncio.gather(*self._writers, return_exceptions=True)

    async def _run(self, key: Key) -> None:
        """Until nobody has waited for a whole period."""
        loop = asyncio.get_running_loop()
        queue = self._waiting[key]
        try:
            while queue:
                began = loop.time()
                await self._commit(key, self._next(queue))
                if self._period:
                    await asyncio.sleep(began + self._period - loop.time())
        finally:
            del self._waiting[key]
            for _, answer in queue:
                answer.cancel()

    def _next(
        self, queue: deque[tuple[Request, asyncio.Future[Answer]]]
    ) -> list[tuple[Request, asyncio.Future[Answer]]]:
        """The oldest that fit into one group; at least one."""
        group = [queue.popleft()]
        size = self._size(group[0][0])
        while queue and (size := size + self._size(queue[0][0])) <= self._most:
            group.append(queue.popleft())
        return group

    async def _commit(self, key: Key, group: Sequence[tuple[Request, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._write(key, [request for request, _ in group])
        except (IntegrityError, DataError) as error:
            if len(group) > 1:
                # A row that one of them spoke of went away meanwhile: the others must not suffer for it.
                for each in group:
                    await self._commit(key, [each])
                return
            answers = [error]
        except Exception as error:
            answers = [error] * len(group)
        except BaseException:  # the process ends
            for _, waiting in group:
                waiting.cancel()
            raise
        for (_, waiting), answer in zip(group, answers, strict=True):
            if waiting.done():  # whoever asked has gone
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
