"""Halls that come in at the same moment come in together: what arrives while one transaction is under way is the next.

After a restart a hundred and sixty halls are back within a second, among twelve thousand devices. One transaction for
each, one behind the other, and each waiting for the disk with a busy event loop in between, took the last of them a
quarter of a minute.
"""

import asyncio
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from server.conference.presence import join, join_together
from server.core.actor import SYSTEM, Actor
from server.core.errors import NotAllowed
from server.core.services import Services


@dataclass(frozen=True, slots=True)
class _Waiting:
    point_id: int
    actor: Actor
    answer: asyncio.Future[None]


class GroupJoin:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: dict[int, list[_Waiting]] = {}
        """By meeting."""
        self._writers: dict[int, asyncio.Task[None]] = {}

    async def __call__(self, meeting_id: int, point_id: int, actor: Actor) -> None:
        """Returns once it is committed that the hall is in. Raises what `presence.join` raises."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(meeting_id, []).append(_Waiting(point_id, actor, answer))
        if meeting_id not in self._writers:
            self._writers[meeting_id] = asyncio.create_task(self._write(meeting_id))
        await answer

    async def stop(self) -> None:
        """Those under way end; they write."""
        await asyncio.gather(*self._writers.values(), return_exceptions=True)

    async def _write(self, meeting_id: int) -> None:
        try:
            while group := self._waiting.pop(meeting_id, []):
                await self._commit(meeting_id, group)
        finally:
            del self._writers[meeting_id]

    async def _commit(self, meeting_id: int, group: list[_Waiting]) -> None:
        problems: dict[int, Exception] = {}
        try:
            if len(group) == 1:
                async with self._services.transactions(group[0].actor) as tx:
                    await join(tx, meeting_id, [group[0].point_id])
            else:
                async with self._services.transactions(SYSTEM) as tx:
                    refused = await join_together(tx, meeting_id, {each.point_id: each.actor for each in group})
                problems = {point_id: NotAllowed() for point_id in refused}
        except Exception as error:
            if isinstance(error, DBAPIError) and len(group) > 1:
                # Something about one of them: the others must not suffer for it.
                for each in group:
                    await self._commit(meeting_id, [each])
                return
            problems = {each.point_id: error for each in group}
        for each in group:
            if each.answer.done():  # whoever asked has gone
                continue
            if each.point_id in problems:
                each.answer.set_exception(problems[each.point_id])
            else:
                each.answer.set_result(None)
