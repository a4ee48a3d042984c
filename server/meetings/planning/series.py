"""Series of meetings: made from one of them as drafts, and changed together from one on; by jobs, a meeting at a
time."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.queries import grants_of
from server.audit.actions import record
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings import actions
from server.meetings.access import meeting_for_write, visible_meeting
from server.meetings.hooks import followers
from server.meetings.models import AgendaItem, Meeting, MemberPoint
from server.meetings.planning.models import MeetingSeries
from server.meetings.planning.schemas import SeriesMeeting, SeriesOut, SeriesWrite
from server.meetings.schemas import AgendaWrite, MeetingPatch, MeetingWrite, MemberWrite
from server.organisations import queries as organisations

MAKE_JOB, FOLLOW_JOB = "series.make", "series.follow"
SHOWN_MOST = 200
_CHANGED = ("draft", "invited")
"""States of a later meeting that follow a change."""


class InSeries(Conflict):
    code = "in-series"
    vi = "Cuộc họp này đã thuộc một chuỗi định kỳ. Mở chuỗi để xem các buổi."
    en = "This meeting belongs to a series already. Open the series to see its meetings."


class NotInSeries(NotFound):
    code = "not-in-series"
    vi = "Cuộc họp này không thuộc chuỗi định kỳ nào."
    en = "This meeting is part of no series."


async def start(tx: Transaction, meeting_id: int, write: SeriesWrite) -> None:
    """The meeting becomes the first of a series, and those on the other days are made as drafts by a job."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    if meeting.series_id is not None:
        raise InSeries()
    first = meeting.starts_at.astimezone(VIETNAM).date()
    days = sorted(set(write.dates))
    if days[0] <= first:
        raise Invalid.fields(
            {"dates": ("Các ngày phải sau ngày của buổi này.", "The days must come after this meeting's.")}
        )
    series = MeetingSeries(
        unit_id=meeting.unit_id,
        every=write.every,
        title=write.title,
        lists=write.lists,
        left=len(days),
        made_at=tx.now,
    )
    tx.session.add(series)
    await tx.session.flush()
    meeting.series_id = series.id
    data = {
        "series_id": series.id,
        "source_id": meeting_id,
        "person_id": tx.actor.person_id,
        "days": [day.isoformat() for day in days],
        "done": 0,
    }
    await enqueue(tx, MAKE_JOB, data, owner=f"series-{series.id}")
    await record(tx, "series.made", "meeting", meeting_id, count=len(days), every=write.every, title=write.title)


async def follow(tx: Transaction, meeting_id: int) -> int:
    """The later meetings of the series become like this one, each on its own day; returns how many. A job changes them,
    and what was made known already is announced as any change is."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    later = [each.id for each in await later_than(tx.session, meeting, _CHANGED)]
    if not later:
        return 0
    data = {"source_id": meeting_id, "person_id": tx.actor.person_id, "meetings": later, "done": 0}
    await enqueue(tx, FOLLOW_JOB, data, owner=f"series-{meeting.series_id}")
    await record(tx, "series.followed", "meeting", meeting_id, count=len(later))
    return len(later)


async def series(session: AsyncSession, meeting_id: int, actor: Actor) -> SeriesOut:
    """The series that the meeting is part of, for who organises it. NotInSeries."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not rights.organise:
        raise NotAllowed()
    found = await session.get(MeetingSeries, meeting.series_id) if meeting.series_id is not None else None
    if found is None:
        raise NotInSeries()
    rows = await session.scalars(
        select(Meeting).where(Meeting.series_id == found.id).order_by(Meeting.starts_at, Meeting.id).limit(SHOWN_MOST)
    )
    return SeriesOut(
        every=found.every,
        title=found.title,
        left=found.left,
        following=len(await later_than(session, meeting, _CHANGED)),
        drafts_later=len(await later_than(session, meeting, ("draft",))),
        known_later=len(await later_than(session, meeting, ("invited", "postponed"))),
        meetings=[
            SeriesMeeting(id=each.id, title=each.title, state=each.state, starts_at=each.starts_at) for each in rows
        ],
    )


