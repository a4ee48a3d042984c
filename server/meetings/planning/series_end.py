"""The end of a series: later meetings are called off together, drafts deleted; by a job, a meeting at a time."""

from server.audit.actions import record
from server.core.errors import Conflict, DomainError, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings import actions, lifecycle
from server.meetings.access import meeting_for_write
from server.meetings.models import Meeting
from server.meetings.planning.models import MeetingSeries
from server.meetings.planning.series import actor_as_now, later_than

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
    """`END_JOB`: as who asked for it, with the rights they have now."""
    data = job.data
    ids: list[int] = data["meetings"]
    try:
        for index in range(data["done"], len(ids)):
            actor = await actor_as_now(services, data["person_id"])
            try:
                async with services.transactions(actor) as tx:
                    await _end_one(tx, ids[index], data["reason"])
                    await note_progress(tx, job, done=index + 1)
            except DomainError as refused:
                async with services.transactions(actor) as tx:
                    await record(tx, "series.end-refused", "meeting", ids[index], why=refused.vi)
                    await note_progress(tx, job, done=index + 1)
    except JobLost:
        return


end_job = JobKind(END_JOB, end_later, first_pause=5.0)


async def _end_one(tx: Transaction, meeting_id: int, reason: str) -> None:
    meeting = await tx.session.get(Meeting, meeting_id)
    if meeting is None or meeting.state not in ENDED:
        return
    if meeting.state == "draft":
        await actions.delete_draft(tx, meeting_id)
    else:
        await lifecycle.cancel(tx, meeting_id, reason)
