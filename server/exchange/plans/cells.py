"""From a row's cells to what they say, and what differs from what is there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from server.core.spreadsheets.reading import as_read
from server.exchange.plans.columns import Column
from server.exchange.plans.row import EMPTIED, CellFault, PlannedRow

LookUp = Callable[[str], Any]


def said(row: PlannedRow, columns: Sequence[Column], look_up: Mapping[str, LookUp]) -> dict[str, Any]:
    """What the row says, by column: without those that are blank, None for those to be emptied. Faults are noted."""
    values: dict[str, Any] = {}
    for column in columns:
        text = row.cells.get(column.key, "")
        if not text or column.key == "id":
            continue
        if text in EMPTIED:
            if column.may_be_empty:
                values[column.key] = None
            else:
                row.fault(column.key, "Ô này không để trống được.", "This cannot be emptied.")
            continue
        try:
            values[column.key] = (column.read or look_up[column.key])(text)
        except CellFault as fault:
            row.fault(column.key, fault.vi, fault.en)
    return values


def same(old: Any, new: Any) -> bool:
    """As far as a spreadsheet can tell: it holds lines, not paragraphs."""
    if isinstance(old, str) and isinstance(new, str):
        return as_read(old) == as_read(new)
    return bool((old or None) == (new or None)) if old != 0 and new != 0 else bool(old == new)


def differ(
    columns: Sequence[Column],
    before: Mapping[str, Any],
    values: Mapping[str, Any],
    show: Mapping[str, Callable[[Any], str]],
) -> list[tuple[str, str, str]]:
    """Column, old text, new text of what a row changes; `before` is empty for what is new."""
    shown = []
    for column in columns:
        if column.key not in values:
            continue
        old, new = before.get(column.key), values[column.key]
        if not same(old, new) and not (new is None and old in EMPTIED):
            words = show.get(column.key, column.show)
            shown.append((column.key, _words(words, old), _words(words, new)))
    return shown


def _words(words: Callable[[Any], str], value: Any) -> str:
    return "" if value is None or value == "" else words(value)


def iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def again(row: PlannedRow, first: int) -> None:
    row.fault(
        "name" if "name" in row.cells else "full_name",
        f"Trùng với dòng {first}. Giữ một dòng.",
        f"The same as row {first}. Keep one of them.",
    )
