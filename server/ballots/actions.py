"""A ballot's steps: put together, opened, closed, published. Each under the lock of the meeting's row."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.ballots import electorate, entities
from server.ballots.models import Ballot, Electorate, SealedVote, SecretChoice, Tally, Vote
from server.ballots.outcome import Counted, Outcome, Present, count
from server.ballots.rules import rules_of
from server.ballots.schemas import BallotWrite
from server.ballots.sealing import BallotKeys, KeyLost
from server.core.actor import Actor
from server.core.errors import Conflict, Invalid, NotAllowed, NotFound
from server.core.revisions import EditedMeanwhile
from server.core.transaction import Transaction
from server.live.log import append, gone
from server.live.protocol import Change
from server.meetings.access import meeting_for_write
from server.meetings.lifecycle import Step
from server.meetings.models import AgendaItem, Meeting
from server.meetings.rights import MeetingRights
from server.papers.models import Paper

MOST = 100
"""Ballots of a meeting."""


class WrongStep(Conflict):
    """Details: `state`."""

    code = "ballot-state"
    vi = "Lượt biểu quyết không ở trạng thái làm được việc này. Tải lại trang để xem thay đổi mới nhất."
    en = "This vote is not in a state that allows this. Reload to see the latest change."


def may_publish(meeting: Meeting, rights: MeetingRights, actor: Actor) -> bool:
    """The chair alone; who conducts, where a meeting has none."""
    return rights.conduct and (actor.system or meeting.chair_id in (None, actor.person_id))


async def create(tx: Transaction, meeting_id: int, write: BallotWrite) -> Ballot:
    meeting = await _conducted(tx, meeting_id)
    number = await tx.session.scalar(select(func.count()).select_from(Ballot).where(Ballot.meeting_id == meeting_id))
    if (number or 0) >= MOST:
        raise Conflict(
            f"Một cuộc họp có tối đa {MOST} lượt biểu quyết.", f"A meeting has at most {MOST} votes.", most=MOST
        )
    await _check(tx.session, meeting_id, write)
    ballot = Ballot(meeting_id=meeting.id, created_at=tx.now, **write.model_dump(exclude={"revision"}))
    tx.session.add(ballot)
    await tx.session.flush()
    await _record(tx, ballot, "ballot.created")
    await entities.tell(tx, ballot, "ballot.created")
    return ballot


async def edit(tx: Transaction, meeting_id: int, ballot_id: int, write: BallotWrite) -> Ballot:
    ballot = await _ballot(tx, meeting_id, ballot_id, "created")
    if write.revision is not None and write.revision != ballot.revision:
        current = entities.entity(ballot).model_dump(mode="json")
        raise EditedMeanwhile(revision=ballot.revision, current=current, changed_by="", changed_at="")
    await _check(tx.session, meeting_id, write)
    for name, value in write.model_dump(exclude={"revision"}).items():
        setattr(ballot, name, value)
    ballot.revision += 1
    await _record(tx, ballot, "ballot.edited")
    await entities.tell(tx, ballot, "ballot.edited")
    return ballot


async def remove(tx: Transaction, meeting_id: int, ballot_id: int) -> None:
    """One that nobody has been asked yet."""
    ballot = await _ballot(tx, meeting_id, ballot_id, "created")
    await _record(tx, ballot, "ballot.deleted")
    await tx.session.delete(ballot)
    await append(tx, meeting_id, "ballot.deleted", [gone(entities.PLANNED, ballot_id)])


async def open_ballot(tx: Transaction, meeting_id: int, ballot_id: int) -> Ballot:
    ballot = await _ballot(tx, meeting_id, ballot_id, "created")
    meeting = await tx.session.get_one(Meeting, meeting_id)
    if meeting.state != "running":
        raise Conflict(
            "Chỉ mở biểu quyết khi cuộc họp đang diễn ra.", "A vote opens while the meeting runs.", state=meeting.state
        )
    if ballot.secret and ballot.devices:
        # Before the commit: a key too many is swept away, one that is missing would lose votes.
        await asyncio.to_thread(tx.components[BallotKeys].make, ballot.id)
    ballot.state, ballot.opened_at = "open", tx.now
    ballot.revision += 1
    await _record(tx, ballot, "ballot.opened")
    await entities.tell(tx, ballot, "ballot.opened")
    return ballot


async def close(tx: Transaction, meeting_id: int, ballot_id: int) -> Ballot:
    """Freezes who could vote, and counts."""
    ballot = await _ballot(tx, meeting_id, ballot_id, "open")
    await _close(tx, ballot)
    return ballot


async def _close(tx: Transaction, ballot: Ballot) -> None:
    there = await tx.database.beside(lambda session: electorate.present(session, ballot.meeting_id))
    if ballot.secret and ballot.devices:
        await _unseal(tx, ballot)
    tx.session.add(
        Electorate(
            ballot_id=ballot.id,
            summoned=there.summoned,
            seats=[list(each) for each in there.seats.items()],
            heads=[list(each) for each in there.heads.items()],
        )
    )
    outcome = await counted(tx.session, ballot, there)
    ballot.outcome = outcome.model_dump(mode="json")
    ballot.state, ballot.closed_at = "closed", tx.now
    ballot.revision += 1
    await _record(tx, ballot, "ballot.closed", present=outcome.present, summoned=outcome.summoned)
    await entities.tell(tx, ballot, "ballot.closed", *await _no_progress(tx.session, ballot.id))
    _forget_key(tx, ballot)


async def counted(session: AsyncSession, ballot: Ballot, there: Present) -> Outcome:
    """From the rows alone: as often as anybody wants to count again. `there`: as frozen."""
    votes = (
        await session.execute(select(Vote.seat_id, Vote.point_id, Vote.marks).where(Vote.ballot_id == ballot.id))
    ).all()
    marks: Sequence[str] = [each.marks for each in votes]
    if ballot.secret:
        marks = list(await session.scalars(select(SecretChoice.marks).where(SecretChoice.ballot_id == ballot.id)))
    tallies = await session.scalars(select(Tally).where(Tally.ballot_id == ballot.id, Tally.state == "accepted"))
    halls = [Counted(each.point_id, each.kind, each.counts, each.issued, each.returned, each.void) for each in tallies]
    return count(rules_of(ballot), there, {each.seat_id: each.point_id for each in votes}, marks, halls)


async def _unseal(tx: Transaction, ballot: Ballot) -> None:
    of_ballot = SealedVote.ballot_id == ballot.id
    sealed = list(await tx.session.scalars(select(SealedVote.sealed).where(of_ballot)))
    keys = tx.components[BallotKeys]
    opened = await asyncio.to_thread(keys.open, ballot.id, sealed, len(ballot.options))
    if len(opened) != await entities.voters(tx.session, ballot.id):
        raise Conflict(
            "Số phiếu kín không khớp số người đã bỏ phiếu. Không đóng được; báo quản trị hệ thống.",
            "There are not as many secret ballots as people who cast one. Tell the administrator.",
        )
    if opened:
        rows = [
            {"id": secrets.token_bytes(16), "ballot_id": ballot.id, "code": code, "marks": marks}
            for marks, code in opened
        ]
        await tx.session.execute(insert(SecretChoice), rows)
    await tx.session.execute(delete(SealedVote).where(of_ballot))


async def publish(tx: Transaction, meeting_id: int, ballot_id: int) -> Ballot:
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not may_publish(meeting, rights, tx.actor):
        raise NotAllowed(
            "Chỉ chủ trì công bố kết quả biểu quyết.", "The result of a vote is published by the chair alone."
        )
    ballot = await _ballot(tx, meeting_id, ballot_id, "closed")
    ballot.state, ballot.published_at, ballot.shown = "published", tx.now, True
    ballot.revision += 1
    await _hide_others(tx, ballot)
    await _record(tx, ballot, "ballot.published", passed=(ballot.outcome or {}).get("passed"))
    await entities.tell(tx, ballot, "ballot.published")
    return ballot


async def show(tx: Transaction, meeting_id: int, ballot_id: int, *, shown: bool) -> Ballot:
    """The result stands on the screens, or does not any more."""
    ballot = await _ballot(tx, meeting_id, ballot_id, "published")
    if ballot.shown == shown:
        return ballot
    if shown:
        await _hide_others(tx, ballot)
    ballot.shown = shown
    await _record(tx, ballot, "ballot.shown" if shown else "ballot.hidden")
    await entities.tell(tx, ballot, "ballot.shown" if shown else "ballot.hidden")
    return ballot


async def void(tx: Transaction, meeting_id: int, ballot_id: int, reason: str) -> Ballot:
    """Called off: what was cast counts for nothing, and the question has to be put anew."""
    ballot = await _ballot(tx, meeting_id, ballot_id, "open", "closed")
    await _void(tx, ballot, reason)
    return ballot


async def _void(tx: Transaction, ballot: Ballot, reason: str) -> None:
    await tx.session.execute(delete(SealedVote).where(SealedVote.ballot_id == ballot.id))
    ballot.state, ballot.void_reason, ballot.shown = "void", reason[:300], False
    ballot.closed_at = ballot.closed_at or tx.now
    ballot.revision += 1
    await _record(tx, ballot, "ballot.void", reason=reason)
    await entities.tell(tx, ballot, "ballot.void", *await _no_progress(tx.session, ballot.id))
    _forget_key(tx, ballot)


async def meeting_stepped(tx: Transaction, meeting: Meeting, step: str) -> None:
    """What is still open closes with the meeting; what was voted on in a rehearsal counts for nothing."""
    found = select(Ballot).where(Ballot.meeting_id == meeting.id).order_by(Ballot.id)
    if step == Step.END:
        for ballot in await tx.session.scalars(found.where(Ballot.state == "open")):
            try:
                await _close(tx, ballot)
            except KeyLost as error:
                await _void(tx, ballot, error.vi)
    elif step == Step.RETURN:
        for ballot in await tx.session.scalars(found.where(Ballot.state.in_(("open", "closed", "published")))):
            await _void(tx, ballot, "Chạy thử")


async def items_going(tx: Transaction, meeting: Meeting, item_ids: frozenset[int]) -> None:
    """Agenda items are deleted: their ballots are the meeting's own."""
    found = select(Ballot).where(Ballot.meeting_id == meeting.id, Ballot.item_id.in_(item_ids))
    for ballot in await tx.session.scalars(found):
        ballot.item_id = None


