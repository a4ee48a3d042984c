"""Letting in at once everybody who waits at the door and stands on the list."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import select

from server.accounts.models import Person
from server.audit.actions import record
from server.core.fields import folded, spelling
from server.core.transaction import Transaction
from server.invitations.models import AccessRequest
from server.invitations.people import digits
from server.invitations.requests import WAITS
from server.invitations.rights import leads_or_presents, list_for_write
from server.invitations.schemas import RequestsLetIn
from server.meetings.models import Delegate


async def grant_listed(tx: Transaction, meeting_id: int) -> RequestsLetIn:
    """Each of those that wait here is let in as the delegate whom they name, if there is no doubt: one delegate is
    spelled so, nobody else asks by that name, and either the hall whose screen they scanned is the delegate's or the
    telephone is. A name alone proves nothing, and the way in opens that one's notes: everybody else is looked at one by
    one, as is who leads or presents."""
    meeting, rights = await list_for_write(tx, meeting_id)
    waiting = [
        request
        for request in await tx.session.scalars(
            select(AccessRequest)
            .where(
                AccessRequest.meeting_id == meeting_id,
                AccessRequest.state == "asked",
                AccessRequest.asked_at > tx.now - WAITS,
            )
            .order_by(AccessRequest.id)
        )
        if rights.covers(request.point_id)
    ]
    asking = Counter(spelling(request.full_name) for request in waiting)
    people = await _listed(tx, meeting_id, waiting)
    done = 0
    for request in waiting:
        name = spelling(request.full_name)
        meant = [each for each in people if spelling(each[1].full_name) == name and rights.covers(each[0].point_id)]
        if len(meant) != 1 or asking[name] > 1:
            continue
        [(delegate, person)] = meant
        here = request.point_id is not None and request.point_id == delegate.point_id
        known = bool(person.phone) and digits(person.phone or "") == digits(request.phone)
        if not (here or known) or await leads_or_presents(tx.session, meeting, person.id):
            continue
        request.state = "granted"
        request.delegate_id = delegate.id
        request.decided_at = tx.now
        request.decided_by = tx.actor.name[:200]
        done += 1
        await record(
            tx,
            "access.granted",
            "access-request",
            request.id,
            meeting_id=meeting_id,
            full_name=request.full_name,
            delegate_id=delegate.id,
        )
    return RequestsLetIn(let_in=done, left=len(waiting) - done)


async def _listed(tx: Transaction, meeting_id: int, waiting: Sequence[AccessRequest]) -> list[tuple[Delegate, Person]]:
    """Whoever on the list is called like one of them."""
    names = {folded(request.full_name)[:200] for request in waiting}
    rows = await tx.session.execute(
        select(Delegate, Person)
        .join(Person, Person.id == Delegate.person_id)
        .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None), Person.search_name.in_(names))
    )
    return [(delegate, person) for delegate, person in rows]
