"""Halls that come in at the same moment come in together: what arrives while one transaction is under way is the next.

After a restart a hundred and sixty halls are back within a second, among twelve thousand devices. One transaction for
each, one behind the other, and each waiting for the disk with a busy event loop in between, took the last of them a
quarter of a minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.conference.presence import join, join_together
from server.core.actor import SYSTEM, Actor
from server.core.errors import NotAllowed
from server.core.group_commit import GroupCommit
from server.core.services import Services

MOST = 500
"""Halls."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    point_id: int
    actor: Actor


class GroupJoin:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._groups = GroupCommit(self._write, most=MOST)
        """By meeting."""

    async def __call__(self, meeting_id: int, point_id: int, actor: Actor) -> None:
        """Returns once it is committed that the hall is in. Raises what `presence.join` raises."""
        await self._groups.put(meeting_id, _Arrival(point_id, actor))

    async def stop(self) -> None:
        """Those under way end; they write."""
        await self._groups.stop()

    async def _write(self, meeting_id: int, arrivals: Sequence[_Arrival]) -> Sequence[Exception | None]:
        if len(arrivals) == 1:
            async with self._services.transactions(arrivals[0].actor) as tx:
                await join(tx, meeting_id, [arrivals[0].point_id])
            return [None]
        async with self._services.transactions(SYSTEM) as tx:
            refused = await join_together(tx, meeting_id, {each.point_id: each.actor for each in arrivals})
        return [NotAllowed() if each.point_id in refused else None for each in arrivals]
