"""draft → invited → open (halls may test) → running → ended, the ways back, and the ways out: postponed, cancelled."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import update

from server.audit.actions import record
from server.core.errors import Conflict, Invalid, NotAllowed
from server.core.transaction import Transaction
from server.live.log import append
from server.meetings.access import meeting_for_write
from server.meetings.agenda import forget_clock, stop_clock
from server.meetings.announcements import actions as announcements
from server.meetings.days import days_wrong, fitted
from server.meetings.hooks import followers
from server.meetings.live.entities import changes_between, entities
from server.meetings.models import AgendaItem, Meeting
from server.meetings.rights import MeetingRights
from server.meetings.validation import times_wrong

REOPEN_WITHIN = timedelta(hours=24)


class State(StrEnum):
    DRAFT = "draft"
    INVITED = "invited"
    POSTPONED = "postponed"
    """Without a new day yet."""
    CANCELLED = "cancelled"
    OPEN = "open"
    RUNNING = "running"
    ENDED = "ended"


class Step(StrEnum):
    """Values are the second half of the event's kind."""

    INVITE = "invited"
    WITHDRAW = "withdrawn"
    OPEN = "opened"
    START = "started"
    END = "ended"
    REOPEN = "reopened"
    RETURN = "returned"
    """To testing: what had begun was a rehearsal."""
    CLOSE = "closed"
    """Halls tested long before; they come in again when the rooms are opened."""
    POSTPONE = "postponed"
    RESCHEDULE = "rescheduled"
    CANCEL = "cancelled"


_FROM: dict[Step, tuple[tuple[State, ...], State]] = {
    Step.INVITE: ((State.DRAFT,), State.INVITED),
    Step.WITHDRAW: ((State.INVITED,), State.DRAFT),
    Step.OPEN: ((State.INVITED,), State.OPEN),
    Step.START: ((State.INVITED, State.OPEN), State.RUNNING),
    Step.END: ((State.RUNNING,), State.ENDED),
    Step.REOPEN: ((State.ENDED,), State.RUNNING),
    Step.RETURN: ((State.RUNNING,), State.OPEN),
    Step.CLOSE: ((State.OPEN,), State.INVITED),
    Step.POSTPONE: ((State.INVITED, State.OPEN), State.POSTPONED),
    Step.RESCHEDULE: ((State.INVITED, State.OPEN, State.POSTPONED, State.CANCELLED), State.INVITED),
    Step.CANCEL: ((State.INVITED, State.OPEN, State.POSTPONED), State.CANCELLED),
}

_TOLD = frozenset({Step.POSTPONE, Step.RESCHEDULE, Step.CANCEL})
"""Steps of which everybody concerned is told, each with its reason."""

_REFUSAL: dict[State, tuple[str, str]] = {
    State.DRAFT: (
        "Cuộc họp còn là bản nháp. Gửi giấy mời trước rồi mới làm được việc này.",
        "The meeting is still a draft. Invite first.",
    ),
    State.INVITED: (
        "Cuộc họp đã gửi giấy mời, chưa mở. Tải lại trang để xem trạng thái mới nhất.",
        "The meeting is invited and not open yet. Reload to see its state.",
    ),
    State.POSTPONED: (
        "Cuộc họp đã hoãn, chưa có thời gian mới. Ấn định thời gian mới trước.",
        "The meeting is postponed without a new day. Set one first.",
    ),
    State.CANCELLED: (
        "Cuộc họp đã hủy. Ấn định thời gian mới nếu vẫn họp.",
        "The meeting is cancelled. Set a new day if it is to be held after all.",
    ),
    State.OPEN: (
        "Phòng họp đang mở để các điểm cầu kiểm tra. Tải lại trang để xem trạng thái mới nhất.",
        "The meeting is open for testing. Reload to see its state.",
    ),
    State.RUNNING: (
        "Cuộc họp đang diễn ra. Tải lại trang để xem trạng thái mới nhất.",
        "The meeting is running. Reload to see its state.",
    ),
    State.ENDED: (
        "Cuộc họp đã kết thúc. Trong 24 giờ có thể mở lại, sau đó cần lập cuộc họp mới.",
        "The meeting has ended. It can be reopened for 24 hours; after that, plan a new one.",
    ),
}


def next_state(state: str, step: Step) -> State:
    """The state after `step`. Conflict if the step does not lead on from `state`."""
    allowed, after = _FROM[step]
    if State(state) not in allowed:
        raise Conflict(*_REFUSAL[State(state)], state=state)
    return after


def may_reopen(ended_at: datetime | None, now: datetime) -> bool:
    return ended_at is not None and now - ended_at <= REOPEN_WITHIN


async def invite(tx: Transaction, meeting_id: int) -> Meeting:
    """Draft → invited: everybody concerned sees it from now on; who leads, presents or keeps a hall has a notice."""
    meeting = await _take(tx, meeting_id, Step.INVITE, lambda rights: rights.organise)
    await announcements.make_known(tx, meeting, "invited")
    return meeting


async def withdraw(tx: Transaction, meeting_id: int) -> Meeting:
    """Invited → draft."""
    return await _take(tx, meeting_id, Step.WITHDRAW, lambda rights: rights.organise)


