"""When a point's list can be changed no more by those who keep it, and whom to call then."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.clock import VIETNAM
from server.core.errors import Conflict
from server.invitations.nominations.models import Nomination, NominationCall


class ListLocked(Conflict):
    code = "list-locked"
    vi = "Danh sách của điểm cầu đã khóa. Cần sửa, gọi ban tổ chức."
    en = "This point's list is locked. Call the organiser to change it."


def closes_at(call: NominationCall, row: Nomination | None) -> datetime:
    """From when on the point's list is locked; lies behind if it is."""
    if row is not None and row.open_until is not None:
        return row.open_until
    return min(call.deadline, call.locked_at or call.deadline, (row.locked_at if row else None) or call.deadline)


def is_locked(call: NominationCall, row: Nomination | None, now: datetime) -> bool:
    return closes_at(call, row) <= now


def refusal(call: NominationCall, row: Nomination | None) -> ListLocked:
    since = closes_at(call, row).astimezone(VIETNAM)
    return ListLocked(
        f"Danh sách của điểm cầu đã khóa từ {since:%H:%M ngày %d/%m/%Y}. Cần sửa, gọi {call.contact}.",
        f"This point's list has been locked since {since:%H:%M on %d/%m/%Y}. To change it, call {call.contact}.",
        contact=call.contact,
    )


async def locked_points(
    session: AsyncSession, meeting_id: int, points: frozenset[int], now: datetime
) -> Mapping[int, ListLocked]:
    """Those of the points whose lists are locked, with what is said of it."""
    call = await session.get(NominationCall, meeting_id)
    if call is None:
        return {}
    special = await session.scalars(
        select(Nomination).where(
            Nomination.meeting_id == meeting_id,
            or_(Nomination.open_until.is_not(None), Nomination.locked_at.is_not(None)),
        )
    )
    rows = {row.point_id: row for row in special}
    return {
        point_id: refusal(call, rows.get(point_id)) for point_id in points if is_locked(call, rows.get(point_id), now)
    }
