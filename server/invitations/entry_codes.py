"""The meeting's code: what it leads to for whoever scans it, and what a hall's screen shows."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.core.actor import Actor
from server.core.config import Settings
from server.core.errors import NotAllowed, NotFound
from server.core.qr import png, svg
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations.codes import hall_code, hall_secret, valid_until
from server.invitations.schemas import HallCode, Knocked
from server.meetings.access import meeting_for_write, visible_meeting
from server.meetings.models import Delegate, Meeting, MemberPoint, new_public_code
from server.meetings.rights import meeting_rights
from server.organisations.models import BridgePoint


async def knock(session: AsyncSession, code: str, actor: Actor) -> Knocked:
    """For who may see the meeting. NotFound for everybody else, as for a code that leads nowhere."""
    meeting = await session.scalar(select(Meeting).where(Meeting.public_code == code))
    # A wrong code costs as much as a right one: the time of the answer tells nothing either.
    looked_at = meeting or await session.scalar(select(Meeting).order_by(Meeting.id.desc()).limit(1))
    rights = await meeting_rights(session, looked_at, actor) if looked_at else None
    if meeting is None or rights is None or not rights.view:
        raise NotFound()
    delegate = await session.get(Delegate, rights.delegate_id) if rights.delegate_id else None
    point = await session.get(BridgePoint, delegate.point_id) if delegate and delegate.point_id else None
    return Knocked(meeting_id=meeting.id, delegate=delegate is not None, point_name=point.name if point else "")


def url_of(settings: Settings, meeting: Meeting) -> str:
    """What the meeting's QR code says."""
    return f"{settings.url}/m/{meeting.public_code}"


async def renew(tx: Transaction, meeting_id: int) -> str:
    """Another code, for a meeting whose code got around: printed ones lead nowhere from now on. For its organisers."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    meeting.public_code = new_public_code()
    await record(tx, "meeting.code-renewed", "meeting", meeting_id)
    return meeting.public_code


async def meeting_svg(session: AsyncSession, settings: Settings, meeting_id: int, actor: Actor) -> str:
    meeting, _ = await visible_meeting(session, meeting_id, actor)
    return svg(url_of(settings, meeting))


async def meeting_png(session: AsyncSession, settings: Settings, meeting_id: int, actor: Actor) -> bytes:
    meeting, _ = await visible_meeting(session, meeting_id, actor)
    return png(url_of(settings, meeting))


async def list_svg(session: AsyncSession, settings: Settings, meeting_id: int, point_id: int, actor: Actor) -> str:
    """Says where a hall's list of people is. It opens nothing: who scans it signs in. NotFound for other points."""
    await _member_point(session, meeting_id, point_id, actor)
    return svg(f"{settings.url}/meetings/{meeting_id}/points/{point_id}/people")


async def _member_point(session: AsyncSession, meeting_id: int, point_id: int, actor: Actor) -> Meeting:
    """For the hall's device and staff, and who runs the meeting."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not rights.oversee and point_id not in rights.points:
        raise NotAllowed()
    member = await session.scalar(
        select(MemberPoint.id).where(MemberPoint.meeting_id == meeting_id, MemberPoint.point_id == point_id)
    )
    if member is None:
        raise NotFound()
    return meeting


async def screen_code(
    session: AsyncSession, services: Services, meeting_id: int, point_id: int, actor: Actor
) -> HallCode:
    """What the hall's screen shows in this half minute. Not for anybody else: they could check themselves in from
    elsewhere."""
    meeting = await _member_point(session, meeting_id, point_id, actor)
    settings, now = services.settings, services.clock()
    path = f"/m/{meeting.public_code}?h={hall_code(hall_secret(settings), meeting_id, point_id, now)}"
    return HallCode(path=path, url=settings.url + path, svg=svg(settings.url + path), valid_until=valid_until(now))
