"""The agenda while the meeting runs: which item is current, and its clock. Time spent is the sum of an item's
stints."""

from sqlalchemy import delete, select, update

from server.audit.actions import record
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.live.log import append
from server.meetings.access import meeting_for_write
from server.meetings.live.entities import changes_between, entities
from server.meetings.models import AgendaItem, AgendaStint


class NotYourItem(Conflict):
    code = "not-your-item"
    vi = "Chương trình chưa đến nội dung của đồng chí. Nhờ chủ trì hoặc điều phối chuyển đến đó rồi trình chiếu."
    en = "The agenda is not at your item. Ask the chair or the operator to go to it, then present."


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


async def require_own_item(tx: Transaction, meeting_id: int) -> None:
    """For who presents and does not lead: their item is the current one, or the agenda is not being followed. Whoever
    leads says so by going to the item; a presenter's link that was passed on reaches no screen in the others' time.
    NotYourItem."""
    presenter = await tx.session.execute(
        select(AgendaItem.presenter_id)
        .join(AgendaStint, AgendaStint.item_id == AgendaItem.id)
        .where(AgendaItem.meeting_id == meeting_id, AgendaStint.ended_at.is_(None))
    )
    current = presenter.first()
    if current is not None and current[0] != tx.actor.person_id:
        raise NotYourItem()


async def stop_clock(tx: Transaction, meeting_id: int) -> None:
    """Closes the current item's stint, if any."""
    items = select(AgendaItem.id).where(AgendaItem.meeting_id == meeting_id)
    await tx.session.execute(
        update(AgendaStint)
        .where(AgendaStint.item_id.in_(items), AgendaStint.ended_at.is_(None))
        .values(ended_at=tx.now)
        .execution_options(synchronize_session="fetch")
    )


async def forget_clock(tx: Transaction, meeting_id: int) -> None:
    """No item was dealt with yet."""
    items = select(AgendaItem.id).where(AgendaItem.meeting_id == meeting_id)
    await tx.session.execute(
        delete(AgendaStint).where(AgendaStint.item_id.in_(items)).execution_options(synchronize_session="fetch")
    )
