"""Answering an invitation, and deciding about who is proposed in somebody's stead."""

from sqlalchemy import select

from server.audit.actions import record
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.invitations.delegates import substitute_for, take_off
from server.invitations.hooks import ReplyHooks
from server.invitations.replies import telling
from server.invitations.replies.models import Reply, ReplyKind
from server.invitations.replies.queries import TAKEN_IN, last_reply, my_reply, stands_for, state_of_one
from server.invitations.replies.schemas import Decision, MyReply, ReplyDone, ReplyState, ReplyWrite
from server.invitations.rights import MeetingOver, list_rights
from server.meetings.access import meeting_for_write
from server.meetings.actions import hand_over_part
from server.meetings.models import Delegate, Meeting

_AWAY: frozenset[ReplyState] = frozenset({"absent", "substitute"})
_KINDS: dict[str, ReplyKind] = {"accepted": "accepted", "absent": "absent", "substitute": "proposed"}


class NoRepliesNow(Conflict):
    code = "no-replies-now"
    vi = "Cuộc họp này hiện không nhận trả lời. Liên hệ ban tổ chức nếu cần báo thay đổi."
    en = "This meeting takes no replies now. Tell the organiser if something has changed."


class OnlyAbsence(Conflict):
    code = "only-absence"
    vi = "Đồng chí dự thay người khác. Nếu không dự được, chọn báo vắng; việc khác xin báo ban tổ chức."
    en = "You come in somebody's stead. If you cannot, say that you are absent; tell the organiser of anything else."


class Represented(Conflict):
    code = "represented"
    vi = "Đã có người được đồng ý dự thay. Muốn đổi, xin báo ban tổ chức bỏ người dự thay trước."
    en = "Somebody has been agreed to come instead. To change that, ask the organiser to take that person off first."


class NothingProposed(Conflict):
    code = "nothing-proposed"
    vi = "Đề nghị dự thay này đã được giải quyết hoặc đã đổi. Tải lại danh sách để xem."
    en = "This proposal has been decided or changed meanwhile. Reload the list."


class NotRepresented(Conflict):
    code = "not-represented"
    vi = "Đại biểu này không còn ai dự thay. Tải lại danh sách để xem."
    en = "Nobody comes in this delegate's stead any more. Reload the list."


