"""What of a vote goes to the live channel."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.ballots.models import Ballot, Vote
from server.ballots.outcome import Outcome
from server.ballots.schemas import BallotEntity, ProgressEntity
from server.core.transaction import Transaction
from server.live.log import append, gone, put
from server.live.protocol import Change

PUT = "ballots"
"""Those that were opened: everybody sees them."""
PLANNED = "ballots-planned"
"""Those that were not: for consoles."""
PROGRESS = "ballot-progress"
TOTAL = "all"


def entity(ballot: Ballot, *, conducts: bool = False) -> BallotEntity:
    """`conducts`: with an outcome that is not published yet."""
    told = ballot.state == "published" or (conducts and ballot.state == "closed")
    return BallotEntity(
        **{name: getattr(ballot, name) for name in BallotEntity.model_fields if name != "outcome"},
        outcome=Outcome.model_validate(ballot.outcome) if told and ballot.outcome is not None else None,
    )


async def tell(tx: Transaction, ballot: Ballot, kind: str, *more: Change) -> None:
    """The ballot has changed."""
    await tx.session.flush()
    if ballot.state == "created":
        changes = [put(PLANNED, ballot.id, entity(ballot))]
    else:
        changes = [put(PUT, ballot.id, entity(ballot))]
        if ballot.state == "open":
            changes.append(gone(PLANNED, ballot.id))
    await append(tx, ballot.meeting_id, kind, [*changes, *more])


async def voters(session: AsyncSession, ballot_id: int) -> int:
    return await session.scalar(select(func.count()).select_from(Vote).where(Vote.ballot_id == ballot_id)) or 0


async def progress(session: AsyncSession, ballot_id: int, halls: Collection[int] | None = None) -> list[ProgressEntity]:
    """Of these halls, or of all that have voters; the whole first."""
    by_hall = select(Vote.point_id, func.count()).where(Vote.ballot_id == ballot_id, Vote.point_id.is_not(None))
    if halls is not None:
        by_hall = by_hall.where(Vote.point_id.in_(halls))
    rows = await session.execute(by_hall.group_by(Vote.point_id))
    return [
        ProgressEntity(ballot_id=ballot_id, point_id=None, voted=await voters(session, ballot_id)),
        *(ProgressEntity(ballot_id=ballot_id, point_id=point_id, voted=number) for point_id, number in rows),
    ]


def progress_key(each: ProgressEntity) -> str:
    return f"{each.ballot_id}:{TOTAL if each.point_id is None else each.point_id}"
