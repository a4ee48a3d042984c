"""The agenda while the meeting runs: which item is current, and its clock. Time spent is the sum of an item's
stints."""

from sqlalchemy import select, update

from server.audit.actions import record
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.live.log import append
from server.meetings.access import meeting_for_write
from server.meetings.live.entities import changes_between, entities
from server.meetings.models import AgendaItem, AgendaStint


async def go(tx: Transaction, meeting_id: int, item_id: int | None) -> None:
    """Makes an item current (None: none) and closes the stint of the one before. Going to the current one changes
    nothing. Needs conduct or operate; Conflict unless the meeting runs."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    if meeting.state != "running":
        raise Conflict(
            "Cuộc họp chưa bắt đầu hoặc đã kết thúc, nên chưa chuyển được nội dung.",
            "The meeting is not running, so its agenda does not move.",
            state=meeting.state,
        )
    if item_id is not None:
        item = await tx.session.get(AgendaItem, item_id)
        if item is None or item.meeting_id != meeting_id:
            raise NotFound()
    if item_id == await current_item(tx, meeting_id):
        return
    before = await entities(tx.session, meeting_id)
    await stop_clock(tx, meeting_id)
    if item_id is not None:
        tx.session.add(AgendaStint(item_id=item_id, began_at=tx.now))
    await tx.session.flush()
    await record(tx, "agenda.moved", "meeting", meeting_id, item_id=item_id)
    await append(tx, meeting_id, "agenda.moved", changes_between(before, await entities(tx.session, meeting_id)))


async def current_item(tx: Transaction, meeting_id: int) -> int | None:
    found: int | None = await tx.session.scalar(
        select(AgendaStint.item_id)
        .join(AgendaItem)
        .where(AgendaItem.meeting_id == meeting_id, AgendaStint.ended_at.is_(None))
    )
    return found


async def stop_clock(tx: Transaction, meeting_id: int) -> None:
    """Closes the current item's stint, if any."""
    items = select(AgendaItem.id).where(AgendaItem.meeting_id == meeting_id)
    await tx.session.execute(
        update(AgendaStint)
        .where(AgendaStint.item_id.in_(items), AgendaStint.ended_at.is_(None))
        .values(ended_at=tx.now)
        .execution_options(synchronize_session="fetch")
    )
