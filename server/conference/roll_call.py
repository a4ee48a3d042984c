"""The roll call of points: one after another is on the stage with its microphone open, and answers.

Who answers has the floor without a turn: no clock runs, and no budget is charged. Whoever directs something else
meanwhile (calls somebody, a recess, silence) makes the roll call stand until it is told to go on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.models import RollCall, RollCallAnswer
from server.audit.actions import record
from server.conference.floor import directed, end_turn
from server.conference.live.entities import RollAnswerEntity, RollCallEntity
from server.conference.state import Before, Conference, in_tree_order, loaded, settle
from server.core.actor import SYSTEM
from server.core.errors import Conflict, NotAllowed
from server.core.repeating import Beat
from server.core.services import Services
from server.core.transaction import Transaction
from server.live.log import append, gone, put
from server.live.protocol import Change, Wire
from server.meetings.access import meeting_for_write

COLLECTION = "roll-call"
ANSWERS = "roll-answers"
BEAT = 1.0
SEEN = timedelta(seconds=1.5)
"""How long who has answered stays on the stage, so that all see the tick."""


@dataclass(slots=True)
class Calling:
    """A roll call with its answers in the order of the calls, and what is to be told of them."""

    row: RollCall
    answers: Sequence[RollCallAnswer]
    touched: dict[int, RollCallAnswer] = field(default_factory=dict)
    over: Collection[int] = ()
    """Points of the roll call before that are not in this one."""

    def answer_of(self, point_id: int) -> RollCallAnswer | None:
        return next((each for each in self.answers if each.point_id == point_id), None)

    def following(self, conference: Conference) -> RollCallAnswer | None:
        """Who is called next: there, and not called in this run."""
        for each in self.answers:
            hall = conference.halls.get(each.point_id)
            if each.called_at is None and each.answered_at is None and hall is not None and hall.present:
                return each
        return None

    def end(self, now: datetime) -> None:
        self.row.ended_at = now
        self.row.current_point_id = self.row.current_since = self.row.next_at = None

    async def tell(self, tx: Transaction, kind: str) -> None:
        await tx.session.flush()
        changes: list[Change] = [put(COLLECTION, "", _entity(self))]
        changes += [put(ANSWERS, point_id, _answer_entity(each)) for point_id, each in self.touched.items()]
        changes += [gone(ANSWERS, point_id) for point_id in sorted(self.over)]
        await append(tx, self.row.meeting_id, kind, changes)


async def start(tx: Transaction, meeting_id: int, seconds: int) -> None:
    """Calls all member points but the main one, in the order of the tree; those that are away are passed over."""
    conference, before = await directed(tx, meeting_id)
    last = await _last(tx.session, meeting_id)
    if last is not None and last.row.ended_at is None:
        raise Conflict("Đang điểm danh điểm cầu.", "A roll call is under way.")
    halls = [hall for hall in conference.halls.values() if hall.point_id != conference.main]
    if not halls:
        raise Conflict("Cuộc họp không có điểm cầu nào để điểm danh.", "This meeting has no point to call.")
    row = RollCall(meeting_id=meeting_id, run=1, seconds=seconds, began_at=tx.now, by_name=_name(tx))
    tx.session.add(row)
    await tx.session.flush()
    answers = [
        RollCallAnswer(roll_call_id=row.id, point_id=hall.point_id, position=position, how="")
        for position, hall in enumerate(await in_tree_order(tx.session, halls))
    ]
    tx.session.add_all(answers)
    calling = Calling(row, answers, {each.point_id: each for each in answers})
    if last is not None:
        calling.over = {each.point_id for each in last.answers} - calling.touched.keys()
    await record(tx, "roll-call.started", "meeting", meeting_id, points=len(answers))
    await _begin(tx, conference, before, calling)


async def repeat(tx: Transaction, meeting_id: int) -> None:
    """Calls those again that have not answered, and whoever has become a member since."""
    conference, before = await directed(tx, meeting_id)
    calling = await _last(tx.session, meeting_id)
    if calling is None or calling.row.ended_at is None:
        raise Conflict("Chưa có lần điểm danh nào đã xong.", "No roll call is over that could be repeated.")
    known = {each.point_id for each in calling.answers} | {conference.main}
    new = [hall for hall in conference.halls.values() if hall.point_id not in known]
    first = max((each.position for each in calling.answers), default=-1) + 1
    added = [
        RollCallAnswer(roll_call_id=calling.row.id, point_id=hall.point_id, position=position, how="")
        for position, hall in enumerate(await in_tree_order(tx.session, new), start=first)
    ]
    tx.session.add_all(added)
    calling.answers = [*calling.answers, *added]
    missing = [each for each in calling.answers if each.answered_at is None and each.point_id in conference.halls]
    if not missing:
        raise Conflict("Tất cả điểm cầu đã trả lời.", "All points have answered.")
    for each in missing:
        each.called_at = None
        calling.touched[each.point_id] = each
    calling.row.run, calling.row.ended_at = calling.row.run + 1, None
    await record(tx, "roll-call.repeated", "meeting", meeting_id, points=len(missing))
    await _begin(tx, conference, before, calling)


async def go_on(tx: Transaction, meeting_id: int) -> None:
    """The next is called now: whoever is called has not answered, or the roll call stood."""
    conference, before = await directed(tx, meeting_id)
    await _step(tx, conference, before, await _under_way(tx.session, meeting_id))


async def stand(tx: Transaction, meeting_id: int) -> None:
    """It waits; who is called stays on the stage, with an open microphone."""
    await directed(tx, meeting_id)
    calling = await _under_way(tx.session, meeting_id)
    if calling.row.next_at is not None:
        await _stand(tx, calling)


async def end(tx: Transaction, meeting_id: int) -> None:
    """Over before its end: those that were not called have not answered."""
    conference, before = await directed(tx, meeting_id)
    await _finish(tx, conference, before, await _under_way(tx.session, meeting_id))


async def tick(tx: Transaction, meeting_id: int, point_id: int, *, here: bool) -> None:
    """Somebody at the console heard the point, by whatever way; or takes a tick back. During a roll call and after."""
    await directed(tx, meeting_id)
    calling = await _last(tx.session, meeting_id)
    answer = calling.answer_of(point_id) if calling else None
    if calling is None or answer is None:
        raise Conflict("Điểm cầu này không được điểm danh.", "That point is not in the roll call.", point_id=point_id)
    if (answer.answered_at is not None) != here:
        await _answered(tx, calling, answer, "voice" if here else "")


async def answer_by_button(tx: Transaction, meeting_id: int, point_id: int) -> None:
    """The hall says that it is there: when it is called, or later, as long as the roll call lasts."""
    _meeting, rights = await meeting_for_write(tx, meeting_id)
    if point_id not in rights.points:
        raise NotAllowed()
    calling = await _under_way(tx.session, meeting_id)
    answer = calling.answer_of(point_id)
    if answer is None or (answer.called_at is None and answer.answered_at is None):
        raise Conflict("Chưa đến lượt điểm danh điểm cầu này.", "This point has not been called yet.")
    if answer.answered_at is None:
        await _answered(tx, calling, answer, "button")


async def step_when_due(tx: Transaction, meeting_id: int) -> None:
    """Its time is up: the next one. Nothing, when that is no longer so. System only."""
    if not tx.actor.system:
        raise NotAllowed()
    meeting, _rights = await meeting_for_write(tx, meeting_id)
    calling = await _last(tx.session, meeting_id)
    if calling is None or calling.row.next_at is None or calling.row.next_at > tx.now:
        return
    conference, before = await loaded(tx.session, meeting)
    current = conference.halls.get(calling.row.current_point_id or 0)
    if current is not None and current.present and conference.answering != current.point_id:
        await _stand(tx, calling)  # somebody directs something else
        return
    await _step(tx, conference, before, calling)


async def close(tx: Transaction, meeting_id: int) -> None:
    """The meeting is over, and the floor with it."""
    calling = await _last(tx.session, meeting_id)
    if calling is not None and calling.row.ended_at is None:
        calling.end(tx.now)
        await calling.tell(tx, "roll-call.ended")


async def forget(tx: Transaction, meeting_id: int) -> None:
    """What was called so far was a rehearsal."""
    calling = await _last(tx.session, meeting_id)
    if calling is None:
        return
    changes = [gone(COLLECTION, ""), *(gone(ANSWERS, each.point_id) for each in calling.answers)]
    of_it = select(RollCall.id).where(RollCall.meeting_id == meeting_id)
    await tx.session.execute(delete(RollCallAnswer).where(RollCallAnswer.roll_call_id.in_(of_it)))
    await tx.session.execute(delete(RollCall).where(RollCall.meeting_id == meeting_id))
    await append(tx, meeting_id, "roll-call.forgotten", changes)


async def entities(session: AsyncSession, meeting_id: int) -> dict[str, dict[str, Wire]]:
    calling = await _last(session, meeting_id)
    if calling is None:
        return {COLLECTION: {}, ANSWERS: {}}
    return {
        COLLECTION: {"": _entity(calling)},
        ANSWERS: {str(each.point_id): _answer_entity(each) for each in calling.answers},
    }


class RollCallWatch(Beat):
    """Calls the next when the time of the one before is up. One per process; whichever is first does it, under the
    meeting's lock."""

    def __init__(self, services: Services) -> None:
        super().__init__(self.look, lambda: BEAT, "roll-call-watch-failed")
        self._services = services

    async def look(self) -> None:
        due = select(RollCall.meeting_id).where(RollCall.next_at <= self._services.clock())
        async with self._services.database.read() as session:
            found = (await session.scalars(due)).all()
        for meeting_id in found:
            async with self._services.transactions(SYSTEM) as tx:
                await step_when_due(tx, meeting_id)


