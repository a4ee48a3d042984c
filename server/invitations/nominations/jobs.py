"""Job "nominations.write": asks points for their lists and reminds them, some at a time. Job "nominations.look": when
the next reminder is due."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import SYSTEM, Actor
from server.core.database import in_parts
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations.letters import Occasion
from server.invitations.links import occasion_of
from server.invitations.nominations import keys, letters
from server.invitations.nominations.locks import closes_at
from server.invitations.nominations.models import Nomination, NominationCall
from server.invitations.nominations.queries import ASKED_IN, who_keeps
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings.models import Meeting, MemberPoint
from server.notifications.actions import Letter, notify, send_mails
from server.organisations.models import BridgePoint, Unit

WRITE_JOB, LOOK_JOB = "nominations.write", "nominations.look"
AT_ONCE = 25
LOOKED_AFTER = timedelta(hours=3)
"""At the latest: the deadline may have been moved meanwhile."""
Occurrence = Literal["asked", "reminded", "reopened", "contact"]


async def write_to(tx: Transaction, meeting_id: int, what: Occurrence, point_id: int | None = None) -> None:
    """All points, or the one; reminders to those that have not delivered. "contact": to the private link's alone."""
    by = {"person_id": tx.actor.person_id, "name": tx.actor.name}
    data = {"meeting_id": meeting_id, "what": what, "point_id": point_id, "by": by, "after": 0}
    await enqueue(tx, WRITE_JOB, data, owner=str(meeting_id))


async def look_again(tx: Transaction, call: NominationCall) -> None:
    left = [each for each in call.remind_hours if each not in call.done]
    if left:
        wait = call.deadline - timedelta(hours=max(left)) - tx.now
        delay = min(max(wait, timedelta(seconds=1)), LOOKED_AFTER)
        await enqueue(
            tx, LOOK_JOB, {"meeting_id": call.meeting_id}, subject=f"nominations-{call.meeting_id}", delay=delay
        )


async def look(services: Services, job: Job) -> None:
    """`LOOK_JOB`. Of several reminders that are due one goes out."""
    async with services.transactions(SYSTEM) as tx:
        meeting = await tx.session.get(Meeting, job.data["meeting_id"])
        call = await tx.session.get(NominationCall, job.data["meeting_id"])
        if meeting is None or call is None or call.locked_at is not None or call.deadline <= tx.now:
            return
        due = [
            each
            for each in call.remind_hours
            if each not in call.done and call.deadline - timedelta(hours=each) <= tx.now
        ]
        if due and meeting.state in ASKED_IN:
            call.done = sorted({*call.done, *due}, reverse=True)
            await write_to(tx, meeting.id, "reminded")
        await look_again(tx, call)


async def write(services: Services, job: Job) -> None:
    """`WRITE_JOB`. Whether the actor may was decided when it was asked for."""
    data = job.data
    meeting_id, what = data["meeting_id"], data["what"]
    async with services.database.read() as session:
        meeting = await session.get(Meeting, meeting_id)
        call = await session.get(NominationCall, meeting_id)
        if meeting is None or call is None or meeting.state not in ASKED_IN:
            return
        occasion = await occasion_of(session, meeting)
        left = await _points(session, meeting_id, what, data["point_id"], data["after"])
    by = Actor(person_id=data["by"]["person_id"], name=data["by"]["name"])
    try:
        for some in in_parts(left, AT_ONCE):
            async with services.transactions(by) as tx:
                await _tell(tx, services, meeting, call=call, occasion=occasion, what=what, some=some)
                await note_progress(tx, job, after=some[-1][0])
    except JobLost:
        return


write_job = JobKind(WRITE_JOB, write, first_pause=5.0)
look_job = JobKind(LOOK_JOB, look, attempts=6, first_pause=30.0)


