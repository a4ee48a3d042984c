"""A meeting's queue and clocks as one value, loaded with the conference, changed by its actions, and told by it."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.bus import PEOPLE_TOLD
from server.core.errors import NotFound
from server.core.transaction import Transaction
from server.live.log import gone, put
from server.live.protocol import Change, Wire
from server.meetings.models import Meeting
from server.speaking import clock
from server.speaking.entities import (
    MyRequest,
    MyRequests,
    QueueEntity,
    RequestEntity,
    SpeakingEntity,
    SpokenEntity,
    TurnEntity,
)
from server.speaking.models import SpeakingRequest, SpeakingRules, SpeakingTurn
from server.speaking.order import Waiting, ordered
from server.speaking.rules import Rules, default_rules

Speaker = tuple[int, int | None]
"""(point, person); person None: the hall."""
COLLECTIONS: dict[str, type[Wire]] = {
    "requests": RequestEntity,
    "queue": QueueEntity,
    "speaking": SpeakingEntity,
    "spoken": SpokenEntity,
}


class Queue:
    def __init__(
        self,
        meeting: Meeting,
        rules: SpeakingRules | None,
        requests: list[SpeakingRequest],
        turns: list[SpeakingTurn],
    ) -> None:
        self.meeting_id = meeting.id
        self.rules = Rules.model_validate(rules.rules) if rules else default_rules(meeting.kind)
        self.requests = {request.id: request for request in requests}
        """That wait."""
        self.turns = turns
        """That last, oldest first."""
        self.spoken: Mapping[Speaker, tuple[int, int]] | None = None
        """(turns, seconds) of turns that are over; None: not asked yet."""
        self.branches: Mapping[int, int] = {}
        """Point -> the branch of the tree it belongs to."""

    async def know_spoken(self, session: AsyncSession) -> None:
        if self.spoken is None:
            rows = await session.execute(
                select(
                    SpeakingTurn.point_id,
                    SpeakingTurn.person_id,
                    func.count(),
                    func.sum(SpeakingTurn.spent_seconds),
                )
                .where(SpeakingTurn.meeting_id == self.meeting_id, SpeakingTurn.ended_at.is_not(None))
                .group_by(SpeakingTurn.point_id, SpeakingTurn.person_id)
            )
            self.spoken = {(point, person): (turns, int(seconds)) for point, person, turns, seconds in rows}

    # -- who waits

    def request(self, request_id: int) -> SpeakingRequest:
        """NotFound if it does not wait (any more)."""
        found = self.requests.get(request_id)
        if found is None:
            raise NotFound(
                "Đăng ký này không còn trong danh sách.",
                "That request is no longer in the queue.",
                request_id=request_id,
            )
        return found

    def own(self, point_id: int, person_id: int | None) -> SpeakingRequest | None:
        return next(
            (each for each in self.requests.values() if (each.point_id, each.person_id) == (point_id, person_id)), None
        )

    def of_point(self, point_id: int) -> list[SpeakingRequest]:
        """In the order they would be called."""
        mine = [each for each in self.requests.values() if each.point_id == point_id]
        if len(mine) < 2:
            return mine
        return [self.requests[each] for each in self.order() if self.requests[each].point_id == point_id]

    def close(self, request: SpeakingRequest, state: str, now: datetime) -> None:
        request.state, request.closed_at, request.marked = state, now, False
        self.requests.pop(request.id, None)

    def close_of(self, point_ids: Collection[int], state: str, now: datetime) -> None:
        for request in [each for each in self.requests.values() if each.point_id in point_ids]:
            self.close(request, state, now)

    def order(self) -> list[int]:
        spoken = self.spoken or {}
        branch_turns: Counter[int] = Counter()
        for (point_id, _person), (turns, _seconds) in spoken.items():
            branch_turns[self.branches.get(point_id, point_id)] += turns
        return ordered(
            (
                Waiting(
                    id=each.id,
                    kind=each.kind,
                    raised_at=each.raised_at,
                    branch=self.branches.get(each.point_id, each.point_id),
                    turns=spoken.get((each.point_id, each.person_id), (0, 0))[0],
                    rank=each.rank,
                    marked=each.marked,
                )
                for each in self.requests.values()
            ),
            self.rules,
            branch_turns,
        )

    def move(self, request_id: int, before: int | None) -> None:
        """All who wait now keep the order that they then have."""
        order = [each for each in self.order() if each != request_id]
        order.insert(order.index(before) if before is not None else len(order), request_id)
        for rank, each in enumerate(order):
            self.requests[each].rank = rank
            if each != order[0]:
                self.requests[each].marked = False

    # -- who speaks

    def turn(self, turn_id: int) -> SpeakingTurn | None:
        return next((each for each in self.turns if each.id == turn_id), None)

    def turn_of(self, point_id: int) -> SpeakingTurn | None:
        return next((each for each in self.turns if each.point_id == point_id), None)

    def begin(self, session: AsyncSession, turn: SpeakingTurn) -> None:
        """With the limit of its kind. Needs `know_spoken`."""
        turns = (self.spoken or {}).get((turn.point_id, turn.person_id), (0, 0))[0]
        turn.limit_seconds = self.rules.limit(turn.kind, turns)
        turn.pauses = []
        self.set_due(turn)
        session.add(turn)
        self.turns.append(turn)

    def set_due(self, turn: SpeakingTurn) -> None:
        turn.closes_at = clock.due(turn) if self.rules.closes else None

    def end(self, turn: SpeakingTurn, now: datetime) -> None:
        clock.end(turn, now)
        self.turns.remove(turn)
        if self.spoken is not None:
            speaker = (turn.point_id, turn.person_id)
            turns, seconds = self.spoken.get(speaker, (0, 0))
            self.spoken = {**self.spoken, speaker: (turns + 1, seconds + turn.spent_seconds)}

    async def forget(self, session: AsyncSession) -> None:
        """What was spoken so far was a rehearsal."""
        await session.execute(delete(SpeakingTurn).where(SpeakingTurn.meeting_id == self.meeting_id))
        self.turns, self.spoken = [], {}

    # -- entities

    def entities(self) -> dict[str, dict[str, Wire]]:
        return {
            "requests": {key(each): self._request(each) for each in self.requests.values()},
            "queue": {"": self._queue()},
            "speaking": {"": SpeakingEntity(turns=[_turn(each, self.rules) for each in self.turns])},
            "spoken": {str(point_id): entity for point_id, entity in self._spoken().items()},
        }

    def _request(self, request: SpeakingRequest) -> RequestEntity:
        turns, seconds = (self.spoken or {}).get((request.point_id, request.person_id), (0, 0))
        names = RequestEntity.model_fields.keys() - {"turns", "seconds"}
        return RequestEntity.model_validate(
            {**{name: getattr(request, name) for name in names}, "turns": turns, "seconds": seconds}
        )

    def _queue(self) -> QueueEntity:
        waiting = self.requests.values()
        return QueueEntity(
            order=self.order(),
            marked=next((each.id for each in waiting if each.marked), None),
            by_hand=any(each.rank is not None for each in waiting),
            rules=self.rules,
        )

    def _spoken(self) -> dict[int, SpokenEntity]:
        points: dict[int, SpokenEntity] = {}
        for (point_id, _person), (turns, seconds) in (self.spoken or {}).items():
            so_far = points.setdefault(point_id, SpokenEntity(point_id=point_id, turns=0, seconds=0))
            so_far.turns += turns
            so_far.seconds += seconds
        return points

    def places(self) -> dict[int, list[MyRequest]]:
        """Person -> their requests, with their places."""
        found: dict[int, list[MyRequest]] = {}
        for place, request in enumerate((self.requests[each] for each in self.order()), 1):
            if request.person_id is not None:
                own = MyRequest.model_validate({**vars(request), "place": place}, extra="ignore")
                found.setdefault(request.person_id, []).append(own)
        return found


def key(request: SpeakingRequest) -> str:
    return f"{request.point_id}:{request.id}"


def _turn(turn: SpeakingTurn, rules: Rules) -> TurnEntity:
    return TurnEntity.model_validate(
        {
            **{name: getattr(turn, name) for name in ("id", "point_id", "name", "kind", "began_at", "limit_seconds")},
            "paused_since": clock.paused_since(turn),
            "paused_seconds": clock.paused_for(turn) / timedelta(seconds=1),
            "closes": rules.closes and turn.limit_seconds is not None,
        }
    )


async def load(session: AsyncSession, meeting: Meeting) -> Queue:
    """Three queries, a fourth when somebody waits or speaks."""
    rules = await session.get(SpeakingRules, meeting.id)
    requests = await session.scalars(
        select(SpeakingRequest)
        .where(SpeakingRequest.meeting_id == meeting.id, SpeakingRequest.state == "waiting")
        .order_by(SpeakingRequest.id)
    )
    turns = await session.scalars(
        select(SpeakingTurn)
        .where(SpeakingTurn.meeting_id == meeting.id, SpeakingTurn.ended_at.is_(None))
        .order_by(SpeakingTurn.began_at, SpeakingTurn.id)
    )
    queue = Queue(meeting, rules, list(requests), list(turns))
    if queue.requests or queue.turns:
        await queue.know_spoken(session)
    return queue


class Before:
    """What the queue was when it was loaded."""

    def __init__(self, queue: Queue) -> None:
        self.known = queue.spoken is not None
        self.entities = queue.entities()
        self.places = queue.places()


def changes(queue: Queue, before: Before) -> list[Change]:
    """What an event must carry so that clients that had the queue as it was have it as it is. Flush first."""
    after = queue.entities()
    found: list[Change] = []
    for name, items in after.items():
        earlier = before.entities[name]
        if name == "spoken" and not before.known:
            continue  # what was asked only now has not changed: a turn that ended was known of
        found += [put(name, each, entity) for each, entity in items.items() if earlier.get(each) != entity]
        found += [gone(name, each) for each in earlier if each not in items]
    return found


def tell_people(tx: Transaction, queue: Queue, before: Before) -> None:
    """Whoever asked by the own phone learns their place, when it is another one."""
    after = queue.places()
    told = [
        (person, MyRequests(meeting_id=queue.meeting_id, requests=after.get(person, [])).model_dump(mode="json"))
        for person in before.places.keys() | after.keys()
        if before.places.get(person) != after.get(person)
    ]
    if told:
        tx.after_commit(lambda: tx.bus.publish(PEOPLE_TOLD, {"kind": "my-requests", "told": told}))
