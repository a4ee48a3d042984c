"""Who answers an invitation that they cannot come is absent with leave, until they come after all."""

from server.attendance.people.check_in import CheckInRequest, take
from server.core.actor import Actor
from server.core.errors import DomainError
from server.core.transaction import Transaction
from server.meetings.models import Delegate


async def absence_told(tx: Transaction, meeting_id: int, delegate_id: int, reason: str | None) -> None:
    """`reason` None: they come after all. In whose name it is noted: the one who answered."""
    delegate = await tx.session.get_one(Delegate, delegate_id)
    # That the reply may be given was decided where it was taken.
    noted_by = Actor(person_id=tx.actor.person_id, name=tx.actor.name, system=True)
    request = CheckInRequest(
        actor=noted_by,
        at=tx.now,
        kind="leave" if reason is not None else "leave-withdrawn",
        how="by-hand",
        point_id=delegate.point_id,
        delegate_ids=(delegate_id,),
        reason=(reason or "")[:300],
    )
    [answer] = await take(tx, meeting_id, [request])
    if isinstance(answer, DomainError):
        raise answer
