"""Asking those again who have not answered: by a rule (so many days before), or now; in the organiser's own words."""

from datetime import datetime, time, timedelta

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import make_bound_links
from server.accounts.models import Person
from server.audit.actions import record
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.config import Settings
from server.core.database import in_parts
from server.core.errors import NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations import letters
from server.invitations.links import Listed, occasion_of, path_of
from server.invitations.replies.actions import NoRepliesNow
from server.invitations.replies.models import ReplyReminder
from server.invitations.replies.queries import TAKEN_IN, answered, state_of
from server.invitations.replies.schemas import ReplyRule, ReplyRuleWrite
from server.invitations.rights import list_for_write, list_rights
from server.invitations.sms.actions import text_some
from server.invitations.sms.wording import Wording
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings.link_validity import valid_until
from server.meetings.models import Delegate, Meeting
from server.notifications.actions import Letter, notify, send_mails
from server.organisations.models import BridgePoint, Unit

JOB = "replies.remind"
KIND = "reply.reminder"
AT = time(8, 0)
"""Of the day, in Việt Nam: nobody is written to at night."""
LOOKED_AFTER = timedelta(hours=3)
"""At the latest: a meeting may have been moved meanwhile."""
AT_ONCE = 25
NOW = 0
"""As a number of days: asked for by hand."""


async def reminders(session: AsyncSession, meeting_id: int, actor: Actor) -> ReplyRule:
    """The rule; for who keeps the lists."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    return _out(meeting, await session.get(ReplyReminder, meeting_id))


async def set_rule(tx: Transaction, meeting_id: int, write: ReplyRuleWrite) -> ReplyRule:
    meeting, rights = await list_for_write(tx, meeting_id)
    if not rights.everything:
        raise NotAllowed()
    row = await _row(tx, meeting_id)
    row.days, row.text, row.sms = sorted(set(write.days), reverse=True), write.text, write.sms
    await record(tx, "reply.reminders-set", "meeting", meeting_id, days=row.days, sms=row.sms)
    if row.days:
        await _look_again(tx, meeting_id, timedelta(seconds=1))
    return _out(meeting, row)


async def remind_now(tx: Transaction, meeting_id: int) -> None:
    """Everybody who has not answered is asked again soon. NoRepliesNow."""
    meeting, rights = await list_for_write(tx, meeting_id)
    if not rights.everything:
        raise NotAllowed()
    if meeting.state not in TAKEN_IN:
        raise NoRepliesNow()
    await _row(tx, meeting_id)
    data = {"meeting_id": meeting_id, "day": NOW, "after": 0, "name": tx.actor.name}
    await enqueue(tx, JOB, data, subject=f"remind-now-{meeting_id}")
    await record(tx, "reply.reminded", "meeting", meeting_id, day=NOW)


async def remind(services: Services, job: Job) -> None:
    """`JOB`: does what is due of a meeting's rule, and looks again later; or, with a `day`, goes on with that one."""
    meeting_id, day = job.data["meeting_id"], job.data.get("day")
    async with services.database.read() as session:
        meeting = await session.get(Meeting, meeting_id)
        rule = await session.get(ReplyReminder, meeting_id)
    if meeting is None or rule is None:
        return
    now = services.clock()
    by_rule = day is None
    if day is None and meeting.state in TAKEN_IN and now < meeting.starts_at:
        # Of several that are due, as of a rule set late, the last alone is sent.
        due = [each for each in rule.days if each not in rule.done and moment(meeting, each) <= now]
        day = min(due, default=None)
    try:
        if day is not None and meeting.state in TAKEN_IN:
            await _all(services, job, meeting_id, day)
    except JobLost:
        return
    async with services.transactions(Actor(system=True, name="system")) as tx:
        row = await tx.session.get(ReplyReminder, meeting_id)
        if row is None:
            return
        if day:
            row.done = sorted({*row.done, *(each for each in row.days if each >= day)}, reverse=True)
        if by_rule and now < meeting.starts_at and set(row.days) - set(row.done):
            await _look_again(tx, meeting_id, _pause(meeting, row, now))


remind_job = JobKind(JOB, remind, attempts=6, first_pause=30.0)


