"""What an administrator has still to bring in before a conference can be planned."""

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person, RoleGrant
from server.core.actor import Actor, Role
from server.core.errors import NotAllowed
from server.devices.models import HallDevice
from server.meetings.models import Meeting
from server.organisations.models import BridgePoint, Unit
from server.system.schemas import FirstSteps


async def first_steps(session: AsyncSession, actor: Actor) -> FirstSteps:
    """Of the branches that the actor administers."""
    paths = [grant.unit_path for grant in actor.grants if grant.role is Role.ADMIN]
    if not paths:
        raise NotAllowed()
    within: ColumnElement[bool] = or_(*(Unit.path.startswith(path) for path in paths))
    units = select(Unit.id).where(within)
    answers = await session.execute(
        select(
            exists(select(Unit.id).where(within, Unit.path.not_in(paths))),
            exists(select(BridgePoint.id).where(BridgePoint.unit_id.in_(units), BridgePoint.closed_at.is_(None))),
            exists(select(Person.id).where(Person.unit_id.in_(units), Person.id != (actor.person_id or 0))),
            exists(select(RoleGrant.id).where(RoleGrant.role == Role.ORGANISER.value, RoleGrant.unit_id.in_(units))),
            exists(
                select(HallDevice.id)
                .join(BridgePoint, BridgePoint.id == HallDevice.point_id)
                .where(BridgePoint.unit_id.in_(units))
            ),
            exists(select(Meeting.id).where(Meeting.unit_id.in_(units))),
        )
    )
    has_units, points, people, organiser, devices, meetings = answers.one()
    return FirstSteps(
        units=has_units, points=points, people=people, organiser=organiser, devices=devices, meetings=meetings
    )
