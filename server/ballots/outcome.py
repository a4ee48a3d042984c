"""What a vote has come to: pure functions of what was counted, so that a result can be counted again by anybody."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from server.live.protocol import Wire

Kind = Literal["question", "election"]
Threshold = Literal["majority", "two-thirds", "three-quarters"]
Quorum = Literal["none", "majority", "two-thirds", "three-quarters"]
Base = Literal["present", "summoned"]

_AT_LEAST = {"two-thirds": Fraction(2, 3), "three-quarters": Fraction(3, 4)}


def needed(share: str, of: int) -> int:
    """The smallest number that meets it: over one half, or at least two thirds or three quarters."""
    if share == "none":
        return 0
    if share == "majority":
        return of // 2 + 1
    wanted = _AT_LEAST[share] * of
    return -(-wanted.numerator // wanted.denominator)


class OptionResult(Wire):
    text: str
    devices: int = 0
    hands: int = 0
    papers: int = 0
    total: int = 0
    elected: bool = False
    tied: bool = False
    """As many votes as others for the last seat: none of them has it."""


class Outcome(Wire):
    options: list[OptionResult]
    """In the order in which they were put."""
    summoned: int
    present: int
    devices: int
    """People who voted so."""
    hands: int
    issued: int
    """Papers."""
    returned: int
    valid: int
    """Votes of every way that count; `invalid` those that do not."""
    invalid: int
    quorum: int
    """So many had to be present."""
    quorum_met: bool
    base: int
    needed: int
    passed: bool | None
    """Of a question; None of an election."""
    seats: int
    elected: int


@dataclass(frozen=True, slots=True)
class Rules:
    kind: Kind
    options: Sequence[str]
    seats: int
    threshold: Threshold
    base: Base
    quorum: Quorum

    def valid(self, marks: str) -> bool:
        """One of a question's options; of candidates at least one and no more than there are seats."""
        return 1 <= marks.count("1") <= (1 if self.kind == "question" else self.seats)

    def possible(self, marks: str) -> bool:
        """What a device may send: a ballot for nobody is cast and does not count, too many cannot be marked."""
        if len(marks) != len(self.options) or set(marks) - {"0", "1"}:
            return False
        return self.valid(marks) or (self.kind == "election" and "1" not in marks)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a hall has counted, confirmed."""

    point_id: int
    kind: str
    counts: Sequence[int]
    issued: int
    returned: int
    void: int


@dataclass(frozen=True, slots=True)
class Hall:
    """How many of a hall can vote."""

    listed: int = 0
    """Seats filled there by name."""
    heads: int = 0
    """By its headcount; no more than seats are expected there."""

    @property
    def people(self) -> int:
        return max(self.listed, self.heads)


@dataclass(slots=True)
class Present:
    """Who can vote: seats by the hall where they are filled (None: online), and halls as a whole."""

    summoned: int
    seats: dict[int, int | None] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)

    def hall(self, point_id: int) -> Hall:
        return Hall(sum(1 for each in self.seats.values() if each == point_id), self.heads.get(point_id, 0))

    def number(self, voted: Mapping[int, int | None], counted: Iterable[Counted]) -> int:
        """Those present; whoever has voted by device and then left was. Halls that counted bring as many as they have
        by their headcount or have counted, where that is more than are there by name."""
        seats = {**self.seats, **voted}
        places, by_device = Counter(seats.values()), Counter(voted.values())
        by_count: Counter[int] = Counter()
        for each in counted:
            by_count[each.point_id] += each.issued
        return len(seats) + sum(
            max(0, self.heads.get(point_id, 0) - places[point_id], number + by_device[point_id] - places[point_id])
            for point_id, number in by_count.items()
        )


def count(
    rules: Rules, present: Present, voted: Mapping[int, int | None], marks: Iterable[str], counted: Sequence[Counted]
) -> Outcome:
    """`voted`: seats that voted by device, with their halls; `marks`: of each of them, in any order."""
    options = [OptionResult(text=text) for text in rules.options]
    devices = invalid = 0
    for one, times in Counter(marks).items():
        devices += times
        if not rules.valid(one):
            invalid += times
            continue
        for option, mark in zip(options, one, strict=True):
            option.devices += times * (mark == "1")
    for each in counted:
        for option, number in zip(options, each.counts, strict=True):
            if each.kind == "hands":
                option.hands += number
            else:
                option.papers += number
    for option in options:
        option.total = option.devices + option.hands + option.papers
    hands = sum(each.issued for each in counted if each.kind == "hands")
    papers = [each for each in counted if each.kind == "papers"]
    returned, void = sum(each.returned for each in papers), sum(each.void for each in papers)
    there = present.number(voted, counted)
    of = there if rules.base == "present" else present.summoned
    wanted, quorum = needed(rules.threshold, of), needed(rules.quorum, present.summoned)
    met = there >= quorum
    passed = None
    if rules.kind == "election":
        if met:
            _elect(options, rules.seats, wanted)
    else:
        passed = met and of > 0 and options[0].total >= wanted
    return Outcome(
        options=options,
        summoned=present.summoned,
        present=there,
        devices=devices,
        hands=hands,
        issued=sum(each.issued for each in papers),
        returned=returned,
        valid=devices - invalid + hands + returned - void,
        invalid=invalid + void,
        quorum=quorum,
        quorum_met=met,
        base=of,
        needed=wanted,
        passed=passed,
        seats=rules.seats,
        elected=sum(option.elected for option in options),
    )


def _elect(options: list[OptionResult], seats: int, wanted: int) -> None:
    """Most votes first, among those that have enough; where the last seats are short for equals, none of these."""
    enough = [option for option in options if option.total >= max(wanted, 1)]
    for option in enough:
        better = sum(1 for each in enough if each.total > option.total)
        equal = sum(1 for each in enough if each.total == option.total)
        option.elected = better + equal <= seats
        option.tied = better < seats < better + equal
