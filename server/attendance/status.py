"""Attendance from the log of checks: pure functions, so that what a report says can be proved from what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Check(NamedTuple):
    at: datetime
    direction: str
    """in, out."""
    how: str
    """live, lost, end, by-hand."""


class Stay(NamedTuple):
    begin: datetime
    end: datetime


class Gap(NamedTuple):
    begin: datetime
    end: datetime
    how: str
    """Why it went out: live, lost, end, by-hand."""


@dataclass(frozen=True, slots=True)
class Attendance:
    first_in: datetime | None = None
    last_out: datetime | None = None
    """None while it is in."""
    out_how: str = ""
    """Why it is out."""
    present: bool = False
    stays: tuple[Stay, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Between stays, in order. Together they fill the time from the first in to the last out without overlap."""

    @property
    def total(self) -> timedelta:
        return sum((stay.end - stay.begin for stay in self.stays), timedelta())

    def since(self, begin: datetime) -> "Attendance":
        """Without stays that were over by then: whoever came to a rehearsal alone did not attend."""
        stays = tuple(stay for stay in self.stays if stay.end > begin)
        if len(stays) == len(self.stays):
            return self
        if not stays:
            return Attendance()
        first_in = stays[0].begin
        gaps = tuple(gap for gap in self.gaps if gap.begin >= first_in)
        return Attendance(first_in, self.last_out, self.out_how, self.present, stays, gaps)

    def within(self, begin: datetime | None, end: datetime | None = None) -> "Attendance":
        """The part of stays and gaps between two instants (None: open); the rest stays as it is."""
        return Attendance(
            first_in=self.first_in,
            last_out=self.last_out,
            out_how=self.out_how,
            present=self.present,
            stays=tuple(Stay(*cut) for stay in self.stays if (cut := _cut(stay.begin, stay.end, begin, end))),
            gaps=tuple(Gap(*cut, gap.how) for gap in self.gaps if (cut := _cut(gap.begin, gap.end, begin, end))),
        )


def derive(checks: Iterable[Check], now: datetime) -> Attendance:
    """`checks` of one point in any order. A second "in" while in, or "out" while out, says nothing new; an "out" before
    the first "in" neither. Of checks at one instant, "out" counts before "in": who reconnects is in."""
    first_in: datetime | None = None
    since: datetime | None = None
    out_at: datetime | None = None
    out_how = ""
    stays: list[Stay] = []
    gaps: list[Gap] = []
    for check in sorted(checks, key=lambda check: (check.at, check.direction == "in")):
        if check.direction == "in" and since is None:
            since = check.at
            first_in = first_in or check.at
            if out_at is not None and check.at > out_at:
                gaps.append(Gap(out_at, check.at, out_how))
        elif check.direction == "out" and since is not None:
            stays.append(Stay(since, check.at))
            since, out_at, out_how = None, check.at, check.how
    if since is not None:
        stays.append(Stay(since, max(since, now)))
    return Attendance(
        first_in=first_in,
        last_out=out_at if since is None else None,
        out_how=out_how if since is None else "",
        present=since is not None,
        stays=tuple(stays),
        gaps=tuple(gaps),
    )


def _cut(
    begin: datetime, end: datetime, earliest: datetime | None, latest: datetime | None
) -> tuple[datetime, datetime] | None:
    begin = max(begin, earliest) if earliest else begin
    end = min(end, latest) if latest else end
    return (begin, end) if begin < end else None


class Node(NamedTuple):
    """A unit in the tree."""

    id: int
    parent_id: int | None


@dataclass(slots=True)
class Totals:
    points: int = 0
    present: int = 0
    ever: int = 0


def roll_up(units: Sequence[Node], points: Iterable[tuple[int, bool, bool]]) -> dict[int, Totals]:
    """`points`: (unit, present, ever in). Counts of each unit include its whole branch; a unit whose parent is not
    among `units` is a root."""
    totals = {unit.id: Totals() for unit in units}
    parents = {unit.id: unit.parent_id for unit in units}
    for unit_id, present, ever in points:
        at: int | None = unit_id
        while at in totals:
            totals[at].points += 1
            totals[at].present += present
            totals[at].ever += ever
            at = parents[at]
    return totals
