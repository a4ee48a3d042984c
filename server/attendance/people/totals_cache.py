"""What the last transaction that noted people left behind, so that the next one need not count twelve thousand again.

Good only if nothing has changed since, which the meeting's revision says (`TurnoutState`): whoever changes a totals,
in whichever process, makes it grow.
"""

from collections import OrderedDict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.models import TurnoutState
from server.attendance.people import totals
from server.attendance.people.totals import Phase, Turnout
from server.core.transaction import Transaction
from server.core.upserts import count_up
from server.meetings.models import Meeting

_MOST = 100

_Stamp = tuple[int | None, Phase]
"""Revision, and where the meeting stands."""


async def bump(session: AsyncSession, meeting_id: int) -> None:
    """The turnout has changed."""
    await count_up(session, TurnoutState, {"meeting_id": meeting_id}, revision=1)


class TotalsCache:
    """One per application: whoever changes a list or notes people counts on from the same. The caller of all of this
    holds the meeting's lock."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[_Stamp, Turnout]] = OrderedDict()

    async def recall(self, tx: Transaction, meeting: Meeting) -> Turnout:
        """As it stood before this transaction changed any list or check. Remembered no longer: the caller changes it
        along with the rows. Counted anew, it is counted beside the event loop."""
        stamp, known = self._known.pop(meeting.id, (None, None))
        if (
            known is not None
            and stamp == await _stamp(tx, meeting)
            and known.members == await totals.member_points(tx.session, meeting.id)
        ):
            return known
        meeting_id, phase = meeting.id, Phase.of(meeting)
        return await tx.database.beside(lambda session: totals.load_as_of(session, meeting_id, phase))

    async def keep(self, tx: Transaction, meeting: Meeting, now: Turnout) -> None:
        """Remembers it, if the transaction is committed."""
        remembered = await _stamp(tx, meeting), now
        tx.after_commit(lambda: self._remember(meeting.id, remembered))

    def _remember(self, meeting_id: int, remembered: tuple[_Stamp, Turnout]) -> None:
        self._known[meeting_id] = remembered
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


async def _stamp(tx: Transaction, meeting: Meeting) -> _Stamp:
    revision = await tx.session.scalar(select(TurnoutState.revision).where(TurnoutState.meeting_id == meeting.id))
    return revision, Phase.of(meeting)
