"""Who hears of a substitute: those who decide, then the delegate and the one who comes."""

from collections.abc import Callable

from server.accounts.models import Person
from server.core.transaction import Transaction
from server.invitations import letters
from server.invitations.links import SEND_JOB, occasion_of, path_of
from server.invitations.requests import gatekeepers
from server.jobs.actions import enqueue
from server.meetings.models import Delegate, Meeting
from server.notifications.actions import Letter, notify, send_mails

PROPOSED, DECIDED, STEPPED_BACK = "reply.proposed", "reply.decided", "reply.stepped-back"
MAIL = "reply.decided"


async def proposed(tx: Transaction, meeting: Meeting, delegate: Delegate, substitute: str) -> None:
    person = await tx.session.get_one(Person, delegate.person_id)
    await notify(
        tx,
        await _deciding(tx, meeting),
        PROPOSED,
        data={"full_name": person.full_name, "substitute": substitute},
        path=f"/meetings/{meeting.id}/replies?state=proposed",
        meeting_id=meeting.id,
        replace=True,
    )


async def _deciding(tx: Transaction, meeting: Meeting) -> set[int]:
    deciding = await gatekeepers(tx.session, meeting, None)
    return deciding if meeting.chair_id is None else deciding | {meeting.chair_id}


async def stepped_back(
    tx: Transaction, meeting: Meeting, delegate: Delegate, substitute: Delegate, reason: str
) -> None:
    """The delegate is to answer anew; those who decide know that the seat is open."""
    person = await tx.session.get_one(Person, delegate.person_id)
    stand_in = await tx.session.get_one(Person, substitute.person_id)
    data = {"full_name": person.full_name, "substitute": stand_in.full_name, "reason": reason}
    for who, path in (
        (await _deciding(tx, meeting), f"/meetings/{meeting.id}/replies?state=none"),
        ({person.id}, path_of(meeting.id)),
    ):
        await notify(tx, who, STEPPED_BACK, data=data, path=path, meeting_id=meeting.id, replace=True)
    await _write(
        tx,
        meeting,
        delegate,
        person,
        lambda occasion, who: (
            letters.stepped_back_subject(occasion),
            letters.stepped_back_text(occasion, who, stand_in.full_name, reason),
        ),
    )


async def declined(tx: Transaction, meeting: Meeting, delegate: Delegate, reason: str) -> None:
    await _tell(tx, meeting, delegate, None, reason)


async def agreed(tx: Transaction, meeting: Meeting, delegate: Delegate, substitute: Delegate) -> None:
    """The substitute gets a personal link where there is an address for it; otherwise the organiser hands it out."""
    stand_in = await tx.session.get_one(Person, substitute.person_id)
    await _tell(tx, meeting, delegate, stand_in.full_name, "")
    if stand_in.email and meeting.state != "draft":
        by = {"person_id": tx.actor.person_id, "name": tx.actor.name}
        await enqueue(tx, SEND_JOB, {"meeting_id": meeting.id, "delegate_ids": [substitute.id], "by": by, "after": 0})


async def _tell(tx: Transaction, meeting: Meeting, delegate: Delegate, substitute: str | None, reason: str) -> None:
    person = await tx.session.get_one(Person, delegate.person_id)
    await notify(
        tx,
        {person.id},
        DECIDED,
        data={"agreed": substitute is not None, "substitute": substitute or "", "reason": reason},
        path=path_of(meeting.id),
        meeting_id=meeting.id,
        replace=True,
    )
    await _write(
        tx,
        meeting,
        delegate,
        person,
        lambda occasion, who: (
            letters.decided_subject(occasion, agreed=substitute is not None),
            letters.decided_text(occasion, who, substitute, reason),
        ),
    )


async def _write(
    tx: Transaction,
    meeting: Meeting,
    delegate: Delegate,
    person: Person,
    worded: Callable[[letters.Occasion, letters.Invited], tuple[str, str]],
) -> None:
    """An e-mail, where there is an address. `worded`: its subject and text."""
    if not person.email:
        return
    who = letters.Invited(person.full_name, person.title, delegate.role == "guest", place="")
    subject, text = worded(await occasion_of(tx.session, meeting), who)
    await send_mails(
        tx,
        [
            Letter(
                kind=MAIL,
                to_address=person.email,
                to_name=person.full_name,
                subject=subject,
                text=text,
                meeting_id=meeting.id,
                person_id=person.id,
            )
        ],
    )
