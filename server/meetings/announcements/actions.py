"""What is made known of a meeting: each verb keeps what people know from then on, and has them told."""

from server.audit.actions import record
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.live.log import append
from server.meetings.access import meeting_for_write
from server.meetings.announcements import jobs
from server.meetings.announcements.facts import Facts, PlanChange, as_json, changes, facts_of
from server.meetings.announcements.models import Announcement
from server.meetings.announcements.queries import last_told
from server.meetings.hooks import announced
from server.meetings.live.entities import changes_between, entities
from server.meetings.models import Meeting


class NothingToAnnounce(Conflict):
    code = "nothing-to-announce"
    vi = "Không còn thay đổi nào chưa báo. Tải lại trang để xem bản mới nhất."
    en = "There is no change left to announce. Reload to see the latest."


async def keep(
    tx: Transaction, meeting: Meeting, kind: str, *, reason: str = "", found: list[PlanChange] | None = None
) -> Announcement:
    """Keeps it, and tells nobody yet."""
    made = Announcement(
        meeting_id=meeting.id,
        kind=kind,
        reason=reason,
        changes=as_json(found or []),
        told=(await facts_of(tx.session, meeting)).model_dump(mode="json"),
        by_id=tx.actor.person_id,
        at=tx.now,
    )
    tx.session.add(made)
    await tx.session.flush()
    return made


async def make_known(
    tx: Transaction, meeting: Meeting, kind: str, *, reason: str = "", found: list[PlanChange] | None = None
) -> Announcement:
    """Keeps it and has everybody concerned told, by a job."""
    made = await keep(tx, meeting, kind, reason=reason, found=found)
    await jobs.tell(tx, made)
    await announced(tx, meeting, kind)
    return made


async def since_told(tx: Transaction, meeting: Meeting) -> list[PlanChange]:
    told = await last_told(tx.session, meeting.id)
    if told is None:
        return []
    return await changes(tx.session, Facts.model_validate(told.told), await facts_of(tx.session, meeting))


async def before_edit(tx: Transaction, meeting: Meeting) -> None:
    """Of a meeting that was made known before anything was kept of it: what people know is how it stands now."""
    if meeting.state != "draft" and await last_told(tx.session, meeting.id) is None:
        await keep(tx, meeting, "invited")


async def announce_changes(tx: Transaction, meeting_id: int, *, note: str, silent: bool) -> None:
    """Tells everybody concerned what is another than they were told. `silent`: it is kept as known, and nobody is told.
    NothingToAnnounce if nothing is."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    if meeting.state in ("draft", "ended", "cancelled"):
        raise NothingToAnnounce()
    found = await since_told(tx, meeting)
    if not found:
        raise NothingToAnnounce()
    before = await entities(tx.session, meeting_id)
    if silent:
        await jobs.tell(tx, await keep(tx, meeting, "noted", found=found))
    else:
        await make_known(tx, meeting, "changed", reason=note, found=found)
    kind = "noted" if silent else "announced"
    await record(tx, f"meeting.{kind}", "meeting", meeting_id, changes=[each.what for each in found], reason=note)
    await append(tx, meeting_id, f"meeting.{kind}", changes_between(before, await entities(tx.session, meeting_id)))
