"""Whose cookies requests bring, looked up together: what comes in while one look is under way shares the next.

A lone request is looked up at once. Each is answered from a look at the database that began after it came, so a session
that was revoked before is known to be. In a rush (a meeting begins, thousands scan a code), this is one query for
dozens of requests.
"""

import asyncio

from server.accounts.dependencies import noted
from server.accounts.queries import Recognised, recognise_all
from server.core.actor import Actor
from server.core.services import Services
from server.edge.dependencies import Recognise

_MOST = 500
"""Cookies of one look."""


class Recognition(Recognise):
    """One per application."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[Recognised | None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, services: Services, token: str | None) -> Actor | None:
        """The signed-in person or hall's device whose cookie this is, or None. Notes that the session is in use."""
        if not token:
            return None
        answer = self._asked.get(token)
        if answer is None:
            answer = self._asked[token] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(services))
        # Shielded: of two requests with one cookie, the second must not fall with the first.
        return await noted(services, await asyncio.shield(answer))

    async def _look(self, services: Services) -> None:
        try:
            while self._asked:
                asked = dict(list(self._asked.items())[:_MOST])
                for token in asked:
                    del self._asked[token]
                await self._answer(services, asked)
        finally:
            self._looking = None

    async def _answer(self, services: Services, asked: dict[str, asyncio.Future[Recognised | None]]) -> None:
        try:
            async with services.database.glance() as connection:
                found = await recognise_all(connection, list(asked), services.clock())
        except Exception as error:
            for answer in asked.values():
                answer.set_exception(error)
            return
        for token, answer in asked.items():
            answer.set_result(found.get(token))
