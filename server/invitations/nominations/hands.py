"""Who makes a point's list: its secretary with an account, or its contact by the private link."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.config import Settings
from server.core.errors import NotAllowed, NotFound
from server.invitations.nominations.keys import fits
from server.invitations.nominations.models import Nomination, NominationCall
from server.invitations.rights import list_rights
from server.meetings.models import Meeting, MemberPoint


@dataclass(frozen=True, slots=True)
class Hand:
    """`key`: of the private link; None: the actor's own account."""

    settings: Settings
    meeting_id: int
    point_id: int
    key: str | None


@dataclass(frozen=True, slots=True)
class Held:
    meeting: Meeting
    call: NominationCall
    row: Nomination | None
    organises: bool
    """Keeps all lists: the lock is not for them."""


class NotAsked(NotFound):
    code = "nominations-not-asked"
    vi = "Ban tổ chức chưa yêu cầu điểm cầu cử đại biểu cho cuộc họp này."
    en = "The organiser has not asked the points to name delegates for this meeting."


class LinkGone(NotFound):
    code = "nomination-link-gone"
    vi = "Liên kết lập danh sách này không dùng được nữa. Xin ban tổ chức gửi lại liên kết."
    en = "This link to a point's list is no longer good. Ask the organiser for a new one."


async def row_of(session: AsyncSession, meeting_id: int, point_id: int) -> Nomination | None:
    statement = select(Nomination).where(Nomination.meeting_id == meeting_id, Nomination.point_id == point_id)
    return (await session.scalars(statement)).first()


async def named_by_link(session: AsyncSession, hand: Hand) -> Actor:
    """Who acts by the private link. LinkGone."""
    row = await row_of(session, hand.meeting_id, hand.point_id)
    if row is None or hand.key is None or not fits(hand.settings, row, hand.key):
        raise LinkGone()
    return Actor(name=f"{row.contact_name or 'Đầu mối điểm cầu'} (liên kết của điểm cầu)")


async def held(session: AsyncSession, hand: Hand, actor: Actor) -> Held:
    """The list that this hand may see. LinkGone; NotFound and NotAllowed as for the meeting's lists; NotAsked."""
    row = await row_of(session, hand.meeting_id, hand.point_id)
    organises = False
    if hand.key is not None:
        meeting = await session.get(Meeting, hand.meeting_id)
        if meeting is None or row is None or meeting.state == "draft" or not fits(hand.settings, row, hand.key):
            raise LinkGone()
    else:
        meeting, rights = await list_rights(session, hand.meeting_id, actor)
        organises = rights.everything
        if not rights.covers(hand.point_id):
            raise NotAllowed()
    member = select(MemberPoint.id).where(
        MemberPoint.meeting_id == hand.meeting_id, MemberPoint.point_id == hand.point_id
    )
    if await session.scalar(member) is None:
        raise LinkGone() if hand.key is not None else NotFound()
    call = await session.get(NominationCall, hand.meeting_id)
    if call is None:
        raise NotAsked()
    return Held(meeting, call, row, organises)
