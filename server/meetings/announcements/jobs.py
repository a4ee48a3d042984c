"""Job "meetings.announce": tells everybody concerned, in parts."""

from sqlalchemy import select

from server.accounts.actions.links import make_bound_links, prolong_bound_links
from server.accounts.models import AccessLink, Person
from server.core.actor import Actor
from server.core.database import in_parts
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import note_progress
from server.jobs.workers import JobKind
from server.meetings.address import address_of
from server.meetings.announcements import attaching, letters, recipients
from server.meetings.announcements.facts import Facts, PlanChange
from server.meetings.announcements.models import Announcement
from server.meetings.link_validity import valid_until
from server.meetings.models import Delegate, Meeting
from server.notifications.actions import Letter, notify, send_mails
from server.organisations.models import Unit

ANNOUNCE_JOB = "meetings.announce"
AT_ONCE = 50
NOTICE = "meeting."
"""Before the announcement's kind: "meeting.postponed"."""


async def tell(tx: Transaction, announcement: Announcement) -> None:
    by = {"person_id": tx.actor.person_id, "name": tx.actor.name}
    await enqueue(
        tx, ANNOUNCE_JOB, {"announcement_id": announcement.id, "by": by, "after": 0}, owner=str(announcement.meeting_id)
    )


async def announce(services: Services, job: Job) -> None:
    """Notices to all, e-mails to who has an address; links given out last as long after the new day as after the old.
    The invitation itself goes to the office alone: delegates get theirs as letters. Of what is noted alone nobody is
    told. Who was told before a crash is not told twice."""
    data = job.data
    by = Actor(person_id=data["by"]["person_id"], name=data["by"]["name"])
    async with services.database.read() as session:
        announcement = await session.get(Announcement, data["announcement_id"])
        if announcement is None:
            return
        meeting = await session.get_one(Meeting, announcement.meeting_id)
        unit = await session.get_one(Unit, meeting.unit_id)
        people = await recipients.office(session, meeting)
        listed = set() if announcement.kind == "invited" else await recipients.delegates(session, meeting.id)
        until = valid_until(meeting, services.clock())
    if announcement.kind == "noted":
        people = set()
    said = _said(services, meeting, unit, announcement)
    left = sorted(each for each in (people | listed) - {by.person_id} if each > data["after"])
    for some in in_parts(left, AT_ONCE):
        async with services.transactions(by) as tx:
            await prolong_bound_links(tx, meeting.id, some, until)
            if announcement.kind != "noted":
                await _notify(tx, meeting.id, said, [each for each in some if each in listed], delegates=True)
                await _notify(tx, meeting.id, said, [each for each in some if each not in listed], delegates=False)
            if services.settings.smtp_url is not None and announcement.kind not in ("invited", "noted"):
                await _mail(tx, services.settings.url, meeting, said, some)
            await note_progress(tx, job, after=some[-1])


announce_job = JobKind(ANNOUNCE_JOB, announce, first_pause=5.0)


def _said(services: Services, meeting: Meeting, unit: Unit, announcement: Announcement) -> letters.Said:
    told = Facts.model_validate(announcement.told)
    return letters.Said(
        kind=announcement.kind,
        meeting_kind=meeting.kind,
        title=told.title,
        unit_name=unit.name,
        when=letters.span(f"{told.starts_at.isoformat()}/{told.ends_at.isoformat()}"),
        reason=announcement.reason,
        changes=[PlanChange.model_validate(each) for each in announcement.changes],
        address=address_of(meeting.address, meeting.kind, unit.body),
        url=f"{services.settings.url}/meetings/{meeting.id}/delegate",
    )


async def _notify(tx: Transaction, meeting_id: int, said: letters.Said, people: list[int], *, delegates: bool) -> None:
    if not people:
        return
    path = f"/meetings/{meeting_id}"
    await notify(
        tx,
        people,
        f"{NOTICE}{said.kind}",
        data={
            "title": said.title,
            "kind": said.meeting_kind,
            "reason": said.reason,
            "changes": [each.model_dump(mode="json") for each in said.changes],
        },
        path=f"{path}/delegate" if delegates else path,
        meeting_id=meeting_id,
    )


async def _mail(tx: Transaction, site: str, meeting: Meeting, said: letters.Said, people: list[int]) -> None:
    meeting_id = meeting.id
    paths = await _links(tx, meeting, people) if said.kind != "cancelled" else {}
    guests = select(Delegate.person_id).where(
        Delegate.meeting_id == meeting_id, Delegate.role == "guest", Delegate.person_id.in_(people)
    )
    as_guests = set(await tx.session.scalars(guests))
    rows = await tx.session.scalars(
        select(Person).where(Person.id.in_(people), Person.email.is_not(None), Person.disabled_at.is_(None))
    )
    await send_mails(
        tx,
        [
            Letter(
                kind=f"{NOTICE}{said.kind}",
                to_address=person.email,
                to_name=person.full_name,
                subject=letters.subject(said),
                text=letters.text(
                    said,
                    person.full_name,
                    person.title,
                    guest=person.id in as_guests,
                    link=site + paths[person.id] if person.id in paths else None,
                ),
                meeting_id=meeting_id,
                person_id=person.id,
                secret=person.id in paths,
                attached={"kind": attaching.KIND},
            )
            for person in rows
            if person.email
        ],
    )


async def _links(tx: Transaction, meeting: Meeting, people: list[int]) -> dict[int, str]:
    """Paths of fresh personal links for those who have one that is still good: whoever was never given a way in, or had
    it taken away, does not get one with the news."""
    given = await tx.session.scalars(
        select(AccessLink.person_id)
        .where(
            AccessLink.meeting_id == meeting.id,
            AccessLink.person_id.in_(people),
            AccessLink.revoked_at.is_(None),
            AccessLink.expires_at > tx.now,
        )
        .distinct()
    )
    reached = [person_id for person_id in given if person_id is not None]
    if not reached:
        return {}
    until = valid_until(meeting, tx.now)
    made = await make_bound_links(
        tx, meeting.id, reached, next_path=f"/meetings/{meeting.id}/delegate", expires_at=until
    )
    return {person_id: each.path for person_id, each in made.items()}