def _forget_key(tx: Transaction, ballot: Ballot) -> None:
    if ballot.secret and ballot.devices:
        keys, ballot_id = tx.components[BallotKeys], ballot.id
        tx.after_commit(lambda: keys.destroy(ballot_id))


async def _no_progress(session: AsyncSession, ballot_id: int) -> list[Change]:
    return [
        gone(entities.PROGRESS, entities.progress_key(each)) for each in await entities.progress(session, ballot_id)
    ]


async def _hide_others(tx: Transaction, ballot: Ballot) -> None:
    """One result stands on the screens at a time."""
    found = select(Ballot).where(Ballot.meeting_id == ballot.meeting_id, Ballot.shown, Ballot.id != ballot.id)
    for other in (await tx.session.scalars(found)).all():
        other.shown = False
        await entities.tell(tx, other, "ballot.hidden")


async def _conducted(tx: Transaction, meeting_id: int) -> Meeting:
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.conduct:
        raise NotAllowed()
    return meeting


async def _ballot(tx: Transaction, meeting_id: int, ballot_id: int, *states: str) -> Ballot:
    await _conducted(tx, meeting_id)
    ballot = await tx.session.get(Ballot, ballot_id, populate_existing=True)
    if ballot is None or ballot.meeting_id != meeting_id:
        raise NotFound()
    if ballot.state not in states:
        raise WrongStep(state=ballot.state)
    return ballot


