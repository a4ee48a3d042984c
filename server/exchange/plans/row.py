"""What one row of a file would do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["added", "changed", "closed", "unchanged", "bad"]
Kind = Literal["units", "points", "people"]

EMPTIED = ("-", "–", "—")
"""Written into a cell to empty what stands there; a blank cell leaves it alone."""


class CellFault(Exception):
    """What is wrong with a cell."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


@dataclass(slots=True)
class PlannedRow:
    number: int
    cells: dict[str, str]
    """As read, by column."""
    label: str = ""
    verdict: str = "unchanged"
    """A `Verdict`."""
    subject_id: int | None = None
    revision: int | None = None
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    """Column, old text, new text of what differs."""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    faults: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Column, value, Vietnamese, English."""

    def fault(self, column: str, vi: str, en: str) -> None:
        """The first that is found in a cell is told."""
        self.verdict = "bad"
        if all(column != told for told, *_ in self.faults):
            self.faults.append((column, self.cells.get(column, "")[:100], vi, en))


@dataclass(frozen=True, slots=True)
class Plan:
    rows: Sequence[PlannedRow]
    notes: Sequence[tuple[str, str]]
    """Vietnamese and English."""
