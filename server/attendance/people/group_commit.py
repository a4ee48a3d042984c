"""Check-ins are committed in groups: twelve thousand people who sit down within minutes cost a few commits, and as many
events to the sockets, a second."""

from collections.abc import Sequence

from sqlalchemy import select

from server.attendance.people.check_in import CheckInRequest, Taken, take
from server.core.actor import SYSTEM, Actor
from server.core.errors import NotFound
from server.core.group_commit import GroupCommit
from server.core.services import Services
from server.meetings.models import Meeting

PERIOD = 0.1
MOST = 1000
"""Delegates."""


class CheckInGroups:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._groups = GroupCommit(self._write, most=MOST, size=_delegates, period=PERIOD)
        """By meeting: several processes take turns by its row."""
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
        return await self._groups.put(meeting_id, request)

    async def _write(self, meeting_id: int, requests: Sequence[CheckInRequest]) -> Sequence[Taken | Exception]:
        async with self._services.transactions(_actor_of(requests)) as tx:
            return await take(tx, meeting_id, requests)


def _delegates(request: CheckInRequest) -> int:
    return len(request.delegate_ids or (0,))


def _actor_of(requests: Sequence[CheckInRequest]) -> Actor:
    """In whose name the event goes out: the one who asked, or nobody where several did."""
    return (
        requests[0].actor
        if len({(request.actor.person_id, request.actor.point_id) for request in requests}) == 1
        else SYSTEM
    )
