"""What halls count: raised hands, paper ballots. Figures count once a second person has entered the same, or the
secretary or who conducts has countersigned them; and only of those who have not voted by device."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.ballots import electorate
from server.ballots.actions import WrongStep
from server.ballots.errors import TooManyCounted
from server.ballots.models import Ballot, Tally, Vote
from server.ballots.schemas import CountState, HallFigures, HallsOut, HallTally, TallyOut, TallyWrite
from server.core.actor import Actor
from server.core.errors import Conflict, Invalid, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write, visible_meeting
from server.meetings.models import Meeting, MemberPoint
from server.meetings.rights import MeetingRights
from server.organisations.models import BridgePoint

STANDING = ("entered", "accepted")


class Settled(Conflict):
    code = "tally-settled"
    vi = "Số đếm của điểm cầu này đã chốt. Rút số đã chốt rồi nhập lại."
    en = "This hall's count is settled. Withdraw it, then enter it again."


async def enter(tx: Transaction, meeting_id: int, ballot_id: int, point_id: int, write: TallyWrite) -> None:
    """The same figures from a second person settle it; other ones stand beside, until two agree or one is
    countersigned."""
    meeting, _rights, ballot = await _counting(tx, meeting_id, ballot_id, point_id)
    if not (ballot.hands if write.kind == "hands" else ballot.papers):
        raise WrongStep(state=ballot.state)
    _check(ballot, write)
    standing = await _standing(tx.session, ballot_id, point_id)
    if any(each.state == "accepted" and each.kind == write.kind for each in standing):
        raise Settled()
    issued = sum(write.counts) if write.kind == "hands" else write.issued or 0
    entered = Tally(
        ballot_id=ballot_id,
        point_id=point_id,
        kind=write.kind,
        counts=write.counts,
        issued=issued,
        returned=issued if write.kind == "hands" else write.returned or 0,
        void=0 if write.kind == "hands" else write.void,
        state="entered",
        at=tx.now,
        by_id=tx.actor.person_id,
        by_name=tx.actor.name[:200],
    )
    for each in standing:
        if each.kind == write.kind and each.by_id == entered.by_id:
            each.state = "replaced"
    tx.session.add(entered)
    await tx.session.flush()
    await _record(tx, ballot, "ballot.counted", entered)
    same = [each for each in standing if each.state == "entered" and _same(each, entered)]
    if same:
        await _accept(tx, meeting, ballot, entered, (same[0].by_id, same[0].by_name))


async def countersign(tx: Transaction, meeting_id: int, ballot_id: int, tally_id: int) -> None:
    """By the hall's secretary or who conducts, and not by who entered it."""
    meeting, rights, ballot, tally = await _one(tx, meeting_id, ballot_id, tally_id)
    if not _may_confirm(rights, tally.point_id):
        raise NotAllowed()
    if tally.state == "accepted":
        return
    if tally.by_id == tx.actor.person_id:
        raise NotAllowed(
            "Người nhập số không tự xác nhận. Nhờ người thứ hai nhập lại hoặc xác nhận.",
            "Who entered the figures does not confirm them. Let a second person do it.",
        )
    standing = await _standing(tx.session, ballot_id, tally.point_id)
    if any(each.state == "accepted" and each.kind == tally.kind for each in standing):
        raise Settled()
    await _accept(tx, meeting, ballot, tally, (tx.actor.person_id, tx.actor.name[:200]))


async def withdraw(tx: Transaction, meeting_id: int, ballot_id: int, tally_id: int) -> None:
    """By who may count there: the hall's figures are entered again."""
    _meeting, _rights, ballot, tally = await _one(tx, meeting_id, ballot_id, tally_id)
    if tally.state in STANDING:
        tally.state = "withdrawn"
        await _record(tx, ballot, "ballot.count_withdrawn", tally)


async def of_hall(session: AsyncSession, meeting_id: int, ballot_id: int, point_id: int, actor: Actor) -> HallTally:
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    ballot = await session.get(Ballot, ballot_id)
    if ballot is None or ballot.meeting_id != meeting_id or ballot.state == "created":
        raise NotFound()
    if not _may_count(rights, point_id):
        raise NotAllowed()
    point = await _member(session, meeting_id, point_id)
    people = (await electorate.hall(session, meeting, point_id)).people
    voted = await _voted(session, ballot_id, point_id)
    tallies = await _standing(session, ballot_id, point_id)
    return HallTally(
        point_id=point_id,
        name=point.name,
        people=people,
        voted=voted,
        to_count=max(0, people - voted),
        tallies=[_out(each, actor) for each in reversed(tallies)],
        may_confirm=_may_confirm(rights, point_id),
    )


async def of_ballot(
    session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor, *, state: CountState, offset: int, limit: int
) -> HallsOut:
    """How far the halls are, for who oversees the meeting."""
    _meeting, rights = await visible_meeting(session, meeting_id, actor)
    ballot = await session.get(Ballot, ballot_id)
    if ballot is None or ballot.meeting_id != meeting_id or ballot.state == "created":
        raise NotFound()
    if not rights.oversee:
        raise NotAllowed()
    standing: dict[int, list[Tally]] = {}
    found = select(Tally).where(Tally.ballot_id == ballot_id, Tally.state.in_(STANDING)).order_by(Tally.id.desc())
    for each in await session.scalars(found):
        standing.setdefault(each.point_id, []).append(each)
    members = await session.execute(
        select(BridgePoint.id, BridgePoint.name)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id)
        .order_by(BridgePoint.name, BridgePoint.id)
    )
    halls: dict[CountState, list[HallFigures]] = {"missing": [], "waiting": [], "settled": []}
    for point_id, name in members:
        tallies = standing.get(point_id, [])
        waiting = any(each.state == "entered" for each in tallies)
        stands: CountState = "waiting" if waiting else "settled" if tallies else "missing"
        out = [_out(each, actor) for each in tallies]
        halls[stands].append(HallFigures(point_id=point_id, name=name, state=stands, tallies=out))
    return HallsOut(
        missing=len(halls["missing"]),
        waiting=len(halls["waiting"]),
        settled=len(halls["settled"]),
        halls=halls[state][offset : offset + limit],
    )


