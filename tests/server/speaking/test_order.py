"""The order of who asks to speak, as a pure function, for random queues; and a turn's time from its stamps."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.speaking import clock
from server.speaking.models import SpeakingTurn
from server.speaking.order import Waiting, ordered
from server.speaking.rules import ASSEMBLY, Rules, default_rules

START = datetime(2026, 11, 28, 2, tzinfo=UTC)
KINDS = ["speech", "debate", "question", "answer"]
FREE = Rules()


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    count = draw(st.integers(0, 12))
    ranks = draw(st.permutations(range(count)))
    marked = draw(st.integers(-1, count - 1))
    return [
        Waiting(
            id=number,
            kind=draw(st.sampled_from(KINDS)),
            raised_at=START + timedelta(seconds=draw(st.integers(0, 50))),
            branch=draw(st.integers(0, 3)),
            turns=draw(st.integers(0, 3)),
            rank=ranks[number] if draw(st.booleans()) else None,
            marked=number == marked,
        )
        for number in range(count)
    ]


rules = st.builds(Rules, debate_first=st.booleans(), newcomers_first=st.booleans(), by_branch=st.booleans())
turns_of_branches = st.dictionaries(st.integers(0, 3), st.integers(0, 4))


@given(queues(), rules, turns_of_branches)
def test_nobody_is_lost_and_what_was_put_by_hand_stays(queue: list[Waiting], rules: Rules, had: dict[int, int]) -> None:
    order = ordered(queue, rules, had)
    assert sorted(order) == [each.id for each in queue]
    known = {each.id: each for each in queue}
    marked = [each.id for each in queue if each.marked]
    assert order[: len(marked)] == marked
    rest = [known[each] for each in order if not known[each].marked]
    moved = [each.rank for each in rest if each.rank is not None]
    assert [each.rank for each in rest][: len(moved)] == sorted(moved)
    free = [each for each in rest if each.rank is None]
    if rules.debate_first:
        others = [each.kind == "debate" for each in free]
        assert others == sorted(others, reverse=True)
    if rules.newcomers_first and not rules.debate_first:
        spoke = [each.turns > 0 for each in free]
        assert spoke == sorted(spoke)


@given(queues(), rules, turns_of_branches, st.data())
def test_who_goes_changes_nobody_else_s_order(
    queue: list[Waiting], rules: Rules, had: dict[int, int], data: st.DataObject
) -> None:
    """Without turns of branches, where whoever goes gives the own branch's place to the next of it."""
    rules = rules.model_copy(update={"by_branch": False})
    if queue:
        gone = data.draw(st.sampled_from([each.id for each in queue]))
        after = ordered([each for each in queue if each.id != gone], rules, had)
        assert after == [each for each in ordered(queue, rules, had) if each != gone]


def _asks(number: int, branch: int = 0, **facts: object) -> Waiting:
    return Waiting(id=number, kind="speech", raised_at=START + timedelta(seconds=number), branch=branch, **facts)  # type: ignore[arg-type]


def test_rules_by_example() -> None:
    three = [_asks(1, branch=1), _asks(2, branch=1), _asks(3, branch=2)]
    assert ordered(three, FREE, {}) == [1, 2, 3]
    assert ordered(three, Rules(by_branch=True), {}) == [1, 3, 2]
    assert ordered(three, Rules(by_branch=True), {1: 1}) == [3, 1, 2]
    assert ordered(three, Rules(by_branch=True), {1: 1, 2: 1}) == [1, 3, 2]
    again = [_asks(1, turns=1), _asks(2)]
    assert ordered(again, FREE, {}) == [1, 2]
    assert ordered(again, ASSEMBLY, {}) == [2, 1]
    assert default_rules("hoi-nghi") == FREE
    assert [ASSEMBLY.limit("speech", 0), ASSEMBLY.limit("speech", 1), ASSEMBLY.limit("debate", 4)] == [420, 180, 180]
    assert FREE.limit("speech", 0) is None
    assert Rules(speech_minutes=5).limit("speech", 3) == 300


@given(st.lists(st.tuples(st.sampled_from(["wait", "pause", "resume", "extend"]), st.integers(1, 90)), max_size=20))
def test_time_is_what_was_not_paused(steps: list[tuple[str, int]]) -> None:
    """However it is paused and goes on: the sum of the seconds in between, and never less left than just given."""
    turn = SpeakingTurn(began_at=START, limit_seconds=180, pauses=[], ended_at=None)
    now, spent, stands = START, 0, False
    for step, seconds in steps:
        if step == "pause":
            clock.pause(turn, now)
            stands = True
        elif step == "resume":
            clock.resume(turn, now)
            stands = False
        elif step == "extend":
            clock.extend(turn, 60, now)
            assert (turn.limit_seconds or 0) - spent >= 60
        now += timedelta(seconds=seconds)
        spent += 0 if stands else seconds
        assert clock.spent(turn, now) == timedelta(seconds=spent)
        due = clock.due(turn)
        assert (due is None) is stands
        assert due is None or due - now == timedelta(seconds=(turn.limit_seconds or 0) - spent)
    clock.end(turn, now)
    assert (turn.spent_seconds, turn.ended_at, clock.due(turn)) == (spent, now, None)
