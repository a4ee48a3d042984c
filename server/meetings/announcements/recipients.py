"""Whom a meeting concerns: who stands on its lists, who leads and presents, and who brings its halls in."""

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person, RoleGrant
from server.core.actor import Role
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit


async def delegates(session: AsyncSession, meeting_id: int) -> set[int]:
    return set(
        await session.scalars(
            select(Delegate.person_id).where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None))
        )
    )


async def office(session: AsyncSession, meeting: Meeting) -> set[int]:
    """Chair, secretary, presenters; technicians and secretaries of the halls."""
    at, of = aliased(Unit), aliased(Unit)
    halls = (
        select(RoleGrant.person_id)
        .join(at, at.id == RoleGrant.unit_id)
        .join(of, of.path.startswith(at.path))
        .join(BridgePoint, BridgePoint.unit_id == of.id)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting.id, RoleGrant.role.in_((Role.TECHNICIAN, Role.HALL_SECRETARY)))
    )
    presenters = select(AgendaItem.presenter_id).where(
        AgendaItem.meeting_id == meeting.id, AgendaItem.presenter_id.is_not(None)
    )
    found = set(await session.scalars(union(halls, presenters)))
    leaders = {meeting.chair_id, meeting.secretary_id}
    known = select(Person.id).where(Person.id.in_((found | leaders) - {None}), Person.disabled_at.is_(None))
    return set(await session.scalars(known))
