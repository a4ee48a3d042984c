"""What a file of bridge points would do."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.core.fields import spelling
from server.core.spreadsheets.lists import ListRow
from server.exchange.identifiers import Identifiers
from server.exchange.plans.cells import again, differ, said
from server.exchange.plans.columns import POINTS
from server.exchange.plans.row import CellFault, PlannedRow
from server.exchange.plans.unit_names import UnitNames

FIELDS = ("name", "short_name", "unit", "position", "seats", "address", "contact_name", "contact_phone", "equipment",
          "main_line", "backup_line", "closed")  # fmt: skip


@dataclass(frozen=True, slots=True)
class PointFacts:
    """Of a unit that the actor administers."""

    id: int
    revision: int
    facts: dict[str, Any]
    """By `FIELDS`; `unit` is its id."""


class PointPlanner:
    def __init__(self, names: UnitNames, identifiers: Identifiers, points: Sequence[PointFacts]) -> None:
        self._names = names
        self._identifiers = identifiers
        self._by_id = {point.id: point for point in points}
        self._by_name: defaultdict[tuple[int, str], list[PointFacts]] = defaultdict(list)
        self._last: defaultdict[int, int] = defaultdict(lambda: -1)
        for point in points:
            facts = point.facts
            self._by_name[facts["unit"], _plain(facts["name"])].append(point)
            self._last[facts["unit"]] = max(self._last[facts["unit"]], facts["position"])

    def plan(self, rows: Sequence[ListRow]) -> list[PlannedRow]:
        planned = [PlannedRow(row.number, row.cells, row.cells["name"][:200]) for row in rows]
        first: dict[Any, int] = {}
        for row in planned:
            key = self._take(row)
            if key is not None and first.setdefault(key, row.number) != row.number:
                again(row, first[key])
        return planned

    def _take(self, row: PlannedRow) -> Any:
        """What tells the row from others."""
        values = said(row, POINTS, {"unit": self._unit})
        known = self._known(row, values)
        if known is None and row.verdict != "bad":
            if not row.cells["name"]:
                row.fault("name", "Thiếu tên điểm cầu.", "The name is missing.")
            if "unit" not in values:
                row.fault("unit", "Ghi đơn vị của điểm cầu.", "Say which unit it belongs to.")
        if row.verdict == "bad":
            return None
        before = known.facts if known is not None else {}
        if "name" in values:
            values["name"] = _without_kind(values["name"])
        if known is None:
            values.setdefault("short_name", values["name"][:60])
            values.setdefault("closed", False)
            if values.get("position") is None:
                self._last[values["unit"]] += 1
                values["position"] = self._last[values["unit"]]
        if values.get("closed", "") is None:
            values["closed"] = False
        after = {**before, **values}
        row.label = after["name"]
        row.subject_id, row.revision = (known.id, known.revision) if known is not None else (None, None)
        row.before, row.after = before, {name: after.get(name) for name in FIELDS}
        row.shown = differ(POINTS, before, values, {"unit": self._names.label})
        closes = known is not None and after["closed"] and not before["closed"]
        row.verdict = "added" if known is None else "closed" if closes else "changed" if row.shown else "unchanged"
        return known.id if known is not None else (after["unit"], spelling(after["name"]))

    def _known(self, row: PlannedRow, values: dict[str, Any]) -> PointFacts | None:
        if row.cells.get("id"):
            try:
                known = self._by_id.get(self._identifiers.read("points", row.cells["id"]))
                if known is None:
                    raise CellFault("Điểm cầu này không còn, hoặc ngoài phạm vi đồng chí quản trị.",
                                    "This point is gone, or not one that you administer.")  # fmt: skip
                return known
            except CellFault as fault:
                row.fault("id", fault.vi, fault.en)
                return None
        name = _plain(row.cells["name"])
        if "unit" in values:
            namesakes = self._by_name.get((values["unit"], name), [])
        elif row.cells.get("unit"):
            return None
        else:
            namesakes = [point for (_, each), points in self._by_name.items() if each == name for point in points]
        open_ones = [point for point in namesakes if not point.facts["closed"]] or namesakes
        if len(open_ones) > 1:
            row.fault("name", "Nhiều điểm cầu cùng tên. Ghi mã hệ thống hoặc đơn vị.",
                      "Several points bear this name. Add the identifier or the unit.")  # fmt: skip
            return None
        return open_ones[0] if open_ones else None

    def _unit(self, text: str) -> int:
        return own_unit(self._names, text)


def own_unit(names: UnitNames, text: str) -> int:
    """CellFault."""
    found = names.find(text)
    if not names.by_id[found].own:
        raise CellFault("Đơn vị này ngoài phạm vi đồng chí quản trị.", "You do not administer this unit.")
    return found


def _without_kind(name: str) -> str:
    plain = name[len("Điểm cầu ") :].strip() if name.lower().startswith("điểm cầu ") else name
    return plain or name


def _plain(name: str) -> str:
    return spelling(_without_kind(name))