async def make(services: Services, job: Job) -> None:
    """`MAKE_JOB`: as who asked for it, with the rights they have now. A day that cannot be is passed over, and stands
    in the audit log."""
    data = job.data
    days: list[str] = data["days"]
    try:
        for index in range(data["done"], len(days)):
            actor = await actor_as_now(services, data["person_id"])
            if not await _make_one(services, job, actor, date.fromisoformat(days[index]), index + 1):
                return
    except JobLost:
        return


async def _make_one(services: Services, job: Job, actor: Actor, day: date, done: int) -> bool:
    """Whether the series is still there."""
    data = job.data
    try:
        async with services.transactions(actor) as tx:
            found = await _counted(tx, data["series_id"])
            source = await tx.session.get(Meeting, data["source_id"])
            if found is None or source is None:
                return False
            starts_at = on_day(source.starts_at, day)
            write = await _plan(tx.session, source)
            write = write.model_copy(
                update={
                    "title": titled(found.title, day),
                    "starts_at": starts_at,
                    "ends_at": starts_at + (source.ends_at - source.starts_at),
                }
            )
            meeting, _ = await actions.create(tx, write)
            meeting.series_id = found.id
            if found.lists:
                for follower in followers(tx):
                    await follower.copied(tx, meeting, source.id)
            await note_progress(tx, job, done=done)
    except DomainError as refused:
        async with services.transactions(actor) as tx:
            await _counted(tx, data["series_id"])
            await record(tx, "series.day-refused", "meeting", data["source_id"], day=day, why=refused.vi)
            await note_progress(tx, job, done=done)
    return True


async def change_following(services: Services, job: Job) -> None:
    """`FOLLOW_JOB`."""

    async def change(tx: Transaction, meeting_id: int) -> None:
        await _change_one(tx, job.data["source_id"], meeting_id)

    await each_later(services, job, change, "series.follow-refused")


async def each_later(
    services: Services, job: Job, act: Callable[[Transaction, int], Awaitable[None]], refused: str
) -> None:
    """`act` on each of the job's meetings that is left, as who asked for it, with the rights they have now. What is
    refused is in the audit log under the name `refused`, and the next meeting follows."""
    data = job.data
    ids: list[int] = data["meetings"]
    try:
        for index in range(data["done"], len(ids)):
            actor = await actor_as_now(services, data["person_id"])
            try:
                async with services.transactions(actor) as tx:
                    await act(tx, ids[index])
                    await note_progress(tx, job, done=index + 1)
            except DomainError as error:
                async with services.transactions(actor) as tx:
                    await record(tx, refused, "meeting", ids[index], why=error.vi)
                    await note_progress(tx, job, done=index + 1)
    except JobLost:
        return


make_job = JobKind(MAKE_JOB, make, first_pause=5.0)
follow_job = JobKind(FOLLOW_JOB, change_following, first_pause=5.0)


async def _change_one(tx: Transaction, source_id: int, meeting_id: int) -> None:
    source = await tx.session.get(Meeting, source_id)
    meeting = await tx.session.get(Meeting, meeting_id)
    if source is None or meeting is None or meeting.state not in _CHANGED:
        return
    found = await tx.session.get(MeetingSeries, meeting.series_id)
    plan = await _plan(tx.session, source)
    day = meeting.starts_at.astimezone(VIETNAM).date()
    if found is not None and found.every != "month":
        # Moved to another day of the week, all later ones move within their weeks.
        day += timedelta(days=source.starts_at.astimezone(VIETNAM).weekday() - day.weekday())
    starts_at = on_day(source.starts_at, day)
    kept = {
        item.title: item.id
        for item in await tx.session.scalars(select(AgendaItem).where(AgendaItem.meeting_id == meeting_id))
    }
    await actions.edit(
        tx,
        meeting_id,
        MeetingPatch(
            version=meeting.version,
            kind=plan.kind,
            description=plan.description,
            address=plan.address,
            starts_at=starts_at,
            ends_at=starts_at + (source.ends_at - source.starts_at),
            days=plan.days,
            main_point_id=plan.main_point_id,
            chair_id=plan.chair_id,
            secretary_id=plan.secretary_id,
            agenda=[item.model_copy(update={"id": kept.pop(item.title, None)}) for item in plan.agenda],
            points=plan.points,
            removed_people="online",
        ),
    )


