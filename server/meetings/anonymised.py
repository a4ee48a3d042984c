"""Who has a part in a meeting to come cannot be made nameless."""

from sqlalchemy import exists, or_, select

from server.core.errors import Conflict
from server.core.transaction import Transaction
from server.meetings.models import AgendaItem, Delegate, Meeting


class StillTakesPart(Conflict):
    code = "still-takes-part"
    vi = "Người này còn trong cuộc họp chưa kết thúc. Đưa ra khỏi danh sách hoặc chọn người khác rồi mới ẩn danh."
    en = "This person has a part in a meeting that has not ended. Take them off it first, then anonymise."


async def person_anonymised(tx: Transaction, person_id: int, _name: str) -> None:
    """StillTakesPart, with the meetings' ids."""
    listed = exists().where(
        Delegate.meeting_id == Meeting.id, Delegate.person_id == person_id, Delegate.removed_at.is_(None)
    )
    presents = exists().where(AgendaItem.meeting_id == Meeting.id, AgendaItem.presenter_id == person_id)
    leads = or_(Meeting.chair_id == person_id, Meeting.secretary_id == person_id)
    found = await tx.session.scalars(
        select(Meeting.id)
        .where(Meeting.state.not_in(("ended", "cancelled")), or_(listed, presents, leads))
        .order_by(Meeting.id)
        .limit(20)
    )
    meetings = list(found)
    if meetings:
        raise StillTakesPart(meetings=meetings)
