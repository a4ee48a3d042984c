"""Technicians whose hall has not passed its test are reminded: in the app, by e-mail, and by text message at the number
that the bridge point gives."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.audit.queries import last_change
from server.core.actor import Actor, Role
from server.core.clock import VIETNAM
from server.core.database import in_parts
from server.core.errors import Conflict, NotAllowed, TooMany
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations.nominations.queries import who_keeps
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings.access import meeting_for_write
from server.meetings.models import Meeting, MemberPoint
from server.notifications.actions import Letter, notify, send_mails
from server.notifications.sms.actions import Text, send_texts
from server.notifications.sms.numbers import mobile_of
from server.organisations.models import BridgePoint, Unit
from server.readiness.queries import counts_since, newest_tests

REMIND_JOB = "readiness.remind"
NOTICE = "readiness.untested"
_STATES = ("invited", "open")
_APART = timedelta(minutes=10)
_AT_ONCE = 25
_LETTER = """Kính gửi: {name}

{asked} cho cuộc họp sau.

    {title}
    Thời gian: {starts}

{how}

{unit}

Thư được gửi tự động, xin không trả lời.
"""


class NothingToTest(Conflict):
    code = "nothing-to-test"
    vi = "Chỉ nhắc được khi cuộc họp đã báo và chưa bắt đầu."
    en = "Reminders go out once the meeting is known, and until it starts."


async def remind(tx: Transaction, meeting_id: int) -> int:
    """Returns of how many points. TooMany within ten minutes of the last time."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    if meeting.state not in _STATES:
        raise NothingToTest()
    last = (await last_change(tx.session, "meeting.technicians-reminded", "meeting", meeting_id))["changed_at"]
    if last and tx.now - datetime.fromisoformat(last) < _APART:
        wait = _APART - (tx.now - datetime.fromisoformat(last))
        raise TooMany(retry_after=int(wait.total_seconds()) + 1)
    points = await untested(tx.session, meeting, await counts_since(tx.session, meeting, tx.now))
    if points:
        by = {"person_id": tx.actor.person_id, "name": tx.actor.name}
        data = {"meeting_id": meeting_id, "points": points, "by": by, "done": 0}
        await enqueue(tx, REMIND_JOB, data, owner=f"readiness-{meeting_id}")
        await record(tx, "meeting.technicians-reminded", "meeting", meeting_id, count=len(points))
    return len(points)


async def untested(session: AsyncSession, meeting: Meeting, since: datetime) -> list[int]:
    """Member points whose last test is not of the time that counts, or did not pass."""
    tests = await newest_tests(session, meeting.id)
    passed = {point_id for point_id, test in tests.items() if test.at >= since and not test.faults}
    members = await session.scalars(
        select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting.id).order_by(MemberPoint.id)
    )
    return [point_id for point_id in members if point_id not in passed]


async def write(services: Services, job: Job) -> None:
    """`REMIND_JOB`. Whether the actor may was decided when it was asked for."""
    data = job.data
    async with services.database.read() as session:
        meeting = await session.get(Meeting, data["meeting_id"])
        if meeting is None or meeting.state not in _STATES:
            return
        unit = await session.get_one(Unit, meeting.unit_id)
    by = Actor(person_id=data["by"]["person_id"], name=data["by"]["name"])
    done = data["done"]
    try:
        for some in in_parts(data["points"][done:], _AT_ONCE):
            done += len(some)
            async with services.transactions(by) as tx:
                await _tell(tx, services, meeting, unit.name, some)
                await note_progress(tx, job, done=done)
    except JobLost:
        return


remind_job = JobKind(REMIND_JOB, write, first_pause=5.0)


async def _tell(tx: Transaction, services: Services, meeting: Meeting, unit_name: str, points: Sequence[int]) -> None:
    rows = (
        await tx.session.execute(
            select(BridgePoint, Unit.path)
            .join(Unit, Unit.id == BridgePoint.unit_id)
            .where(BridgePoint.id.in_(points))
            .order_by(BridgePoint.id)
        )
    ).all()
    technicians = await who_keeps(tx.session, [path for _, path in rows], Role.TECHNICIAN)
    starts = f"{meeting.starts_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
    mails: list[Letter] = []
    texts: list[Text] = []
    for point, path in rows:
        people = technicians[path]
        await notify(
            tx,
            [person_id for person_id, _, _ in people],
            NOTICE,
            data={"title": meeting.title, "point": point.name},
            path=f"/meetings/{meeting.id}",
            meeting_id=meeting.id,
            replace=True,
        )
        asked = f"Điểm cầu {point.name} chưa kiểm tra máy"
        how = f"Mở {services.settings.url}/hall trên máy của điểm cầu và bấm “Kiểm tra máy”."
        mails += [
            Letter(
                kind=NOTICE,
                to_address=email,
                to_name=name,
                person_id=person_id,
                meeting_id=meeting.id,
                subject=f"{asked}: {meeting.title}"[:300],
                text=_LETTER.format(
                    name=name, asked=asked, title=meeting.title, starts=starts, how=how, unit=unit_name
                ),
            )
            for person_id, name, email in people
            if email
        ]
        mobile = mobile_of(point.contact_phone)
        if mobile is not None:
            said = f"{unit_name}: {asked} cho “{meeting.title[:60]}”, {starts}. {how}"
            name = point.contact_name or point.name
            texts.append(Text(kind=NOTICE, to_number=mobile, to_name=name, text=said, meeting_id=meeting.id))
    if services.settings.smtp_url is not None:
        await send_mails(tx, mails)
    await send_texts(tx, texts)
