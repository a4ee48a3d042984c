"""The lists of delegates as a workbook: whom the actor keeps, with how far the invitation has come and what they said.
Headings are those that an import understands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.spreadsheets.writing import Book, Column
from server.invitations.queries import ONLINE, listed
from server.invitations.reach import reached
from server.invitations.replies.queries import answered, state_of
from server.invitations.rights import list_rights
from server.invitations.sheets.columns import HEADINGS
from server.meetings.models import Delegate
from server.organisations.models import BridgePoint, Unit

_WIDTHS = {"full_name": 30, "title": 36, "unit": 30, "point": 32, "role": 12, "email": 30, "phone": 16}
COLUMNS = (
    Column("STT", 6, "number"),
    *(Column(heading, _WIDTHS[key]) for key, heading in HEADINGS.items()),
    Column("Dự thay", 28),
    Column("Giấy mời", 24),
    Column("Trả lời", 22),
)
_ROLES = {"delegate": "Đại biểu", "guest": "Khách mời"}
_REACH = {
    "none": "Chưa gửi",
    "made": "Đã tạo liên kết",
    "queued": "Đang gửi",
    "sent": "Đã gửi, chưa mở",
    "delivered": "Đã vào hộp thư, chưa mở",
    "opened": "Đã mở liên kết",
    "bounced": "Thư bị trả lại",
    "failed": "Không gửi được",
    "revoked": "Đã thu hồi liên kết",
}
_REPLIES = {
    "none": "Chưa trả lời",
    "accepted": "Tham dự",
    "absent": "Báo vắng",
    "proposed": "Đề nghị dự thay",
    "declined": "Không đồng ý dự thay",
    "substitute": "Có người dự thay",
}


async def load(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> tuple[str, list[list[Any]]]:
    """The meeting's title and a row for each, in the lists' order. NotFound, NotAllowed as for the list itself."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    reach = reached(meeting_id, now).subquery()
    replies = answered(Delegate.id.label("id"), state_of().label("said"), meeting_id=meeting_id).subquery()
    represented, holder = aliased(Delegate), aliased(Person)
    statement = (
        select(
            Person.full_name,
            Person.title,
            Unit.name,
            BridgePoint.name,
            Delegate.role,
            Person.email,
            Person.phone,
            holder.full_name,
            reach.c.state,
            replies.c.said,
        )
        .select_from(Delegate)
        .join(Person, Person.id == Delegate.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .outerjoin(represented, represented.id == Delegate.substitutes_id)
        .outerjoin(holder, holder.id == represented.person_id)
        .outerjoin(reach, reach.c.delegate_id == Delegate.id)
        .outerjoin(replies, replies.c.id == Delegate.id)
        .order_by(Delegate.point_id.is_(None), Delegate.point_id, Delegate.position, Delegate.id)
    )
    found = await session.execute(listed(statement, meeting_id, rights))
    return meeting.title, [
        [
            number,
            name,
            title,
            unit,
            point or ONLINE,
            _ROLES.get(role, role),
            email or "",
            phone or "",
            stands_for or "",
            _REACH.get(state, ""),
            _REPLIES.get(said, ""),
        ]
        for number, (name, title, unit, point, role, email, phone, stands_for, state, said) in enumerate(found, start=1)
    ]


def workbook(title: str, rows: Sequence[Sequence[Any]]) -> bytes:
    """XLSX."""
    book = Book("Danh sách đại biểu", [title, f"{len(rows)} người"])
    book.sheet("Đại biểu", COLUMNS, rows, fixed=2)
    return book.content()
