"""What is meant for a delegate by name is read by who comes instead, and no longer by the delegate."""

from sqlalchemy import select

from server.core.transaction import Transaction
from server.meetings.models import Meeting
from server.papers.live import library_changed
from server.papers.models import AccessPolicy


async def person_replaced(tx: Transaction, meeting: Meeting, person_id: int, substitute_id: int) -> None:
    found = False
    for policy in await tx.session.scalars(select(AccessPolicy).where(AccessPolicy.meeting_id == meeting.id)):
        named = {entry["id"] for entry in policy.audience if entry["kind"] == "person"}
        if person_id in named:
            others = [entry for entry in policy.audience if entry != {"kind": "person", "id": person_id}]
            theirs = [] if substitute_id in named else [{"kind": "person", "id": substitute_id}]
            policy.audience = others + theirs
            policy.revision += 1
            found = True
    if found:
        await tx.session.flush()
        await library_changed(tx, meeting.id, "paper.policy-set")
