"""Words between consoles and halls: a call for help, something to be told to some halls, a line on every screen."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.conference.live.entities import MessageEntity
from server.conference.models import HallMessage
from server.conference.state import ACTIVE
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.live.log import append, gone, put
from server.meetings.access import meeting_for_write
from server.meetings.models import Meeting, MemberPoint

COLLECTION = "messages"
EVERYBODY = "all"


async def call_for_help(tx: Transaction, meeting_id: int, point_id: int, text: str = "") -> None:
    """A hall needs somebody. Again: changes what it says."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if point_id not in rights.points:
        raise NotAllowed()
    _require_active(meeting)
    row = next((each for each in await _open(tx.session, meeting_id, point_id) if each.kind == "help"), None)
    if row is None:
        row = HallMessage(meeting_id=meeting_id, point_id=point_id, kind="help", urgent=True, at=tx.now)
        tx.session.add(row)
    row.text, row.by_name = text, _name(tx)
    await record(tx, "help.called", "meeting", meeting_id, point_id=point_id, text=text)
    await _tell(tx, meeting_id, [row], "help.called")


async def send(
    tx: Transaction, meeting_id: int, point_ids: Collection[int] | None, text: str, *, urgent: bool = False
) -> None:
    """To these halls, or to everybody (None), in the place of the line before."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    _require_active(meeting)
    if point_ids is None:
        await _close(tx, meeting_id, [row for row in await _open(tx.session, meeting_id) if row.kind == "line"])
    else:
        known = await tx.session.scalars(select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id))
        if not set(point_ids) <= set(known):
            raise NotFound("Điểm cầu này không có trong cuộc họp.", "That point is not in this meeting.")
    rows = [
        HallMessage(
            meeting_id=meeting_id,
            point_id=point_id,
            kind="line" if point_id is None else "word",
            urgent=urgent,
            text=text,
            at=tx.now,
            by_name=_name(tx),
        )
        for point_id in ([None] if point_ids is None else dict.fromkeys(point_ids))
    ]
    tx.session.add_all(rows)
    points = None if point_ids is None else len(rows)
    await record(tx, "message.sent", "meeting", meeting_id, points=points, text=text)
    await _tell(tx, meeting_id, rows, "message.sent")


async def close(tx: Transaction, meeting_id: int, message_id: int) -> None:
    """Help is there, the hall has read it, or it is taken back: who directs, or the hall that it is about. What is
    closed stays so."""
    _meeting, rights = await meeting_for_write(tx, meeting_id)
    row = await tx.session.get(HallMessage, message_id)
    if row is None or row.meeting_id != meeting_id:
        raise NotFound()
    if not (rights.direct or (row.point_id is not None and row.point_id in rights.points)):
        raise NotAllowed()
    if row.closed_at is None:
        await record(tx, "message.closed", "meeting", meeting_id, point_id=row.point_id)
        await _close(tx, meeting_id, [row])


async def close_all(tx: Transaction, meeting_id: int) -> None:
    """The meeting is over."""
    await _close(tx, meeting_id, await _open(tx.session, meeting_id))


async def forget_points(tx: Transaction, meeting_id: int, point_ids: Collection[int]) -> None:
    """They are members no longer. The edit's own event tells it."""
    for row in await _open(tx.session, meeting_id):
        if row.point_id in point_ids:
            row.closed_at = tx.now


async def entities(session: AsyncSession, meeting_id: int) -> dict[str, MessageEntity]:
    return {_key(row): MessageEntity.model_validate(row, extra="ignore") for row in await _open(session, meeting_id)}


async def _open(session: AsyncSession, meeting_id: int, point_id: int | None = None) -> Sequence[HallMessage]:
    asked = select(HallMessage).where(HallMessage.meeting_id == meeting_id, HallMessage.closed_at.is_(None))
    if point_id is not None:
        asked = asked.where(HallMessage.point_id == point_id)
    return (await session.scalars(asked.order_by(HallMessage.id))).all()


async def _close(tx: Transaction, meeting_id: int, rows: Sequence[HallMessage]) -> None:
    for row in rows:
        row.closed_at = tx.now
    if rows:
        await append(tx, meeting_id, "message.closed", [gone(COLLECTION, _key(row)) for row in rows])


async def _tell(tx: Transaction, meeting_id: int, rows: Sequence[HallMessage], kind: str) -> None:
    await tx.session.flush()
    told = [put(COLLECTION, _key(row), MessageEntity.model_validate(row, extra="ignore")) for row in rows]
    await append(tx, meeting_id, kind, told)


def _key(row: HallMessage) -> str:
    return f"{EVERYBODY if row.point_id is None else row.point_id}:{row.id}"


def _name(tx: Transaction) -> str:
    return "" if tx.actor.system else tx.actor.name[:200]


def _require_active(meeting: Meeting) -> None:
    if meeting.state not in ACTIVE:
        raise Conflict(
            "Cuộc họp chưa mở hoặc đã kết thúc.", "The meeting is not open, or it has ended.", state=meeting.state
        )
