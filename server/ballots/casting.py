"""Taking votes, many in one transaction. Each is judged for itself; whoever is answered has the vote on the disk."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.people import roster
from server.attendance.people.roster import Listed
from server.audit.actions import record
from server.ballots import entities
from server.ballots.electorate import seat_of
from server.ballots.errors import AlreadyVoted, BallotClosed, CountedInHall, NotPresent, NotVoter
from server.ballots.models import Ballot, SealedVote, Tally, Vote
from server.ballots.rules import rules_of
from server.ballots.schemas import ProgressEntity, VoteOut
from server.ballots.sealing import BallotKeys
from server.core.actor import SYSTEM, Actor
from server.core.errors import DomainError, Invalid, NotFound
from server.core.group_commit import GroupCommit
from server.core.services import Services
from server.core.transaction import Transaction
from server.live.log import append, put
from server.meetings.access import locked_meeting
from server.meetings.rights import MeetingRights, rights_of

PERIOD = 0.1
MOST = 500
_KEYS_KEPT = 20
"""So many changes of one open vote are remembered, so that a repeat of an old one is known."""


@dataclass(frozen=True, slots=True)
class CastRequest:
    actor: Actor
    at: datetime
    meeting_id: int
    marks: str
    key: str
    code: str | None = None


class VoteGroups:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._groups = GroupCommit(self._write, most=MOST, period=PERIOD)

    async def cast(self, ballot_id: int, request: CastRequest) -> VoteOut:
        """Returns once the vote is committed. Raises why it was refused."""
        return await self._groups.put(ballot_id, request)

    async def _write(self, ballot_id: int, requests: Sequence[CastRequest]) -> Sequence[VoteOut | Exception]:
        actor = requests[0].actor if len(requests) == 1 else SYSTEM
        async with self._services.transactions(actor) as tx:
            return await take(tx, ballot_id, requests)


async def take(tx: Transaction, ballot_id: int, requests: Sequence[CastRequest]) -> list[VoteOut | DomainError]:
    """An answer to each, in their order."""
    meeting_id = await tx.session.scalar(select(Ballot.meeting_id).where(Ballot.id == ballot_id))
    meeting = await locked_meeting(tx, meeting_id) if meeting_id is not None else None
    if meeting is None:
        return [NotFound() for _ in requests]
    ballot = await tx.session.get_one(Ballot, ballot_id, populate_existing=True)
    rights = await rights_of(tx.session, meeting, [request.actor for request in requests])
    wanted = {own.delegate_id for own in rights if own.delegate_id is not None}
    people = await roster.named(tx.session, meeting, wanted)
    group = _Group(tx, ballot, people, await counted_halls(tx.session, ballot_id))
    await group.know([seat for each in people.values() if (seat := seat_of(each)) is not None])
    answers: list[DomainError | None] = []
    for request, own in zip(requests, rights, strict=True):
        try:
            group.take(request, own)
            answers.append(None)
        except DomainError as error:
            answers.append(error)
    await group.write()
    number = await entities.voters(tx.session, ballot_id)
    return [error or VoteOut(voters=number) for error in answers]


async def counted_halls(session: AsyncSession, ballot_id: int) -> set[int]:
    """Halls whose count by hand or of papers is settled: nobody there votes by device any more."""
    found = select(Tally.point_id).where(Tally.ballot_id == ballot_id, Tally.state == "accepted")
    return set(await session.scalars(found))


def refusal(person: Listed | None, counted: set[int]) -> DomainError | None:
    """Why this person cannot vote now."""
    if person is None or seat_of(person) is None:
        return NotVoter()
    if not person.status.attending:
        return NotPresent()
    if person.status.point_id in counted:
        return CountedInHall()
    return None


class _Group:
    """What one transaction has read, and what it is going to write."""

    def __init__(self, tx: Transaction, ballot: Ballot, people: dict[int, Listed], counted: set[int]) -> None:
        self._tx = tx
        self._ballot = ballot
        self._rules = rules_of(ballot)
        self._people = people
        self._counted = counted
        self._votes: dict[int, Vote] = {}
        self._new: list[Vote] = []
        self._sealed: list[dict[str, object]] = []
        self._touched: set[int] = set()
        self._noted: list[list[int]] = []

    async def know(self, seats: Sequence[int]) -> None:
        """Votes that these seats have cast."""
        found = select(Vote).where(Vote.ballot_id == self._ballot.id, Vote.seat_id.in_(seats))
        self._votes = {vote.seat_id: vote for vote in await self._tx.session.scalars(found)}

    def take(self, request: CastRequest, rights: MeetingRights) -> None:
        """Raises what is wrong, and then has noted nothing."""
        ballot = self._ballot
        if not rights.view or request.meeting_id != ballot.meeting_id or ballot.state == "created":
            raise NotFound()
        person = self._people.get(rights.delegate_id) if rights.delegate_id is not None else None
        seat = seat_of(person) if person is not None else None
        before = self._votes.get(seat) if seat is not None else None
        if before is not None and request.key in before.keys:
            return  # a repeat: its answer was lost
        if ballot.state != "open":
            raise BallotClosed(state=ballot.state)
        if not ballot.devices:
            raise NotVoter()
        if (error := refusal(person, self._counted)) is not None:
            raise error
        assert person is not None  # noqa: S101
        assert seat is not None  # noqa: S101
        if not self._rules.possible(request.marks) or (ballot.secret and request.code is None):
            raise Invalid("Phiếu đánh dấu không đúng quy định của lượt biểu quyết này.", "That cannot be marked so.")
        if before is not None and ballot.secret:
            raise AlreadyVoted()
        self._note(request, person, seat, before)

    def _note(self, request: CastRequest, person: Listed, seat: int, before: Vote | None) -> None:
        ballot = self._ballot
        vote = before
        if vote is None:
            vote = Vote(ballot_id=ballot.id, seat_id=seat, keys=[])
            self._new.append(vote)
            self._votes[seat] = vote
        touched = {vote.point_id, person.status.point_id}
        vote.delegate_id = person.delegate_id
        vote.point_id = person.status.point_id
        vote.keys = [*vote.keys, request.key][-_KEYS_KEPT:]
        vote.marks = None if ballot.secret else request.marks
        vote.at = None if ballot.secret else request.at
        if ballot.secret:
            assert request.code is not None  # noqa: S101
            sealed = self._tx.components[BallotKeys].seal(ballot.id, request.marks, request.code)
            self._sealed.append({"id": secrets.token_bytes(16), "ballot_id": ballot.id, "sealed": sealed})
        self._touched |= {each for each in touched if each is not None}
        self._noted.append([seat, person.delegate_id])

    async def write(self) -> None:
        if not self._noted:
            return
        tx, ballot = self._tx, self._ballot
        tx.session.add_all(self._new)
        if self._sealed:
            await tx.session.execute(insert(SealedVote), sorted(self._sealed, key=lambda each: str(each["id"])))
        await tx.session.flush()
        # Who, never what: of an open ballot, too.
        await record(
            tx, "ballot.voted", "ballot", ballot.id, meeting_id=ballot.meeting_id, title=ballot.title, votes=self._noted
        )
        told = await entities.progress(tx.session, ballot.id, self._touched)
        told += [
            ProgressEntity(ballot_id=ballot.id, point_id=point_id, voted=0)
            for point_id in self._touched - {each.point_id for each in told}
        ]
        changes = [put(entities.PROGRESS, entities.progress_key(each), each) for each in told]
        await append(tx, ballot.meeting_id, "ballot.progress", changes)
