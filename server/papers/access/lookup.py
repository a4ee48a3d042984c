"""Finding papers, and meetings' libraries, for those who manage them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write
from server.meetings.models import AgendaItem, Meeting
from server.papers.access.reader_profile import ReaderProfile, reader_profiles
from server.papers.access.rights import paper_with_rights
from server.papers.models import Paper


async def library_of(session: AsyncSession, meeting_id: int, actor: Actor) -> tuple[Meeting, ReaderProfile]:
    """NotFound for what the actor may not see. Who sees a meeting need not be a member of it."""
    meeting = await session.get(Meeting, meeting_id)
    profile = (await reader_profiles(session, [meeting], actor)).get(meeting_id) if meeting is not None else None
    if meeting is None or profile is None:
        raise NotFound()
    return meeting, profile


async def library_for_write(tx: Transaction, meeting_id: int) -> tuple[Meeting, ReaderProfile]:
    """The same with the meeting's row locked: writers of one library take turns."""
    await meeting_for_write(tx, meeting_id)
    return await library_of(tx.session, meeting_id, tx.actor)


async def paper_for_write(tx: Transaction, paper_id: int) -> tuple[Paper, Meeting]:
    """With its meeting's row locked. NotFound unless it is listed to the actor, NotAllowed unless he manages it."""
    meeting_id = await tx.session.scalar(select(Paper.meeting_id).where(Paper.id == paper_id))
    if meeting_id is None:
        raise NotFound()
    await meeting_for_write(tx, meeting_id)
    paper, meeting, rights = await paper_with_rights(tx.session, paper_id, tx.actor, tx.now)
    if not rights.manage:
        raise NotAllowed()
    return paper, meeting


class LinkMayNot(NotAllowed):
    code = "link-may-not"
    vi = "Vào bằng đường dẫn riêng chỉ thu hồi, xóa, đặt quyền đọc được tài liệu do mình gửi. Nhờ ban tổ chức."
    en = "By a personal link you recall, delete and set the readers of what you sent in yourself. Ask the organiser."


def require_own_by_link(actor: Actor, paper: Paper | None) -> None:
    """A presenter's link may have been passed on: it brings papers in, and neither takes away nor opens to others what
    somebody else brought in. None: the papers of a whole item."""
    if actor.only_meetings is not None and (paper is None or paper.created_by != actor.person_id):
        raise LinkMayNot()


class BreakTakesNoPapers(Conflict):
    code = "break-takes-no-papers"
    vi = "Giờ nghỉ không có tài liệu. Chọn một nội dung, hoặc “Cho cả cuộc họp”."
    en = "A break has no papers. Choose an item, or the whole meeting."


async def item_of(session: AsyncSession, item_id: int) -> AgendaItem:
    """BreakTakesNoPapers for one at which nothing is presented."""
    item = await session.get(AgendaItem, item_id)
    if item is None:
        raise NotFound()
    if item.kind == "break":
        raise BreakTakesNoPapers()
    return item


async def require_upload(
    session: AsyncSession, actor: Actor, now: datetime, *, meeting_id: int, item_id: int | None, paper_id: int | None
) -> None:
    """Whether the actor may bring a file in: as a new version of a paper, or as a new paper of an item or of the whole
    meeting (both None)."""
    _meeting, profile = await library_of(session, meeting_id, actor)
    if paper_id is not None:
        paper, _, rights = await paper_with_rights(session, paper_id, actor, now)
        if paper.meeting_id != meeting_id:
            raise NotFound()
        if not rights.manage:
            raise NotAllowed()
        return
    if item_id is not None and (await item_of(session, item_id)).meeting_id != meeting_id:
        raise NotFound(
            "Nội dung này không còn trong chương trình. Tải lại trang rồi chọn lại nơi gửi.",
            "This item is no longer on the agenda. Reload and choose again where the paper belongs.",
        )
    if not profile.manages_papers_of(item_id):
        raise NotAllowed()