async def open_halls(tx: Transaction, meeting_id: int) -> Meeting:
    """Invited → open: halls may come in and test."""
    return await _take(tx, meeting_id, Step.OPEN, lambda rights: rights.direct)


async def close_halls(tx: Transaction, meeting_id: int) -> Meeting:
    """Open → invited."""
    return await _take(tx, meeting_id, Step.CLOSE, lambda rights: rights.direct)


async def postpone(tx: Transaction, meeting_id: int, reason: str) -> Meeting:
    """Invited or open → postponed, without a new day yet; everybody concerned is told."""
    return await _take(tx, meeting_id, Step.POSTPONE, lambda rights: rights.organise, reason=reason)


async def cancel(tx: Transaction, meeting_id: int, reason: str) -> Meeting:
    """Invited, open or postponed → cancelled; everybody concerned is told."""
    return await _take(tx, meeting_id, Step.CANCEL, lambda rights: rights.organise, reason=reason)


async def reschedule(
    tx: Transaction, meeting_id: int, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> Meeting:
    """Whatever has not begun, also postponed and cancelled ones → invited, on another day; everybody concerned is told.
    Invalid for a day that is over."""
    wrong = times_wrong(starts_at, ends_at)
    if starts_at <= tx.now:
        wrong["starts_at"] = ("Thời gian mới đã qua. Chọn ngày giờ sắp tới.", "That time is over. Choose one to come.")
    if wrong:
        raise Invalid.fields(wrong)
    return await _take(
        tx, meeting_id, Step.RESCHEDULE, lambda rights: rights.organise, reason=reason, times=(starts_at, ends_at)
    )


async def start(tx: Transaction, meeting_id: int) -> Meeting:
    """Open or invited → running."""
    return await _take(tx, meeting_id, Step.START, lambda rights: rights.direct)


async def end(tx: Transaction, meeting_id: int) -> Meeting:
    """Running → ended; the agenda's clock stops."""
    return await _take(tx, meeting_id, Step.END, lambda rights: rights.direct)


async def reopen(tx: Transaction, meeting_id: int, reason: str) -> Meeting:
    """Ended → running, within 24 hours, for a stated reason (it stands in the audit log)."""
    if not reason.strip():
        raise Invalid.fields({"reason": ("Ghi lý do mở lại cuộc họp.", "Say why the meeting is reopened.")})
    return await _take(tx, meeting_id, Step.REOPEN, lambda rights: rights.conduct, reason=reason)


async def back_to_testing(tx: Transaction, meeting_id: int) -> Meeting:
    """Running → open: it was a rehearsal. When it starts, it starts anew, the agenda's clock with it."""
    return await _take(tx, meeting_id, Step.RETURN, lambda rights: rights.conduct)


async def _keep_days(tx: Transaction, meeting: Meeting) -> None:
    """Its days move with it; what stood on days that it no longer has comes on the last."""
    if not meeting.day_list:
        return
    meeting.days = fitted(meeting.days, meeting.starts_at, meeting.ends_at)
    if days_wrong(meeting.days):
        said = (
            "Giờ mới không khớp với giờ của từng ngày họp. Giữ giờ cũ, chỉ đổi ngày, rồi sửa giờ từng ngày.",
            "These hours do not fit those of the single days. Move the days alone, then edit their hours.",
        )
        raise Invalid.fields({"starts_at": said})
    last = max(len(meeting.day_list) - 1, 0)
    await tx.session.execute(
        update(AgendaItem)
        .where(AgendaItem.meeting_id == meeting.id, AgendaItem.day > last)
        .values(day=last)
        .execution_options(synchronize_session="fetch")
    )


async def _take(
    tx: Transaction,
    meeting_id: int,
    step: Step,
    allowed: Callable[[MeetingRights], bool],
    *,
    times: tuple[datetime, datetime] | None = None,
    **facts: Any,
) -> Meeting:
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not allowed(rights):
        raise NotAllowed()
    after = next_state(meeting.state, step)
    if step is Step.REOPEN and not may_reopen(meeting.ended_at, tx.now):
        raise Conflict(*_REFUSAL[State.ENDED], state=meeting.state)
    before = await entities(tx.session, meeting_id)
    if step in _TOLD:
        await announcements.before_edit(tx, meeting)
        # Calendars go by it: what is put off or called off is another than they have.
        meeting.version += 1
    meeting.state = after
    if times is not None:
        meeting.starts_at, meeting.ends_at = times
        await _keep_days(tx, meeting)
        for follower in followers(tx):
            await follower.edited(tx, meeting)
    if step is Step.START:
        meeting.started_at = tx.now
    elif step is Step.END:
        meeting.ended_at = tx.now
        await stop_clock(tx, meeting_id)
    elif step is Step.REOPEN:
        meeting.ended_at = None
    elif step is Step.RETURN:
        meeting.started_at = None
        await forget_clock(tx, meeting_id)
    await tx.session.flush()
    if step in _TOLD:
        found = await announcements.since_told(tx, meeting)
        await announcements.make_known(tx, meeting, str(step), reason=facts["reason"], found=found)
    await record(tx, f"meeting.{step}", "meeting", meeting_id, **facts)
    await append(tx, meeting_id, f"meeting.{step}", changes_between(before, await entities(tx.session, meeting_id)))
    for follower in followers(tx):
        await follower.stepped(tx, meeting, step)
    return meeting
