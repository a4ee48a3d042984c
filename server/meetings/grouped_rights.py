"""What many people may do in a meeting, asked together: who comes while one look is under way shares the next.

When a conference comes back after a restart, thousands enter within seconds. A lone one is looked up at once and alone;
of a crowd, five queries answer for hundreds. Each is answered from a look at the database that began after it came.
"""

import asyncio

from server.core.actor import Actor
from server.core.database import Database
from server.core.errors import NotFound
from server.meetings.models import Meeting
from server.meetings.rights import MeetingRights, meeting_rights, rights_of

_MOST = 300
"""People of one look."""
_ALONE = 3
"""So few are cheaper one by one: together, all halls of the meeting are read for them."""

_Asked = tuple[Actor, asyncio.Future[MeetingRights]]


class GroupedRights:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: dict[int, list[_Asked]] = {}
        """By meeting."""
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, meeting_id: int, actor: Actor) -> MeetingRights:
        """NotFound both for what is not there and for what the actor may not see."""
        answer: asyncio.Future[MeetingRights] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(meeting_id, []).append((actor, answer))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        rights = await answer
        if not rights.view:
            raise NotFound()
        return rights

    async def _look(self) -> None:
        try:
            while self._asked:
                meeting_id, asked = next(iter(self._asked.items()))
                some, rest = asked[:_MOST], asked[_MOST:]
                del self._asked[meeting_id]
                if rest:
                    self._asked[meeting_id] = rest
                await self._answer(meeting_id, some)
        finally:
            self._looking = None

    async def _answer(self, meeting_id: int, asked: list[_Asked]) -> None:
        actors = [actor for actor, _ in asked]
        try:
            async with self._database.read() as session:
                meeting = await session.get(Meeting, meeting_id)
                if meeting is None:
                    found = [MeetingRights() for _ in actors]
                elif len(actors) <= _ALONE:
                    found = [await meeting_rights(session, meeting, actor) for actor in actors]
                else:
                    found = await rights_of(session, meeting, actors)
        except Exception as error:
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), rights in zip(asked, found, strict=True):
            if not answer.done():  # whoever asked may have gone
                answer.set_result(rights)
