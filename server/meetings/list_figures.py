"""What every page says of a meeting's lists of delegates: how many people, at how many halls, how many online. Counted
here alone, so that no two pages can differ."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.meetings.models import Delegate, MemberPoint
from server.meetings.schemas import ListFigures


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of one meeting, or of some of its halls."""

    members: frozenset[int]
    """Its bridge points."""
    counts: Mapping[int | None, int]
    """Delegates by the hall where they are expected (None: online), without those who come in another's stead."""

    def figures(self) -> ListFigures:
        return figures_of(self.members, self.counts)


def figures_of(members: Collection[int], counts: Mapping[int | None, int]) -> ListFigures:
    """`counts` as `Lists` has them; also of a part of the delegates, such as those who may read a paper."""
    return ListFigures(
        points=len(members),
        listed_points=sum(counts.get(point_id, 0) > 0 for point_id in members),
        people=sum(counts.values()),
        online=counts.get(None, 0),
    )


async def lists_of(
    session: AsyncSession, meeting_ids: Iterable[int], only: Collection[int] | None = None
) -> dict[int, Lists]:
    """By meeting. `only`: of these halls."""
    ids = list(meeting_ids)
    members: dict[int, set[int]] = {each: set() for each in ids}
    counts: dict[int, dict[int | None, int]] = {each: {} for each in ids}
    halls = select(MemberPoint.meeting_id, MemberPoint.point_id).where(MemberPoint.meeting_id.in_(ids))
    for meeting_id, member in await session.execute(halls):
        members[meeting_id].add(member)
    rows = await session.execute(
        select(Delegate.meeting_id, Delegate.point_id, func.count())
        .where(Delegate.meeting_id.in_(ids), Delegate.removed_at.is_(None), Delegate.substitutes_id.is_(None))
        .group_by(Delegate.meeting_id, Delegate.point_id)
    )
    for meeting_id, point_id, count in rows:
        counts[meeting_id][point_id] = count
    if only is not None:
        members = {each: found & set(only) for each, found in members.items()}
        counts = {
            each: {point_id: count for point_id, count in found.items() if point_id in only}
            for each, found in counts.items()
        }
    return {each: Lists(frozenset(members[each]), counts[each]) for each in ids}


async def lists(session: AsyncSession, meeting_id: int, only: Collection[int] | None = None) -> Lists:
    return (await lists_of(session, [meeting_id], only))[meeting_id]
