"""Which small pictures the halls' screens show, and where: a pure function of the stage and the halls.

Order of importance: on a grid the point on stage; then what the operator pinned, in that order; the main point; who
holds the floor; raised hands, oldest first; then present points, those already shown before others. Pinned pictures
keep the operator's places. Any other picture stays where it is as long as it is shown at all: on a wall, a face that
jumps is worse than a gap that is filled by a newcomer.
"""

from collections.abc import Sequence, Set

VISIBLE = {"stage": 0, "stage-row": 4, "grid-2": 4, "grid-3": 9, "grid-4": 16, "content-stage": 0}
"""Small pictures of each layout."""


def arrange(
    layout: str,
    *,
    stage: int | None,
    pinned: Sequence[int],
    main: int,
    floor: Sequence[int],
    hands: Sequence[int],
    present: Sequence[int],
    previous: Sequence[int],
) -> list[int]:
    """Point ids by place, without holes, at most as many as the layout shows.

    `present`: every point that has a picture, in tree order; the others' members count only if they are in it.
    `previous`: the arrangement before."""
    places = VISIBLE[layout]
    there: Set[int] = set(present)
    on_grid = layout.startswith("grid")
    fixed = [*([stage] if on_grid and stage is not None else []), *pinned]
    shown = set(previous)
    ranked = [*fixed, main, *floor, *hands, *(p for p in present if p in shown), *present]
    hidden = None if on_grid else stage
    chosen = [p for p in dict.fromkeys(ranked) if p in there and p != hidden][:places]
    return _placed(chosen, set(fixed), previous)


def _placed(chosen: Sequence[int], fixed: Set[int], previous: Sequence[int]) -> list[int]:
    """`chosen` by importance, the fixed ones first -> by place."""
    result: list[int | None] = [None] * len(chosen)
    firsts = [p for p in chosen if p in fixed]
    result[: len(firsts)] = firsts
    before = {point: place for place, point in enumerate(previous)}
    moving = []
    for point in chosen[len(firsts) :]:
        place = before.get(point)
        if place is not None and place < len(result) and result[place] is None:
            result[place] = point
        else:
            moving.append(point)
    newcomers = iter(moving)
    return [point if point is not None else next(newcomers) for point in result]
