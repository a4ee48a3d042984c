"""What a vote has come to, from figures alone."""

import pytest

from server.ballots.outcome import Counted, Present, Rules, count, needed

THREE = ("A", "B", "C")


def rules(kind: str = "question", **more: object) -> Rules:
    fixed = {"options": THREE, "seats": 1, "threshold": "majority", "base": "present", "quorum": "none"}
    return Rules(kind=kind, **{**fixed, **more})  # type: ignore[arg-type]


def marks(*numbers: int) -> list[str]:
    """So many for each option."""
    return [
        "".join("1" if i == j else "0" for j in range(len(numbers))) for i, n in enumerate(numbers) for _ in range(n)
    ]


def everybody(number: int, summoned: int | None = None) -> Present:
    return Present(summoned or number, dict.fromkeys(range(number), 1))


@pytest.mark.parametrize(
    ("share", "of", "number"),
    [
        ("majority", 10, 6),
        ("majority", 11, 6),
        ("two-thirds", 10, 7),
        ("two-thirds", 9, 6),
        ("three-quarters", 10, 8),
        ("three-quarters", 12, 9),
        ("none", 9, 0),
    ],
)
def test_over_one_half_and_at_least_the_others(share: str, of: int, number: int) -> None:
    assert needed(share, of) == number


def test_of_those_present_or_of_all() -> None:
    there = everybody(9, summoned=12)
    voted = dict.fromkeys(range(9), 1)
    of_present = count(rules(threshold="two-thirds"), there, voted, marks(6, 2, 1), [])
    of_all = count(rules(threshold="two-thirds", base="summoned"), there, voted, marks(6, 2, 1), [])
    assert (of_present.needed, of_present.passed) == (6, True)
    assert (of_all.needed, of_all.passed) == (8, False)


def test_without_a_quorum_nothing_passes() -> None:
    result = count(
        rules(quorum="two-thirds"), everybody(7, summoned=12), dict.fromkeys(range(7), 1), marks(7, 0, 0), []
    )
    assert (result.quorum, result.quorum_met, result.passed) == (8, False, False)
    elected = count(
        rules("election", quorum="two-thirds"),
        everybody(7, summoned=12),
        dict.fromkeys(range(7), 1),
        marks(7, 0, 0),
        [],
    )
    assert elected.elected == 0


def test_two_are_elected_of_three_and_equals_for_the_last_seat_are_none() -> None:
    def held(*ballots: str, seats: int = 2) -> list[tuple[int, bool, bool]]:
        number = len(ballots)
        result = count(rules("election", seats=seats), everybody(number), dict.fromkeys(range(number), 1), ballots, [])
        return [(each.total, each.elected, each.tied) for each in result.options]

    assert held("110", "110", "101", "100") == [(4, True, False), (2, False, False), (1, False, False)]
    assert held("110", "110", "101", "110") == [(4, True, False), (3, True, False), (1, False, False)]
    assert held("110", "110", "101", "101", "111"[:2] + "0", "101") == [
        (6, True, False),
        (3, False, False),
        (3, False, False),
    ]  # three of six are not over one half
    assert held("110", "101", "011", "110", "011", "101") == [(4, False, True), (4, False, True), (4, False, True)]


def test_what_marks_too_many_or_nobody_does_not_count() -> None:
    result = count(rules("election", seats=2), everybody(3), dict.fromkeys(range(3), 1), ["110", "000", "111"], [])
    assert (result.valid, result.invalid, result.devices) == (1, 2, 3)
    assert [each.total for each in result.options] == [1, 1, 0]


def test_hands_and_papers_are_added() -> None:
    there = Present(30, {**dict.fromkeys(range(5), 1), **dict.fromkeys(range(5, 10), 2)}, {2: 12, 3: 9})
    halls = [Counted(2, "hands", (6, 1, 1), 8, 8, 0), Counted(3, "papers", (4, 2, 1), 9, 8, 1)]
    result = count(rules(), there, {0: 1, 1: 1, 5: 2}, marks(2, 1, 0), halls)
    assert [(each.devices, each.hands, each.papers, each.total) for each in result.options] == [
        (2, 6, 4, 12),
        (1, 1, 2, 4),
        (0, 1, 1, 2),
    ]
    # Five by name in hall 1; twelve heads in 2; nine in 3, whose headcount nobody came by name to.
    assert result.present == 5 + 12 + 9
    assert (result.valid, result.invalid, result.hands, result.issued, result.returned) == (3 + 8 + 7, 1, 8, 9, 8)


def test_who_counted_and_left_before_the_close_was_present() -> None:
    there = Present(10, {0: 1})
    result = count(rules(), there, {0: 1, 7: 2}, marks(2, 0, 0), [Counted(2, "hands", (3, 0, 0), 3, 3, 0)])
    assert result.present == 1 + 1 + 3
