"""The end of a series: later meetings are called off together, drafts deleted; by a job, a meeting at a time."""

from server.audit.actions import record
from server.core.errors import Conflict, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.meetings import actions, lifecycle
from server.meetings.access import meeting_for_write
from server.meetings.models import Meeting
from server.meetings.planning.models import MeetingSeries
from server.meetings.planning.series import each_later, later_than

END_JOB = "series.end"
ENDED = ("draft", "invited", "postponed")


class StillMade(Conflict):
    code = "series-still-made"
    vi = "Các buổi của chuỗi còn đang được lập. Chờ lập xong rồi dừng chuỗi."
    en = "The meetings of the series are still being made. Wait until they are, then end it."


async def end(tx: Transaction, meeting_id: int, reason: str) -> int:
    """The meetings after this one are no more: drafts are deleted, of what was made known everybody concerned is told,
    with the reason. Returns how many. What is open or runs stays."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    series = await tx.session.get(MeetingSeries, meeting.series_id) if meeting.series_id is not None else None
    if series is not None and series.left > 0:
        raise StillMade()
    later = [each.id for each in await later_than(tx.session, meeting, ENDED)]
    if not later:
        return 0
    data = {"person_id": tx.actor.person_id, "meetings": later, "reason": reason, "done": 0}
    await enqueue(tx, END_JOB, data, owner=f"series-{meeting.series_id}")
    await record(tx, "series.ended", "meeting", meeting_id, count=len(later), reason=reason)
    return len(later)


async def end_later(services: Services, job: Job) -> None:
    """`END_JOB`."""

    async def end_one(tx: Transaction, meeting_id: int) -> None:
        await _end_one(tx, meeting_id, job.data["reason"])

    await each_later(services, job, end_one, "series.end-refused")


end_job = JobKind(END_JOB, end_later, first_pause=5.0)


async def _end_one(tx: Transaction, meeting_id: int, reason: str) -> None:
    meeting = await tx.session.get(Meeting, meeting_id)
    if meeting is None or meeting.state not in ENDED:
        return
    if meeting.state == "draft":
        await actions.delete_draft(tx, meeting_id)
    else:
        await lifecycle.cancel(tx, meeting_id, reason)
