"""The order in which people are called: a pure function of who waits, the rules, and who has spoken.

One marked as next comes first. Then those moved by hand, as they were put; they stand before everybody who came later.
The rest by the rules: debate before new speeches, who has not spoken before who has, branches in turns, and then as
they came. Turns of branches count what was spoken already: a branch that had none goes before one that had two."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from server.speaking.rules import Rules


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    kind: str
    raised_at: datetime
    branch: int
    turns: int = 0
    """How often who asks has spoken."""
    rank: int | None = None
    marked: bool = False


def ordered(waiting: Iterable[Waiting], rules: Rules, branch_turns: Mapping[int, int]) -> list[int]:
    """Ids of requests, the next to be called first."""
    waiting = list(waiting)
    marked = [each.id for each in waiting if each.marked]
    moved = sorted((each for each in waiting if each.rank is not None), key=lambda each: (each.rank, each.id))
    rest = sorted((each for each in waiting if each.rank is None), key=_by_rules(rules))
    if rules.by_branch:
        had = Counter(branch_turns)
        rounds = {}
        for each in rest:
            rounds[each.id] = had[each.branch]
            had[each.branch] += 1
        rest.sort(key=lambda each: (_class(rules, each), rounds[each.id]))
    return list(dict.fromkeys([*marked, *(each.id for each in moved), *(each.id for each in rest)]))


def _class(rules: Rules, each: Waiting) -> tuple[bool, bool]:
    return (rules.debate_first and each.kind != "debate", rules.newcomers_first and each.turns > 0)


def _by_rules(rules: Rules) -> Callable[[Waiting], tuple[object, ...]]:
    return lambda each: (_class(rules, each), each.raised_at, each.id)
