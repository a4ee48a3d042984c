"""Reads of votes for pages."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.people import roster
from server.ballots import entities
from server.ballots.actions import may_publish
from server.ballots.casting import counted_halls, refusal
from server.ballots.electorate import seat_of
from server.ballots.models import Ballot, SecretChoice, Vote
from server.ballots.schemas import BallotEntity, BallotList, CodeOut, CodesOut, MyVote
from server.core.actor import Actor
from server.core.errors import NotFound
from server.meetings.access import visible_meeting
from server.meetings.models import Meeting
from server.meetings.rights import MeetingRights


async def of_meeting(session: AsyncSession, meeting_id: int, actor: Actor) -> BallotList:
    """Those that were opened; for who conducts, the prepared ones too."""
    meeting, rights = await _attended(session, meeting_id, actor)
    found = select(Ballot).where(Ballot.meeting_id == meeting_id).order_by(Ballot.id)
    if not rights.conduct:
        found = found.where(Ballot.state != "created")
    return BallotList(
        ballots=[entities.entity(each, conducts=rights.conduct) for each in await session.scalars(found)],
        may_conduct=rights.conduct,
        may_take=rights.oversee,
        may_publish=may_publish(meeting, rights, actor),
    )


async def one(session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor) -> BallotEntity:
    _meeting, rights, ballot = await visible_ballot(session, meeting_id, ballot_id, actor)
    return entities.entity(ballot, conducts=rights.conduct)


async def own(session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor) -> MyVote:
    meeting, rights, ballot = await visible_ballot(session, meeting_id, ballot_id, actor)
    person = None
    if rights.delegate_id is not None:
        person = (await roster.named(session, meeting, [rights.delegate_id])).get(rights.delegate_id)
    seat = seat_of(person) if person is not None else None
    vote = await session.get(Vote, (ballot.id, seat)) if seat is not None else None
    why = refusal(person, await counted_halls(session, ballot.id))
    return MyVote.model_validate(
        {
            "may": why is None,
            "reason": why.code if why is not None else "",
            "voted": vote is not None,
            "marks": vote.marks if vote is not None else None,
        }
    )


async def codes(
    session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor, *, code: str, offset: int, limit: int
) -> CodesOut:
    """Every secret vote as counted, by code; NotFound until the result is published."""
    _meeting, _rights, ballot = await visible_ballot(session, meeting_id, ballot_id, actor)
    if not ballot.secret or ballot.state != "published":
        raise NotFound()
    found = select(SecretChoice).where(SecretChoice.ballot_id == ballot_id)
    if code:
        found = found.where(SecretChoice.code.startswith(code, autoescape=True))
    total = await session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = await session.scalars(found.order_by(SecretChoice.code, SecretChoice.id).offset(offset).limit(limit))
    return CodesOut(total=total, codes=[CodeOut(code=each.code, marks=each.marks) for each in rows])


async def visible_ballot(
    session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor
) -> tuple[Meeting, MeetingRights, Ballot]:
    """NotFound for one that is only prepared, except for who conducts."""
    meeting, rights = await _attended(session, meeting_id, actor)
    ballot = await session.get(Ballot, ballot_id)
    if ballot is None or ballot.meeting_id != meeting_id or (ballot.state == "created" and not rights.conduct):
        raise NotFound()
    return meeting, rights, ballot


async def _attended(session: AsyncSession, meeting_id: int, actor: Actor) -> tuple[Meeting, MeetingRights]:
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not (rights.attend or rights.conduct):
        raise NotFound()
    return meeting, rights
