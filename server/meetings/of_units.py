"""How much units and bridge points are used by meetings (`organisations.hooks`)."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit


async def unit_uses(session: AsyncSession, unit: Unit) -> dict[str, int]:
    return await _counted(session, Meeting.unit_id == unit.id)


async def point_uses(session: AsyncSession, point: BridgePoint) -> dict[str, int]:
    member_of = select(MemberPoint.meeting_id).where(MemberPoint.point_id == point.id)
    return await _counted(session, Meeting.id.in_(member_of))


async def _counted(session: AsyncSession, which: ColumnElement[bool]) -> dict[str, int]:
    every, ahead = (
        await session.execute(
            select(func.count(), func.count().filter(Meeting.state.not_in(("ended", "cancelled")))).where(which)
        )
    ).one()
    return {"meetings": every, "meetings_ahead": ahead}
