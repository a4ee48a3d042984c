"""What the organiser does: asks the points for their lists, reminds them, locks and reopens."""

from datetime import timedelta

from sqlalchemy import select, update

from server.audit.actions import record
from server.core.config import Settings
from server.core.errors import Conflict, Invalid, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.invitations.nominations import jobs, keys
from server.invitations.nominations.actions import row_for
from server.invitations.nominations.models import Nomination, NominationCall
from server.invitations.nominations.queries import ASKED_IN
from server.invitations.nominations.schemas import CallWrite, ContactWrite, Reopening
from server.invitations.rights import list_for_write
from server.meetings.models import Meeting, MemberPoint


class NotMadeKnown(Conflict):
    code = "nominations-not-now"
    vi = "Chỉ yêu cầu điểm cầu cử đại biểu khi cuộc họp đã công bố và chưa kết thúc. Công bố cuộc họp trước."
    en = "Points are asked for their delegates once the meeting is made known, and before it ends. Invite first."


async def ask(tx: Transaction, meeting_id: int, write: CallWrite) -> None:
    """Asks the points, the first time; later on changes the deadline and the words, and locked lists open again if it
    lies ahead."""
    meeting = await _organised(tx, meeting_id)
    if meeting.state not in ASKED_IN:
        raise NotMadeKnown()
    if write.deadline <= tx.now or write.deadline > meeting.ends_at:
        raise Invalid.fields(
            {
                "deadline": (
                    "Hạn nộp phải ở phía trước, và trước khi cuộc họp kết thúc.",
                    "The deadline must lie ahead, and before the meeting ends.",
                )
            }
        )
    call = await tx.session.get(NominationCall, meeting_id)
    first = call is None
    if call is None:
        call = NominationCall(meeting_id=meeting_id, asked_at=tx.now, done=[])
        tx.session.add(call)
    elif call.deadline != write.deadline:
        call.done, call.locked_at = [], None
    call.deadline, call.contact, call.note = write.deadline, write.contact, write.note
    call.remind_hours = sorted(set(write.remind_hours), reverse=True)
    # What is due before it was asked for would come on top of the first letter.
    call.done = [each for each in call.remind_hours if write.deadline - timedelta(hours=each) <= tx.now]
    await tx.session.flush()
    await record(tx, "nominations.asked", "meeting", meeting_id, deadline=write.deadline, first=first)
    if first:
        await jobs.write_to(tx, meeting_id, "asked")
    await jobs.look_again(tx, call)


async def remind(tx: Transaction, meeting_id: int) -> None:
    """Those who have not delivered, soon."""
    meeting = await _organised(tx, meeting_id)
    await _call(tx, meeting)
    await jobs.write_to(tx, meeting_id, "reminded")
    await record(tx, "nominations.reminded", "meeting", meeting_id)


async def lock_all(tx: Transaction, meeting_id: int) -> None:
    meeting = await _organised(tx, meeting_id)
    call = await _call(tx, meeting)
    call.locked_at = tx.now
    await tx.session.execute(
        update(Nomination)
        .where(Nomination.meeting_id == meeting_id, Nomination.open_until.is_not(None))
        .values(open_until=None)
        .execution_options(synchronize_session=False)
    )
    await record(tx, "nominations.locked", "meeting", meeting_id)


async def lock(tx: Transaction, meeting_id: int, point_id: int) -> None:
    row = await _row(tx, meeting_id, point_id)
    row.open_until, row.locked_at = None, tx.now
    await record(tx, "nomination.locked", "meeting", meeting_id, point_id=point_id)


async def reopen(tx: Transaction, meeting_id: int, point_id: int, write: Reopening) -> None:
    """For one point, until then; it is told so."""
    row = await _row(tx, meeting_id, point_id)
    if write.until <= tx.now:
        raise Invalid.fields({"until": ("Giờ mở lại phải ở phía trước.", "The time must lie ahead.")})
    row.open_until, row.locked_at = write.until, None
    await jobs.write_to(tx, meeting_id, "reopened", point_id)
    await record(tx, "nomination.reopened", "meeting", meeting_id, point_id=point_id, until=write.until)


async def set_contact(tx: Transaction, meeting_id: int, point_id: int, write: ContactWrite) -> None:
    """Who makes the point's list without an account. Another e-mail ends the link that went to the one before; the new
    one is written to."""
    row = await _row(tx, meeting_id, point_id)
    moved = write.email != row.contact_email
    row.contact_name, row.contact_email, row.contact_phone = write.full_name, write.email, write.phone
    if moved:
        row.salt, row.opened_at = keys.new_salt(), None
    await record(tx, "nomination.contact-set", "meeting", meeting_id, point_id=point_id, name=write.full_name)
    if moved and write.email:
        await jobs.write_to(tx, meeting_id, "contact", point_id)


async def link(tx: Transaction, settings: Settings, meeting_id: int, point_id: int, *, renew: bool) -> str:
    """Path of the point's private link, to be handed on."""
    row = await _row(tx, meeting_id, point_id)
    if renew or not row.salt:
        row.salt, row.opened_at = keys.new_salt(), None
    await record(tx, "nomination.link-made", "meeting", meeting_id, point_id=point_id, renewed=renew)
    return keys.link_of(settings, row)


async def _organised(tx: Transaction, meeting_id: int) -> Meeting:
    meeting, rights = await list_for_write(tx, meeting_id)
    if not rights.everything:
        raise NotAllowed()
    return meeting


async def _call(tx: Transaction, meeting: Meeting) -> NominationCall:
    call = await tx.session.get(NominationCall, meeting.id)
    if call is None or meeting.state not in ASKED_IN:
        raise NotMadeKnown()
    return call


async def _row(tx: Transaction, meeting_id: int, point_id: int) -> Nomination:
    await _call(tx, await _organised(tx, meeting_id))
    member = select(MemberPoint.id).where(MemberPoint.meeting_id == meeting_id, MemberPoint.point_id == point_id)
    if await tx.session.scalar(member) is None:
        raise NotFound()
    return await row_for(tx, meeting_id, point_id)