def _out(tally: Tally, actor: Actor) -> TallyOut:
    return TallyOut.model_validate(
        {
            **{name: getattr(tally, name) for name in TallyOut.model_fields if name != "own"},
            "own": tally.by_id == actor.person_id,
        }
    )


def _check(ballot: Ballot, write: TallyWrite) -> None:
    if len(write.counts) != len(ballot.options):
        raise Invalid.fields({"counts": ("Thiếu số của một lựa chọn.", "A figure is missing.")})
    if write.kind == "hands":
        return
    said: dict[str, tuple[str, str]] = {}
    issued, returned = write.issued or 0, write.returned or 0
    valid = returned - write.void
    if returned > issued:
        said["returned"] = ("Thu về nhiều hơn phát ra.", "More came back than were handed out.")
    elif valid < 0:
        said["void"] = ("Phiếu không hợp lệ nhiều hơn phiếu thu về.", "More are void than came back.")
    elif ballot.kind == "question" and sum(write.counts) != valid:
        said["counts"] = (
            f"Cộng các lựa chọn phải bằng số phiếu hợp lệ ({valid}).",
            f"The options must add up to the valid papers ({valid}).",
        )
    elif ballot.kind == "election" and (
        max(write.counts) > valid or not valid <= sum(write.counts) <= valid * ballot.seats
    ):
        said["counts"] = (
            f"Mỗi người nhiều nhất {valid} phiếu, cộng lại từ {valid} đến {valid * ballot.seats}.",
            f"At most {valid} each, and from {valid} to {valid * ballot.seats} in all.",
        )
    if said:
        raise Invalid.fields(said)


async def _accept(tx: Transaction, meeting: Meeting, ballot: Ballot, tally: Tally, by: tuple[int | None, str]) -> None:
    """Only as many as the hall has left, with what is settled there already."""
    people = (await electorate.hall(tx.session, meeting, tally.point_id)).people
    voted = await _voted(tx.session, ballot.id, tally.point_id)
    standing = await _standing(tx.session, ballot.id, tally.point_id)
    before = sum(each.issued for each in standing if each.state == "accepted")
    if tally.issued + before + voted > people:
        raise TooManyCounted(people=people, voted=voted, left=max(0, people - voted - before))
    tally.state = "accepted"
    tally.confirmed_by_id, tally.confirmed_by = by
    for each in standing:
        if each.id != tally.id and each.kind == tally.kind:
            each.state = "replaced"
    await _record(tx, ballot, "ballot.count_settled", tally)


def _same(one: Tally, other: Tally) -> bool:
    return (one.kind, one.counts, one.issued, one.returned, one.void) == (
        other.kind,
        other.counts,
        other.issued,
        other.returned,
        other.void,
    )


def _may_count(rights: MeetingRights, point_id: int) -> bool:
    return rights.conduct or point_id in rights.points


def _may_confirm(rights: MeetingRights, point_id: int) -> bool:
    return rights.conduct or point_id in rights.signs


async def _counting(
    tx: Transaction, meeting_id: int, ballot_id: int, point_id: int
) -> tuple[Meeting, MeetingRights, Ballot]:
    meeting, rights = await meeting_for_write(tx, meeting_id)
    ballot = await tx.session.get(Ballot, ballot_id, populate_existing=True)
    if ballot is None or ballot.meeting_id != meeting_id or ballot.state == "created":
        raise NotFound()
    if not _may_count(rights, point_id):
        raise NotAllowed()
    await _member(tx.session, meeting_id, point_id)
    if ballot.state != "open":
        raise WrongStep(state=ballot.state)
    return meeting, rights, ballot


async def _one(
    tx: Transaction, meeting_id: int, ballot_id: int, tally_id: int
) -> tuple[Meeting, MeetingRights, Ballot, Tally]:
    tally = await tx.session.get(Tally, tally_id)
    if tally is None or tally.ballot_id != ballot_id:
        raise NotFound()
    meeting, rights, ballot = await _counting(tx, meeting_id, ballot_id, tally.point_id)
    await tx.session.refresh(tally)
    return meeting, rights, ballot, tally


async def _member(session: AsyncSession, meeting_id: int, point_id: int) -> BridgePoint:
    found = await session.scalar(
        select(BridgePoint)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id, BridgePoint.id == point_id)
    )
    if found is None:
        raise NotFound()
    return found


async def _standing(session: AsyncSession, ballot_id: int, point_id: int) -> list[Tally]:
    """The oldest first."""
    found = select(Tally).where(Tally.ballot_id == ballot_id, Tally.point_id == point_id, Tally.state.in_(STANDING))
    return list(await session.scalars(found.order_by(Tally.id)))


async def _voted(session: AsyncSession, ballot_id: int, point_id: int) -> int:
    found = select(func.count()).select_from(Vote).where(Vote.ballot_id == ballot_id, Vote.point_id == point_id)
    return await session.scalar(found) or 0


async def _record(tx: Transaction, ballot: Ballot, action: str, tally: Tally) -> None:
    await record(
        tx,
        action,
        "ballot",
        ballot.id,
        meeting_id=ballot.meeting_id,
        point_id=tally.point_id,
        title=ballot.title,
        counts=tally.counts,
        kind=tally.kind,
    )