def moment(meeting: Meeting, days: int) -> datetime:
    """When the reminder of so many days before is due."""
    day = meeting.starts_at.astimezone(VIETNAM).date() - timedelta(days=days)
    return datetime.combine(day, AT, VIETNAM)


async def _all(services: Services, job: Job, meeting_id: int, day: int) -> None:
    """In parts, so that others write in between; who answers meanwhile is not asked."""
    by = Actor(system=True, name=job.data.get("name", "system"))
    silent = await services.database.beside(lambda session: _silent(session, meeting_id))
    left = [each for each in silent if each.delegate_id > job.data.get("after", 0)]
    for some in in_parts(left, AT_ONCE):
        async with services.transactions(by) as tx:
            meeting = await tx.session.get(Meeting, meeting_id)
            rule = await tx.session.get(ReplyReminder, meeting_id)
            if meeting is None or rule is None:
                return
            await _ask(tx, services.settings, meeting, some, rule.text)
            if rule.sms:
                others = [each for each in some if not each.email]
                await text_some(tx, services.settings, meeting, others, Wording("reminder", "", accents=False))
            await note_progress(tx, job, day=day, after=some[-1].delegate_id)


async def _ask(tx: Transaction, settings: Settings, meeting: Meeting, people: list[Listed], text: str) -> None:
    await notify(
        tx,
        [each.person_id for each in people],
        KIND,
        data={},
        path=path_of(meeting.id),
        meeting_id=meeting.id,
        replace=True,
    )
    reached = [each for each in people if each.email] if settings.smtp_url else []
    until = valid_until(meeting, tx.now)
    ids = [each.person_id for each in reached]
    links = await make_bound_links(tx, meeting.id, ids, next_path=path_of(meeting.id), expires_at=until)
    occasion = await occasion_of(tx.session, meeting)
    await send_mails(
        tx,
        [
            Letter(
                kind=KIND,
                to_address=each.email or "",
                to_name=each.who.full_name,
                subject=letters.reminder_subject(occasion),
                text=letters.reminder_text(occasion, each.who, settings.url + links[each.person_id].path, text),
                meeting_id=meeting.id,
                person_id=each.person_id,
                secret=True,
            )
            for each in reached
        ],
    )


async def _silent(session: AsyncSession, meeting_id: int) -> list[Listed]:
    columns = (
        Delegate.id,
        Delegate.person_id,
        Delegate.point_id,
        Person.email,
        Person.phone,
        Person.full_name,
        Person.title,
        Delegate.role,
        BridgePoint.name.label("point_name"),
        Unit.name.label("unit_name"),
    )
    rows = await session.execute(
        answered(*columns, meeting_id=meeting_id)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .outerjoin(Unit, Unit.id == BridgePoint.unit_id)
        .where(or_(state_of() == "none", state_of() == "declined"), Person.disabled_at.is_(None))
        .order_by(Delegate.id)
    )
    return [
        Listed(
            row.id,
            row.person_id,
            row.point_id,
            row.email,
            row.phone,
            letters.Invited(
                row.full_name, row.title, row.role == "guest", letters.place(row.point_name, row.unit_name)
            ),
        )
        for row in rows
    ]


async def _row(tx: Transaction, meeting_id: int) -> ReplyReminder:
    row = await tx.session.get(ReplyReminder, meeting_id)
    if row is None:
        row = ReplyReminder(meeting_id=meeting_id, days=[], text="", done=[], sms=False)
        tx.session.add(row)
        await tx.session.flush()
    return row


async def _look_again(tx: Transaction, meeting_id: int, delay: timedelta) -> None:
    await enqueue(tx, JOB, {"meeting_id": meeting_id}, subject=f"remind-{meeting_id}", delay=delay)


def _pause(meeting: Meeting, row: ReplyReminder, now: datetime) -> timedelta:
    wait = min(moment(meeting, day) - now for day in row.days if day not in row.done)
    return min(max(wait, timedelta(seconds=30)), LOOKED_AFTER)


def _out(meeting: Meeting, row: ReplyReminder | None) -> ReplyRule:
    return ReplyRule(
        days=row.days if row else [],
        text=row.text if row else "",
        sms=row.sms if row else False,
        done=row.done if row else [],
        at={str(day): moment(meeting, day) for day in (7, 3, 1)},
    )
