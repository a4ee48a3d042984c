"""Who may see and change a meeting's lists of delegates, and hand out ways in.

Names, addresses and phones of people: for the organiser and who conducts, and for a hall's secretary about that hall.
Never for a session that came by a personal link, which may have been passed on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor, Role
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.invitations.nominations.locks import ListLocked, locked_points
from server.meetings.access import meeting_for_write, visible_meeting
from server.meetings.leaders import led_by
from server.meetings.models import AgendaItem, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit


@dataclass(frozen=True, slots=True)
class ListRights:
    everything: bool
    """Every point's list, links and requests."""
    points: frozenset[int]
    """Member points whose hall's secretary the actor is."""
    locked: Mapping[int, ListLocked] = field(default_factory=dict)
    """Of these, for a change: whose list is changed by the organiser alone from now on, with what is said of it."""

    def covers(self, point_id: int | None) -> bool:
        return self.everything or point_id in self.points

    def require(self, point_id: int | None) -> None:
        """The right to change that point's list. NotAllowed, ListLocked."""
        if not self.covers(point_id):
            raise NotAllowed()
        if point_id is not None and point_id in self.locked:
            raise self.locked[point_id]


class MeetingOver(Conflict):
    vi = "Cuộc họp đã kết thúc nên danh sách của điểm cầu không sửa được nữa. Nhờ ban tổ chức nếu còn sai sót."
    en = "The meeting has ended, so a hall's list can no longer be changed. Ask the organiser about mistakes."


async def list_rights(session: AsyncSession, meeting_id: int, actor: Actor) -> tuple[Meeting, ListRights]:
    """The meeting, and whose lists the actor may see. NotFound for a meeting the actor may not see; NotAllowed for who
    may see none."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    found = ListRights(rights.keep_lists, await secretary_of(session, meeting_id, actor))
    if not found.everything and not found.points:
        raise NotAllowed()
    return meeting, found


async def list_for_write(tx: Transaction, meeting_id: int) -> tuple[Meeting, ListRights]:
    """The same for a change, with the meeting's row locked. MeetingOver for a hall's secretary after the end."""
    await meeting_for_write(tx, meeting_id)
    meeting, rights = await list_rights(tx.session, meeting_id, tx.actor)
    if meeting.state == "ended" and not rights.everything:
        raise MeetingOver()
    if not rights.everything:
        rights = replace(rights, locked=await locked_points(tx.session, meeting_id, rights.points, tx.now))
    return meeting, rights


async def secretary_of(session: AsyncSession, meeting_id: int, actor: Actor) -> frozenset[int]:
    """Member points of units where the actor is a hall's secretary."""
    branches = [Unit.path.startswith(grant.unit_path) for grant in actor.grants if grant.role is Role.HALL_SECRETARY]
    if not branches:
        return frozenset()
    found = await session.scalars(
        select(MemberPoint.point_id)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(MemberPoint.meeting_id == meeting_id, or_(*branches))
    )
    return frozenset(found)


async def lead_beyond(session: AsyncSession, person_ids: Collection[int], actor: Actor) -> set[int]:
    """Those of these people who lead or present meetings of units where the actor is neither organiser nor
    administrator: whoever had a link of theirs could do what the actor may not."""
    if actor.system:
        return set()
    roles = (Role.ORGANISER, Role.ADMIN)
    return {
        person_id
        for person_id, paths in (await led_by(session, person_ids)).items()
        if not all(any(actor.has(role, path) for role in roles) for path in paths)
    }


async def leads_or_presents(session: AsyncSession, meeting: Meeting, person_id: int) -> bool:
    """A link of theirs would open more than a delegate's part of the meeting."""
    if person_id in (meeting.chair_id, meeting.secretary_id):
        return True
    presented = await session.scalar(
        select(AgendaItem.id).where(AgendaItem.meeting_id == meeting.id, AgendaItem.presenter_id == person_id).limit(1)
    )
    return presented is not None
