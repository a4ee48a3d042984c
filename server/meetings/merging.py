"""What becomes of meetings when two records are found to be one person (`accounts.hooks`)."""

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.core.errors import Conflict
from server.core.references import stand_in
from server.core.transaction import Transaction
from server.meetings.models import AgendaItem, Delegate, Meeting


class MeetingUnderWay(Conflict):
    code = "meeting-under-way"
    vi = "Một trong hai người đang có mặt trong cuộc họp đang mở. Đợi cuộc họp kết thúc rồi gộp."
    en = "One of the two has a part in a meeting that is open now. Wait until it is over, then merge."


async def person_uses(session: AsyncSession, person_id: int) -> dict[str, int]:
    """Meetings led or kept, agenda items presented, lists of delegates."""
    leads = or_(Meeting.chair_id == person_id, Meeting.secretary_id == person_id)
    return {
        "leads": await session.scalar(select(func.count()).select_from(Meeting).where(leads)) or 0,
        "presents": await session.scalar(
            select(func.count()).select_from(AgendaItem).where(AgendaItem.presenter_id == person_id)
        )
        or 0,
        "lists": await session.scalar(select(func.count()).select_from(Delegate).where(Delegate.person_id == person_id))
        or 0,
    }


async def person_merging(tx: Transaction, gone: int, kept: int) -> None:
    """Twice on one list becomes once, with all that was noted of either. MeetingUnderWay, with the meetings' ids."""
    await _none_under_way(tx, (gone, kept))
    theirs = aliased(Delegate)
    rows = await tx.session.execute(
        select(Delegate, theirs)
        .join(theirs, theirs.meeting_id == Delegate.meeting_id)
        .where(Delegate.person_id == kept, theirs.person_id == gone)
    )
    for ours, other in rows.all():
        if ours.removed_at is not None and other.removed_at is None:
            # The one that counts is where they are expected.
            for name in ("point_id", "role", "substitutes_id", "position", "removed_at"):
                setattr(ours, name, getattr(other, name))
        ours.revision += 1
        first, second = ours.id, other.id
        await tx.session.flush()
        await stand_in(tx.session, "delegates", second, first)
        await tx.session.refresh(ours)
        if ours.substitutes_id == first:
            ours.substitutes_id = None
        await tx.session.delete(await tx.session.get_one(Delegate, second))
        await tx.session.flush()


async def _none_under_way(tx: Transaction, person_ids: tuple[int, int]) -> None:
    listed = exists().where(
        Delegate.meeting_id == Meeting.id, Delegate.person_id.in_(person_ids), Delegate.removed_at.is_(None)
    )
    presents = exists().where(AgendaItem.meeting_id == Meeting.id, AgendaItem.presenter_id.in_(person_ids))
    leads = or_(Meeting.chair_id.in_(person_ids), Meeting.secretary_id.in_(person_ids))
    found = await tx.session.scalars(
        select(Meeting.id)
        .where(Meeting.state.in_(("open", "running")), or_(listed, presents, leads))
        .order_by(Meeting.id)
        .limit(20)
    )
    meetings = list(found)
    if meetings:
        raise MeetingUnderWay(meetings=meetings)