async def _check(session: AsyncSession, meeting_id: int, write: BallotWrite) -> None:
    said: dict[str, tuple[str, str]] = {}
    if len(set(write.options)) < len(write.options):
        said["options"] = ("Có hai lựa chọn trùng nhau.", "Two options are the same.")
    if write.kind == "question" and len(write.options) < 2:
        said["options"] = ("Cần ít nhất hai lựa chọn.", "At least two options are needed.")
    if write.kind == "question" and write.seats != 1:
        said["seats"] = ("Câu hỏi chỉ chọn một phương án.", "A question has one answer.")
    if write.kind == "election" and write.seats > len(write.options):
        said["seats"] = ("Số người được bầu nhiều hơn số ứng cử viên.", "More seats than candidates.")
    if not (write.devices or write.hands or write.papers):
        said["devices"] = ("Chọn ít nhất một cách biểu quyết.", "Choose at least one way to vote.")
    if write.secret and write.hands:
        said["hands"] = ("Bỏ phiếu kín không giơ tay.", "Hands are not secret.")
    if write.kind == "election" and write.hands and write.seats > 1:
        said["hands"] = ("Bầu nhiều người thì dùng phiếu, không giơ tay.", "Elect several by ballot, not by hands.")
    if write.item_id is not None:
        item = await session.get(AgendaItem, write.item_id)
        if item is None or item.meeting_id != meeting_id:
            raise NotFound()
    if write.paper_id is not None:
        paper = await session.get(Paper, write.paper_id)
        if paper is None or paper.meeting_id != meeting_id:
            raise NotFound()
    if said:
        raise Invalid.fields(said)


async def _record(tx: Transaction, ballot: Ballot, action: str, **facts: Any) -> None:
    await record(tx, action, "ballot", ballot.id, meeting_id=ballot.meeting_id, title=ballot.title, **facts)


async def swept(session: AsyncSession, keys: BallotKeys) -> None:
    """Keys of ballots that are not open are destroyed: the server was ended between a close and that."""
    kept = keys.kept()
    opened = set(await session.scalars(select(Ballot.id).where(Ballot.id.in_(kept), Ballot.state == "open")))
    for ballot_id in kept:
        if ballot_id not in opened:
            keys.destroy(ballot_id)
