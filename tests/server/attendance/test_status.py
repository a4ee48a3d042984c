from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.attendance.status import Check, Gap, Node, Stay, derive, roll_up

START = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


checks = st.lists(
    st.builds(
        Check,
        st.integers(0, 240).map(at),
        st.sampled_from(["in", "out"]),
        st.sampled_from(["live", "lost", "end", "by-hand"]),
    ),
    max_size=30,
)


def test_in_lost_back_out() -> None:
    found = derive(
        [
            Check(at(0), "in", "live"),
            Check(at(30), "out", "lost"),
            Check(at(34), "in", "live"),
            Check(at(90), "out", "end"),
        ],
        at(120),
    )
    assert (found.first_in, found.last_out, found.out_how, found.present) == (at(0), at(90), "end", False)
    assert found.stays == (Stay(at(0), at(30)), Stay(at(34), at(90)))
    assert found.gaps == (Gap(at(30), at(34), "lost"),)
    assert found.total == timedelta(minutes=86)


def test_who_is_in_counts_until_now() -> None:
    found = derive([Check(at(10), "in", "live")], at(25))
    assert found.present
    assert found.last_out is None
    assert found.total == timedelta(minutes=15)


def test_doubled_and_unpaired_checks_say_nothing_new() -> None:
    found = derive(
        [
            Check(at(1), "out", "lost"),
            Check(at(5), "in", "live"),
            Check(at(6), "in", "by-hand"),
            Check(at(20), "out", "lost"),
            Check(at(21), "out", "live"),
        ],
        at(60),
    )
    assert found.stays == (Stay(at(5), at(20)),)
    assert found.gaps == ()
    assert (found.last_out, found.out_how) == (at(20), "lost")


def test_out_and_in_at_one_instant_is_in() -> None:
    found = derive([Check(at(0), "in", "live"), Check(at(9), "in", "live"), Check(at(9), "out", "lost")], at(10))
    assert found.present
    assert found.gaps == ()
    assert found.total == timedelta(minutes=10)


def test_only_the_meeting_counts() -> None:
    found = derive([Check(at(-60), "in", "live"), Check(at(-30), "out", "lost"), Check(at(-20), "in", "live")], at(30))
    during = found.within(at(0))
    assert during.total == timedelta(minutes=30)
    assert during.gaps == ()
    assert during.first_in == at(-60)


@given(checks)
def test_stays_and_gaps_fill_the_span(log: list[Check]) -> None:
    now = at(300)
    found = derive(log, now)
    if found.first_in is None:
        assert not found.stays
        assert not found.gaps
        assert not any(check.direction == "in" for check in log)
        return
    end = now if found.present else found.last_out
    assert end is not None
    gaps = sum((gap.end - gap.begin for gap in found.gaps), timedelta())
    assert found.total + gaps == end - found.first_in
    pieces = sorted([(stay.begin, stay.end) for stay in found.stays] + [(gap.begin, gap.end) for gap in found.gaps])
    assert pieces[0][0] == found.first_in
    assert all(before[1] == after[0] for before, after in pairwise(pieces))


@given(checks, st.randoms())
def test_the_order_of_writing_does_not_matter(log: list[Check], random: object) -> None:
    shuffled = sorted(log, key=lambda _: random.random())  # type: ignore[attr-defined]
    one, other = derive(log, at(300)), derive(shuffled, at(300))
    assert (one.stays, one.present, one.first_in) == (other.stays, other.present, other.first_in)


@given(checks, st.integers(0, 240), st.integers(0, 240))
def test_a_part_is_never_more_than_the_whole(log: list[Check], begin: int, end: int) -> None:
    found = derive(log, at(300))
    part = found.within(at(begin), at(end))
    assert timedelta() <= part.total <= found.total
    assert part.total <= max(timedelta(), at(end) - at(begin))


@given(st.lists(st.tuples(st.integers(1, 7), st.booleans(), st.booleans()), max_size=40))
def test_totals_roll_up(points: list[tuple[int, bool, bool]]) -> None:
    tree = [Node(1, None), Node(2, 1), Node(3, 1), Node(4, 2), Node(5, 2), Node(6, 3), Node(7, 6)]
    totals = roll_up(tree, points)
    assert totals[1].points == len(points)
    assert totals[1].present == sum(present for _, present, _ in points)
    for unit in tree:
        own = [point for point in points if point[0] == unit.id]
        below = [totals[child.id] for child in tree if child.parent_id == unit.id]
        assert totals[unit.id].points == len(own) + sum(each.points for each in below)
        assert totals[unit.id].ever == sum(ever for _, _, ever in own) + sum(each.ever for each in below)