async def later_than(session: AsyncSession, meeting: Meeting, states: Sequence[str]) -> list[Meeting]:
    """The meetings of its series that come after it and are in one of these states, the earliest first."""
    if meeting.series_id is None:
        return []
    found = await session.scalars(
        select(Meeting)
        .where(
            Meeting.series_id == meeting.series_id,
            Meeting.starts_at > meeting.starts_at,
            Meeting.state.in_(states),
        )
        .order_by(Meeting.starts_at)
    )
    return list(found)


async def _counted(tx: Transaction, series_id: int) -> MeetingSeries | None:
    found = await tx.session.get(MeetingSeries, series_id)
    if found is not None:
        found.left = max(found.left - 1, 0)
    return found


async def actor_as_now(services: Services, person_id: int) -> Actor:
    async with services.database.read() as session:
        person = await session.get_one(Person, person_id)
        return Actor(person_id=person_id, name=person.full_name, grants=await grants_of(session, person_id))


async def _plan(session: AsyncSession, source: Meeting) -> MeetingWrite:
    """The plan of a meeting as another one can have it: points and people that are gone are left out."""
    items = list(
        await session.scalars(
            select(AgendaItem).where(AgendaItem.meeting_id == source.id).order_by(AgendaItem.position)
        )
    )
    members = list(
        await session.scalars(select(MemberPoint).where(MemberPoint.meeting_id == source.id).order_by(MemberPoint.id))
    )
    open_points = await organisations.open_points(session, [member.point_id for member in members])
    people = await _active(session, [source.chair_id, source.secretary_id, *(item.presenter_id for item in items)])
    values = {name: getattr(source, name) for name in MeetingWrite.model_fields if hasattr(source, name)}
    return MeetingWrite.model_validate(
        {
            **values,
            "chair_id": source.chair_id if source.chair_id in people else None,
            "secretary_id": source.secretary_id if source.secretary_id in people else None,
            "agenda": [
                AgendaWrite.model_validate(
                    {
                        **{name: getattr(item, name) for name in AgendaWrite.model_fields},
                        "id": None,
                        "presenter_id": item.presenter_id if item.presenter_id in people else None,
                    }
                )
                for item in items
            ],
            "points": [
                MemberWrite(point_id=member.point_id, speaker=member.speaker)
                for member in members
                if member.point_id in open_points
            ],
        }
    )


async def _active(session: AsyncSession, ids: Sequence[int | None]) -> set[int | None]:
    wanted = {each for each in ids if each is not None}
    return set(await session.scalars(select(Person.id).where(Person.id.in_(wanted), Person.disabled_at.is_(None))))


def on_day(moment: datetime, day: date) -> datetime:
    """The same hour of the wall's clock on another day."""
    return datetime.combine(day, moment.astimezone(VIETNAM).time(), VIETNAM)


def titled(pattern: str, day: date) -> str:
    """ "Giao ban tuần {tuần}" on that day: "Giao ban tuần 48". Weeks are those of ISO 8601."""
    values = {
        "ngày": f"{day.day}/{day.month}/{day.year}",
        "tuần": str(day.isocalendar().week),
        "tháng": str(day.month),
        "quý": ("I", "II", "III", "IV")[(day.month - 1) // 3],
        "năm": str(day.year),
    }
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern[:300]