async def _begin(tx: Transaction, conference: Conference, before: Before, calling: Calling) -> None:
    """Whoever calls must be heard: the main point has the floor, and nobody else."""
    conference.end_floor(set(conference.holders) - {conference.main})
    conference.give_floor(conference.main, tx.now)
    await _step(tx, conference, before, calling)


async def _step(tx: Transaction, conference: Conference, before: Before, calling: Calling) -> None:
    following = calling.following(conference)
    if following is None:
        await _finish(tx, conference, before, calling)
        return
    conference.end_floor(set(conference.holders) - {conference.main})
    conference.give_floor(following.point_id, tx.now, roll_call=True)
    conference.stage.stage_point_id = following.point_id
    following.called_at = tx.now
    calling.touched[following.point_id] = following
    row = calling.row
    row.current_point_id, row.current_since = following.point_id, tx.now
    row.next_at = tx.now + timedelta(seconds=row.seconds)
    await record(tx, "roll-call.called", "meeting", row.meeting_id, point_id=following.point_id)
    await settle(tx, conference, before, "roll-call.called")
    await calling.tell(tx, "roll-call.called")


async def _finish(tx: Transaction, conference: Conference, before: Before, calling: Calling) -> None:
    """The main point is on the stage again, unless somebody else was called."""
    if conference.answering is not None:
        end_turn(conference, conference.answering)
    calling.end(tx.now)
    answered = sum(each.answered_at is not None for each in calling.answers)
    meeting_id = calling.row.meeting_id
    await record(tx, "roll-call.ended", "meeting", meeting_id, points=len(calling.answers), answered=answered)
    await settle(tx, conference, before, "roll-call.ended")
    await calling.tell(tx, "roll-call.ended")