async def reply(tx: Transaction, meeting_id: int, write: ReplyWrite) -> MyReply:
    """The actor's own answer; a later one counts instead. A substitute has one answer alone, that they do not come, and
    is off the list with it. NotFound for who is not on it."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    delegate = await tx.session.get(Delegate, rights.delegate_id) if rights.delegate_id is not None else None
    if delegate is None:
        raise NotFound()
    if delegate.substitutes_id is not None:
        return await _step_back(tx, meeting, delegate, write)
    await _answer(tx, meeting, delegate, write, "account" if tx.actor.only_meetings is None else "link")
    return await my_reply(tx.session, meeting_id, tx.actor)


async def _step_back(tx: Transaction, meeting: Meeting, substitute: Delegate, write: ReplyWrite) -> MyReply:
    if meeting.state not in TAKEN_IN:
        raise NoRepliesNow()
    if write.answer != "absent":
        raise OnlyAbsence()
    represented = await tx.session.get_one(Delegate, substitute.substitutes_id)
    said = await stands_for(tx.session, substitute)
    await record(tx, "reply.stepped-back", "delegate", substitute.id, meeting_id=meeting.id, reason=write.reason)
    await take_off(tx, substitute)
    await telling.stepped_back(tx, meeting, represented, substitute, write.reason)
    return said.model_copy(update={"state": "absent", "may_reply": False, "reason": write.reason, "at": tx.now})


async def reply_for(tx: Transaction, delegate_id: int, write: ReplyWrite) -> ReplyDone:
    """What a delegate said by telephone, noted by who keeps the list. A substitute named by who may decide is agreed to
    with it."""
    delegate = await tx.session.get(Delegate, delegate_id)
    if delegate is None:
        raise NotFound()
    meeting, rights = await meeting_for_write(tx, delegate.meeting_id)
    _, lists = await list_rights(tx.session, meeting.id, tx.actor)
    await tx.session.refresh(delegate)
    if delegate.removed_at is not None or delegate.substitutes_id is not None:
        raise NotFound()
    if not lists.covers(delegate.point_id):
        raise NotAllowed()
    await _answer(tx, meeting, delegate, write, "by-hand")
    if write.answer == "substitute" and rights.conduct and lists.everything:
        await _agree(tx, meeting, delegate)
    return ReplyDone(delegate_id=delegate_id, state=await state_of_one(tx.session, delegate))


async def decide(tx: Transaction, delegate_id: int, decision: Decision) -> ReplyDone:
    """Consent to the substitute whom this delegate has proposed, or not. For who leads the meeting or organises it."""
    delegate = await tx.session.get(Delegate, delegate_id)
    if delegate is None:
        raise NotFound()
    meeting, rights = await meeting_for_write(tx, delegate.meeting_id)
    if not rights.conduct:
        raise NotAllowed()
    await tx.session.refresh(delegate)
    if delegate.removed_at is not None or await state_of_one(tx.session, delegate) != "proposed":
        raise NothingProposed()
    if decision.agree:
        await _agree(tx, meeting, delegate)
    else:
        proposed = await last_reply(tx.session, delegate)
        await _write(tx, meeting, delegate, "declined", "by-hand", reason=decision.reason, of=proposed)
        await telling.declined(tx, meeting, delegate, decision.reason)
    return ReplyDone(delegate_id=delegate_id, state=await state_of_one(tx.session, delegate))


async def take_back(tx: Transaction, delegate_id: int) -> ReplyDone:
    """The substitute of this delegate does not come: seat, papers and word go back, and the delegate is asked anew. For
    who leads the meeting or organises it."""
    delegate = await tx.session.get(Delegate, delegate_id)
    if delegate is None:
        raise NotFound()
    meeting, rights = await meeting_for_write(tx, delegate.meeting_id)
    if not rights.conduct:
        raise NotAllowed()
    stands_in = await tx.session.scalar(
        select(Delegate).where(Delegate.substitutes_id == delegate.id, Delegate.removed_at.is_(None))
    )
    if stands_in is None:
        raise NotRepresented()
    if meeting.state == "ended":
        raise MeetingOver()
    await take_off(tx, stands_in)
    return ReplyDone(delegate_id=delegate_id, state=await state_of_one(tx.session, delegate))


async def _answer(tx: Transaction, meeting: Meeting, delegate: Delegate, write: ReplyWrite, how: str) -> None:
    if meeting.state not in TAKEN_IN:
        raise NoRepliesNow()
    before = await state_of_one(tx.session, delegate)
    if before == "substitute":
        raise Represented()
    kind = _KINDS[write.answer]
    said = await last_reply(tx.session, delegate)
    proposed = write.substitute
    line = Reply(
        kind=kind,
        reason=write.reason,
        full_name=proposed.full_name if proposed else "",
        title=proposed.title if proposed else "",
        email=proposed.email if proposed else None,
        phone=proposed.phone if proposed else None,
    )
    if said is not None and _same(said, line):
        return
    await _write(tx, meeting, delegate, kind, how, reason=write.reason, of=line)
    if kind == "absent":
        await _absent(tx, meeting, delegate, write.reason)
    elif before in _AWAY:
        await _absent(tx, meeting, delegate, None)
    if kind == "proposed" and how != "by-hand":
        await telling.proposed(tx, meeting, delegate, line.full_name)


def _same(one: Reply, other: Reply) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("kind", "reason", "full_name", "title", "email", "phone")
    )


async def _write(
    tx: Transaction, meeting: Meeting, delegate: Delegate, kind: ReplyKind, how: str, *, reason: str, of: Reply | None
) -> None:
    tx.session.add(
        Reply(
            meeting_id=meeting.id,
            delegate_id=delegate.id,
            kind=kind,
            reason=reason,
            full_name=of.full_name if of else "",
            title=of.title if of else "",
            email=of.email if of else None,
            phone=of.phone if of else None,
            at=tx.now,
            how=how,
            by_id=tx.actor.person_id,
            by_name=tx.actor.name[:200],
        )
    )
    await tx.session.flush()
    await record(tx, f"reply.{kind}", "delegate", delegate.id, meeting_id=meeting.id, how=how)


async def _absent(tx: Transaction, meeting: Meeting, delegate: Delegate, reason: str | None) -> None:
    for follow in tx.components[ReplyHooks].absent:
        await follow(tx, meeting.id, delegate.id, reason)


async def _agree(tx: Transaction, meeting: Meeting, delegate: Delegate) -> None:
    """The substitute gets the seat in the hall, the papers meant for the delegate, and the items that the delegate was
    to present; the delegate is absent with leave."""
    proposed = await last_reply(tx.session, delegate)
    if proposed is None or proposed.kind != "proposed":
        raise NothingProposed()
    substitute = await substitute_for(
        tx,
        meeting,
        delegate,
        full_name=proposed.full_name,
        title=proposed.title,
        email=proposed.email,
        phone=proposed.phone,
    )
    await _write(tx, meeting, delegate, "agreed", "by-hand", reason="", of=proposed)
    await hand_over_part(tx, meeting, delegate, substitute)
    for follow in tx.components[ReplyHooks].replaced:
        await follow(tx, meeting, delegate.person_id, substitute.person_id)
    await _absent(tx, meeting, delegate, f"Có người dự thay: {proposed.full_name}")
    await telling.agreed(tx, meeting, delegate, substitute)
