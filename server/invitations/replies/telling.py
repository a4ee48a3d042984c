"""Who hears of a substitute: those who decide, then the delegate and the one who comes."""

from server.accounts.models import Person
from server.core.transaction import Transaction
from server.invitations import letters
from server.invitations.links import SEND_JOB, occasion_of, path_of
from server.invitations.requests import gatekeepers
from server.jobs.actions import enqueue
from server.meetings.models import Delegate, Meeting
from server.notifications.actions import Letter, notify, send_mails

PROPOSED, DECIDED = "reply.proposed", "reply.decided"
MAIL = "reply.decided"


async def proposed(tx: Transaction, meeting: Meeting, delegate: Delegate, substitute: str) -> None:
    person = await tx.session.get_one(Person, delegate.person_id)
    deciding = await gatekeepers(tx.session, meeting, None)
    if meeting.chair_id is not None:
        deciding.add(meeting.chair_id)
    await notify(
        tx,
        deciding,
        PROPOSED,
        data={"full_name": person.full_name, "substitute": substitute},
        path=f"/meetings/{meeting.id}/replies?state=proposed",
        meeting_id=meeting.id,
        replace=True,
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
    if person.email:
        occasion = await occasion_of(tx.session, meeting)
        who = letters.Invited(person.full_name, person.title, delegate.role == "guest", place="")
        await send_mails(
            tx,
            [
                Letter(
                    kind=MAIL,
                    to_address=person.email,
                    to_name=person.full_name,
                    subject=letters.decided_subject(occasion, agreed=substitute is not None),
                    text=letters.decided_text(occasion, who, substitute, reason),
                    meeting_id=meeting.id,
                    person_id=person.id,
                )
            ],
        )