async def _stand(tx: Transaction, calling: Calling) -> None:
    calling.row.next_at = None
    await record(tx, "roll-call.stood", "meeting", calling.row.meeting_id)
    await calling.tell(tx, "roll-call.stood")


async def _answered(tx: Transaction, calling: Calling, answer: RollCallAnswer, how: str) -> None:
    row = calling.row
    answer.answered_at = tx.now if how else None
    answer.how, answer.by_name = how, _name(tx) if how else ""
    calling.touched[answer.point_id] = answer
    if how and row.next_at is not None and answer.point_id == row.current_point_id:
        row.next_at = min(row.next_at, tx.now + SEEN)
    kind = "roll-call.answered" if how else "roll-call.unticked"
    await record(tx, kind, "meeting", row.meeting_id, point_id=answer.point_id)
    await calling.tell(tx, kind)


async def _last(session: AsyncSession, meeting_id: int) -> Calling | None:
    asked = select(RollCall).where(RollCall.meeting_id == meeting_id).order_by(RollCall.id.desc()).limit(1)
    row = (await session.scalars(asked)).one_or_none()
    if row is None:
        return None
    answers = select(RollCallAnswer).where(RollCallAnswer.roll_call_id == row.id)
    return Calling(row, (await session.scalars(answers.order_by(RollCallAnswer.position))).all())


async def _under_way(session: AsyncSession, meeting_id: int) -> Calling:
    calling = await _last(session, meeting_id)
    if calling is None or calling.row.ended_at is not None:
        raise Conflict("Không có điểm danh nào đang diễn ra.", "No roll call is under way.")
    return calling


def _entity(calling: Calling) -> RollCallEntity:
    row = calling.row
    return RollCallEntity(
        id=row.id,
        run=row.run,
        seconds=row.seconds,
        began_at=row.began_at,
        ended_at=row.ended_at,
        current=row.current_point_id,
        current_since=row.current_since,
        next_at=row.next_at,
        total=len(calling.answers),
        answered=sum(each.answered_at is not None for each in calling.answers),
    )


def _answer_entity(answer: RollCallAnswer) -> RollAnswerEntity:
    return RollAnswerEntity.model_validate(answer, extra="ignore")


def _name(tx: Transaction) -> str:
    return "" if tx.actor.system else tx.actor.name[:200]