async def _points(
    session: AsyncSession, meeting_id: int, what: str, point_id: int | None, after: int
) -> list[tuple[int, int]]:
    """(member's id, point's id) of those who are to be written to."""
    statement = (
        select(MemberPoint.id, MemberPoint.point_id)
        .outerjoin(
            Nomination,
            (Nomination.meeting_id == MemberPoint.meeting_id) & (Nomination.point_id == MemberPoint.point_id),
        )
        .where(MemberPoint.meeting_id == meeting_id, MemberPoint.id > after)
        .order_by(MemberPoint.id)
    )
    if point_id is not None:
        statement = statement.where(MemberPoint.point_id == point_id)
    if what == "reminded":
        statement = statement.where(Nomination.submitted_at.is_(None))
    return [(member, point) for member, point in await session.execute(statement)]


async def _tell(
    tx: Transaction,
    services: Services,
    meeting: Meeting,
    *,
    call: NominationCall,
    occasion: Occasion,
    what: Occurrence,
    some: Sequence[tuple[int, int]],
) -> None:
    ids = [point_id for _, point_id in some]
    places = (
        await tx.session.execute(
            select(BridgePoint.id, BridgePoint.name, Unit.path, Unit.name)
            .join(Unit, Unit.id == BridgePoint.unit_id)
            .where(BridgePoint.id.in_(ids))
            .order_by(BridgePoint.id)
        )
    ).all()
    rows = await _with_contacts(tx, meeting, ids)
    keepers = await who_keeps(tx.session, [path for _, _, path, _ in places])
    mails: list[Letter] = []
    of_keepers: defaultdict[tuple[int, str, str], list[tuple[letters.Asked, str]]] = defaultdict(list)
    site = services.settings.url
    for point_id, name, path, unit_name in places:
        row = rows.get(point_id)
        asked = letters.Asked(name, unit_name, closes_at(call, row))
        page = keys.page_of(meeting.id, point_id)
        if what != "contact" and keepers[path]:
            await notify(
                tx,
                [person_id for person_id, _, _ in keepers[path]],
                "nomination.asked",
                data={"title": meeting.title, "point": name, "until": asked.until.isoformat(), "what": what},
                path=page,
                meeting_id=meeting.id,
                replace=True,
            )
            for person_id, full_name, email in keepers[path]:
                if email:
                    of_keepers[person_id, full_name, email].append((asked, site + page))
        if row is not None and row.contact_email and row.salt:
            private = site + keys.link_of(services.settings, row)
            said: Any = letters.letter(occasion, call, what, row.contact_name, [(asked, private)], private=True)
            mails.append(Letter(to_address=row.contact_email, to_name=row.contact_name, secret=True, **said))
    for (person_id, full_name, email), theirs in of_keepers.items():
        said = letters.letter(occasion, call, what, full_name, theirs, private=False)
        mails.append(Letter(to_address=email, to_name=full_name, person_id=person_id, **said))
    if services.settings.smtp_url is not None:
        await send_mails(tx, [_of(meeting, each) for each in mails])


def _of(meeting: Meeting, letter: Letter) -> Letter:
    return Letter(
        kind=letter.kind,
        to_address=letter.to_address,
        to_name=letter.to_name,
        subject=letter.subject,
        text=letter.text,
        meeting_id=meeting.id,
        person_id=letter.person_id,
        secret=letter.secret,
    )


async def _with_contacts(tx: Transaction, meeting: Meeting, ids: Sequence[int]) -> dict[int, Nomination]:
    """The rows of these points. Who has none yet keeps the contact of the last meeting of the same unit."""
    found = await tx.session.scalars(
        select(Nomination).where(Nomination.meeting_id == meeting.id, Nomination.point_id.in_(ids))
    )
    rows = {row.point_id: row for row in found}
    missing = [each for each in ids if each not in rows]
    earlier = await tx.session.scalars(
        select(Nomination)
        .join(Meeting, Meeting.id == Nomination.meeting_id)
        .where(Meeting.unit_id == meeting.unit_id, Nomination.point_id.in_(missing), Nomination.contact_name != "")
        .order_by(Nomination.id)
    )
    for old in {each.point_id: each for each in earlier}.values():
        rows[old.point_id] = Nomination(
            meeting_id=meeting.id,
            point_id=old.point_id,
            contact_name=old.contact_name,
            contact_email=old.contact_email,
            contact_phone=old.contact_phone,
            salt=keys.new_salt(),
        )
        tx.session.add(rows[old.point_id])
    await tx.session.flush()
    return rows
