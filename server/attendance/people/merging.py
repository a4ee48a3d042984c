"""Attendance of two records that are one person (`accounts.hooks`)."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.models import PersonCheck, TurnoutState
from server.core.transaction import Transaction
from server.meetings.models import Delegate


async def person_uses(session: AsyncSession, person_id: int) -> dict[str, int]:
    """Check-ins."""
    own = select(Delegate.id).where(Delegate.person_id == person_id)
    counted = select(func.count()).select_from(PersonCheck).where(PersonCheck.delegate_id.in_(own))
    return {"checks": await session.scalar(counted) or 0}


async def person_merged(tx: Transaction, kept: int) -> None:
    """What was counted of the person's meetings is counted anew when it is asked for."""
    theirs = select(Delegate.meeting_id).where(Delegate.person_id == kept)
    await tx.session.execute(
        update(TurnoutState)
        .where(TurnoutState.meeting_id.in_(theirs))
        .values(revision=TurnoutState.revision + 1)
        .execution_options(synchronize_session=False)
    )
