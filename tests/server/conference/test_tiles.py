"""Where the small pictures go."""

from hypothesis import given
from hypothesis import strategies as st

from server.conference.tiles import VISIBLE, arrange

POINTS = list(range(1, 31))
some = st.lists(st.sampled_from(POINTS), unique=True, max_size=8)


def arranged(**given: object) -> list[int]:
    facts: dict[str, object] = {"stage": None, "pinned": [], "main": 1, "floor": [], "hands": [], "previous": []}
    return arrange("stage-row", **{**facts, "present": POINTS, **given})  # type: ignore[arg-type]


def test_order_of_importance() -> None:
    assert arranged(pinned=[9], floor=[7], hands=[20, 12]) == [9, 1, 7, 20]
    assert arranged() == [1, 2, 3, 4]


def test_the_stage_is_not_shown_twice() -> None:
    assert arranged(stage=1) == [2, 3, 4, 5]


def test_a_newcomer_takes_one_place_and_nobody_jumps() -> None:
    assert arranged(previous=[1, 2, 3, 4], hands=[17]) == [1, 2, 3, 17]
    assert arranged(previous=[1, 2, 3, 17], floor=[17], stage=17) == [1, 2, 3, 4]
    assert arranged(previous=[5, 1, 6, 7]) == [5, 1, 6, 7]


@given(
    layout=st.sampled_from(sorted(VISIBLE)),
    stage=st.none() | st.sampled_from(POINTS),
    pinned=some,
    floor=some,
    hands=some,
    present=some,
    previous=some,
)
def test_rules(
    *,
    layout: str,
    stage: int | None,
    pinned: list[int],
    floor: list[int],
    hands: list[int],
    present: list[int],
    previous: list[int],
) -> None:
    facts = {"stage": stage, "pinned": pinned, "main": 1, "floor": floor, "hands": hands, "present": present}
    tiles = arrange(layout, **facts, previous=previous)  # type: ignore[arg-type]
    eligible = set(present) - ({stage} if not layout.startswith("grid") else set())
    assert len(tiles) == len(set(tiles)) == min(VISIBLE[layout], len(eligible))
    assert set(tiles) <= eligible
    if layout.startswith("grid") and stage in present:
        assert tiles[0] == stage
    fixed = [p for p in ([stage] if layout.startswith("grid") else []) + pinned if p in eligible]
    fixed = list(dict.fromkeys(fixed))[: len(tiles)]
    assert tiles[: len(fixed)] == fixed
    # Arranging again moves nothing: what is shown is stable.
    assert arrange(layout, **facts, previous=tiles) == tiles  # type: ignore[arg-type]
    for place, point in enumerate(tiles):
        if point not in fixed and point in previous:
            before = previous.index(point)
            assert place == before or before >= len(tiles) or before < len(fixed) or tiles[before] != point
