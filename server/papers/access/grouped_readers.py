"""Who may read a version, asked together: who comes while one look is under way shares the next.

A page is turned, and twelve thousand devices ask for its picture within a second. A lone one is looked up at once and
alone; of a crowd, some queries answer for hundreds. Each is answered from a look at the database that began after it
came, so a paper that was recalled before is known to be.
"""

import asyncio

from server.core.actor import Actor
from server.core.errors import DomainError
from server.core.services import Services
from server.papers.access.rights import readable_version, version_for_each
from server.papers.models import PaperVersion

_MOST = 300
"""Readers of one look: some milliseconds."""
_ALONE = 3
"""So few are cheaper one by one."""

_Asked = tuple[Actor, asyncio.Future[PaperVersion]]


class GroupedReaders:
    """One per application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._asked: dict[int, list[_Asked]] = {}
        """By version."""
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, version_id: int, actor: Actor) -> PaperVersion:
        """As `readable_version`, and raises what it raises."""
        answer: asyncio.Future[PaperVersion] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(version_id, []).append((actor, answer))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return await answer

    async def _look(self) -> None:
        try:
            while self._asked:
                version_id, asked = next(iter(self._asked.items()))
                some, rest = asked[:_MOST], asked[_MOST:]
                del self._asked[version_id]
                if rest:
                    # Behind the other versions: each of them gets its turn.
                    self._asked[version_id] = rest
                await self._answer(version_id, some)
        finally:
            self._looking = None

    async def _answer(self, version_id: int, asked: list[_Asked]) -> None:
        actors = [actor for actor, _ in asked]
        found: list[PaperVersion | Exception]
        try:
            found = await self._found(version_id, actors)
        except Exception as error:
            found = [error] * len(asked)
        for (_, answer), each in zip(asked, found, strict=True):
            if answer.done():  # whoever asked has gone
                continue
            if isinstance(each, Exception):
                answer.set_exception(each)
            else:
                answer.set_result(each)

    async def _found(self, version_id: int, actors: list[Actor]) -> list[PaperVersion | Exception]:
        now = self._services.clock()
        found: list[PaperVersion | Exception] = []
        async with self._services.database.read() as session:
            if len(actors) > _ALONE:
                version, refusals = await version_for_each(session, version_id, actors, now)
                return [refusal or version for refusal in refusals]
            for actor in actors:
                try:
                    found.append((await readable_version(session, version_id, actor, now))[0])
                except DomainError as refusal:
                    found.append(refusal)
        return found
