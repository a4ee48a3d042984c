"""What a log means: pure functions, for any log."""

from datetime import timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from server.attendance.people.status import ATTENDED, Count, Entry, represented, shown, status_of
from tests.builders import MORNING

START = MORNING + timedelta(hours=1)
HERE, THERE = 1, 2


def log(*entries: tuple[str, str, int | None, int]) -> list[Entry]:
    """(kind, how, where, minutes after the morning began)."""
    return [
        Entry(number, kind, how, MORNING + timedelta(minutes=minutes), where, "ốm" if kind == "leave" else "")
        for number, (kind, how, where, minutes) in enumerate(entries, start=1)
    ]


def test_who_is_nowhere_is_expected_and_absent_from_the_start_on() -> None:
    assert status_of([], None).state == "expected"
    assert status_of([], START).state == "expected"
    assert status_of([], START, settled=True).state == "absent"


def test_comes_goes_and_comes_back() -> None:
    came = log(("in", "qr", HERE, 50), ("out", "list", HERE, 90), ("in", "list", HERE, 100))
    assert (status_of(came[:1], START).state, status_of(came[:1], START).point_id) == ("present", HERE)
    gone = status_of(came[:2], START)
    assert (gone.state, gone.arrived_at, gone.left_at) == ("left", came[0].at, came[1].at)
    back = status_of(came, START)
    assert (back.state, back.at, back.arrived_at) == ("present", came[2].at, came[0].at)


def test_who_went_before_the_meeting_began_was_not_at_it() -> None:
    went = log(("in", "qr", HERE, 10), ("out", "list", HERE, 20))
    assert status_of(went, None).state == "expected"
    assert status_of(went, START, settled=True).state == "absent"


def test_a_mistake_is_taken_back_by_hand() -> None:
    mistaken = log(("in", "list", HERE, 70), ("out", "by-hand", HERE, 75))
    assert status_of(mistaken, START, settled=True).state == "absent"
    assert status_of(mistaken, START).arrived_at is None
    excused = log(("leave", "list", HERE, 5), ("in", "list", HERE, 70), ("out", "by-hand", HERE, 75))
    assert (status_of(excused, START).state, status_of(excused, START).reason) == ("leave", "ốm")


def test_who_has_leave_and_comes_is_present() -> None:
    came = log(("leave", "list", HERE, 5), ("in", "qr", HERE, 61))
    assert status_of(came, START).state == "present"
    assert status_of(came, START).reason == ""
    gone = log(("leave", "list", HERE, 5), ("in", "qr", HERE, 61), ("out", "list", HERE, 99))
    assert status_of(gone, START).state == "left"


def test_leave_is_withdrawn() -> None:
    assert status_of(log(("leave", "list", HERE, 5), ("leave-withdrawn", "list", HERE, 6)), START).state == "expected"
    # Noted for the wrong person, who sat there all the time.
    assert (
        status_of(
            log(("in", "qr", HERE, 50), ("leave", "list", HERE, 61), ("leave-withdrawn", "list", HERE, 62)), START
        ).state
        == "present"
    )


def test_in_another_hall_and_online() -> None:
    moved = log(("in", "qr", HERE, 50), ("in", "qr", THERE, 70), ("in", "online", None, 80))
    assert status_of(moved[:2], START).point_id == THERE
    assert status_of(moved, START).state == "online"


def test_a_substitute_takes_the_place() -> None:
    absent, there = status_of([], START), status_of(log(("in", "list", HERE, 50)), START)
    assert not represented(absent, None)
    assert not represented(absent, status_of([], START))
    assert represented(absent, there)
    assert not represented(there, there), "whoever comes himself is not represented"
    assert shown(status_of([], None), there).state == "absent"
    went = status_of(log(("in", "list", HERE, 50), ("out", "list", HERE, 90)), START)
    assert represented(absent, went), "the substitute was there"
    count = Count()
    count.add(absent.state, substitute=False, represented=True)
    count.add(there.state, substitute=True, represented=False)
    assert (count.expected, count.present, count.absent, count.substitutes) == (1, 1, 0, 1)


KINDS = st.sampled_from(
    [
        ("in", "qr"),
        ("in", "list"),
        ("in", "online"),
        ("out", "list"),
        ("out", "by-hand"),
        ("leave", "list"),
        ("leave-withdrawn", "list"),
    ]
)
ENTRIES = st.lists(st.tuples(KINDS, st.sampled_from([HERE, THERE]), st.integers(0, 20)), max_size=8)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    minutes = count(0)
    return log(
        *(
            (kind, how, None if how == "online" else where, 10 * next(minutes) + wait % 10)
            for (kind, how), where, wait in draw(ENTRIES)
        )
    )


@given(entries=logs(), order=st.randoms(use_true_random=False), begun=st.booleans())
def test_any_log(entries: list[Entry], order: object, begun: bool) -> None:
    started_at = START if begun else None
    said = status_of(entries, started_at)
    settled = status_of(entries, started_at, settled=True)
    assert (settled == said) != (said.state == "expected"), "settling the list concerns those who are nowhere"
    shuffled = list(entries)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert status_of(shuffled, started_at) == said, "the log's own order counts, not that of reading"
    assert (said.point_id is not None) == (said.state == "present")
    assert said.state != "absent"
    assert (said.state in ATTENDED) <= (said.at is not None)
    if entries:
        last = entries[-1]
        if last.kind == "in":
            assert said.state in ("present", "online")
            assert said.point_id == last.point_id
        if last.kind == "leave":
            assert said.state == "leave"
        if last.kind == "out":
            assert not said.attending
    again = status_of([*entries, *(entry._replace(id=entry.id + 100) for entry in entries[-1:])], started_at)
    assert (again.state, again.point_id) == (said.state, said.point_id), "the same said twice says nothing new"


@given(
    people=st.lists(st.tuples(logs(), st.none() | logs()), max_size=8),
    begun=st.booleans(),
)
def test_a_list_is_divided_without_rest(people: list[tuple[list[Entry], list[Entry] | None]], begun: bool) -> None:
    """Each delegate, with a substitute or without, is counted once."""
    started_at = START if begun else None
    count, waiting = Count(), 0
    for entries, of_substitute in people:
        own = status_of(entries, started_at)
        by = status_of(of_substitute, started_at) if of_substitute is not None and not own.attending else None
        stands = represented(own, by)
        count.add(own.state, substitute=False, represented=stands)
        waiting += own.state == "expected" and not stands
        if by is not None:
            count.add(by.state, substitute=True, represented=False)
    assert count.expected == count.present + count.online + count.left + count.leave + count.missing
    assert count.missing == waiting
