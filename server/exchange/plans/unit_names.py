"""Which unit a cell means: by its code, by the identifier that an export gave it, or by its name as it is spelled, with
the unit above where there are several."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from server.core.fields import folded, spelling
from server.exchange.identifiers import Identifiers
from server.exchange.plans.row import CellFault

_TAIL = re.compile(r"(.*\S)\s*\(([^()]+)\)")


@dataclass(slots=True)
class UnitFacts:
    """`id` below zero: a row of the file that is not written yet."""

    id: int
    parent_id: int | None
    path: str
    name: str
    short_name: str = ""
    code: str | None = None
    former_code: str | None = None
    level: str = "below"
    position: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    successor_id: int | None = None
    revision: int = 1
    own: bool = True
    """The actor administers it; others are there as what stands above."""


class UnitNames:
    def __init__(self, units: Iterable[UnitFacts], identifiers: Identifiers) -> None:
        self.by_id: dict[int, UnitFacts] = {}
        self._identifiers = identifiers
        self._by_code: dict[str, int] = {}
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        self._found: dict[str, int | CellFault] = {}
        for unit in units:
            self.add(unit)

    def add(self, unit: UnitFacts) -> None:
        self.by_id[unit.id] = unit
        for code in (unit.code, unit.former_code):
            if code:
                self._by_code.setdefault(code, unit.id)
        for name in {spelling(unit.name), spelling(unit.short_name)} - {""}:
            self._by_name[name].append(unit.id)
        self._found.clear()

    def of_code(self, code: str) -> UnitFacts | None:
        found = self._by_code.get(code.upper())
        return None if found is None else self.by_id[found]

    def children_named(self, parent_id: int, name: str) -> list[UnitFacts]:
        full = spelling(name)
        units = (self.by_id[each] for each in self._by_name.get(full, ()))
        return [unit for unit in units if unit.parent_id == parent_id and spelling(unit.name) == full]

    def named(self, name: str) -> list[UnitFacts]:
        """By the full name; of several those that go on, if any does."""
        full = spelling(name)
        units = [self.by_id[each] for each in self._by_name.get(full, ())]
        return _going_on([unit for unit in units if spelling(unit.name) == full] or units)

    def label(self, unit_id: int) -> str:
        """What `find` reads back as this unit."""
        unit = self.by_id[unit_id]
        if unit.code or unit.former_code:
            return f"{unit.name} ({unit.code or unit.former_code})"
        if [each.id for each in self.named(unit.name)] == [unit.id]:
            return unit.name
        return f"{unit.name} ({self._identifiers.of('units', unit.id)})" if unit.id > 0 else unit.name

    def label_of_any(self, unit_id: int) -> str:
        """Also of a unit beyond the actor's, whose name is not told."""
        return self.label(unit_id) if unit_id in self.by_id else self._identifiers.of("units", unit_id)

    def find(self, text: str) -> int:
        """CellFault."""
        if text not in self._found:
            try:
                self._found[text] = self._look_up(text)
            except CellFault as fault:
                self._found[text] = fault
        answer = self._found[text]
        if isinstance(answer, CellFault):
            raise answer
        return answer

    def _look_up(self, text: str) -> int:
        tail = _TAIL.fullmatch(text)
        for code in (tail[2] if tail else "", text):
            unit = self.of_code(code) if code else None
            if unit is None and code:
                unit = self._identified(code)
            if unit is not None:
                return unit.id
        found = self.named(text)
        if not found:
            # "Phường 1, Thành phố Bảo Lộc", "Phường 1 (Bảo Lộc)".
            for name, above in self._parted(text):
                found = [each for each in self.named(name) if self._is_below(each, above)]
                if found:
                    break
        if len(found) > 1:
            said = "; ".join(f"“{self.label(unit.id)}”" for unit in found[:4])
            raise CellFault(
                f"Có {len(found)} đơn vị cùng tên: {said}. Ghi kèm mã như trên.",
                f"{len(found)} units bear this name: {said}. Add the code as shown.",
            )
        if not found:
            raise self._unknown(text)
        return found[0].id

    def _identified(self, code: str) -> UnitFacts | None:
        try:
            return self.by_id.get(self._identifiers.read("units", code))
        except CellFault:
            return None

    def _parted(self, text: str) -> list[tuple[str, str]]:
        parts = []
        for mark in (",", "(", " - ", " – "):
            name, _, above = text.rpartition(mark)
            if name:
                parts.append((name.strip(), spelling(above.strip(" )"))))
        return parts

    def _is_below(self, unit: UnitFacts, above: str) -> bool:
        parent = self.by_id.get(unit.parent_id or 0)
        return parent is not None and above in (spelling(parent.name), spelling(parent.short_name))

    def _unknown(self, text: str) -> CellFault:
        names = {folded(unit.name): unit.id for unit in self.by_id.values()}
        close = difflib.get_close_matches(folded(text), names, n=1, cutoff=0.7)
        hint = self.label(names[close[0]]) if close else ""
        return CellFault(
            "Không có đơn vị này trong phạm vi đồng chí quản trị." + (f" Có phải “{hint}”?" if hint else ""),
            "No such unit among those you administer." + (f" Do you mean “{hint}”?" if hint else ""),
        )


def _going_on(units: Sequence[UnitFacts]) -> list[UnitFacts]:
    return [unit for unit in units if unit.valid_until is None] or list(units)
