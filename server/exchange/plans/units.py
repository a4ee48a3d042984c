"""What a file of units would do to the tree. It may speak of units that it brings in itself, in any order, and of what
a whole reorganisation needs: units that end, with who takes them over."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from server.core.fields import folded, spelling
from server.core.spreadsheets.lists import ListRow
from server.exchange.identifiers import Identifiers
from server.exchange.plans.cells import again, differ, iso, said
from server.exchange.plans.columns import UNITS
from server.exchange.plans.row import EMPTIED, CellFault, PlannedRow
from server.exchange.plans.unit_names import UnitFacts, UnitNames

_KIND = re.compile(r"^(tỉnh|thành phố|thị xã|thị trấn|huyện|quận|phường|xã|đặc khu)\s+", re.IGNORECASE)
_BELOW = {"central": "province", "province": "commune", "district": "commune"}
_LONGEST_PATH = 255
FIELDS = ("name", "short_name", "code", "former_code", "level", "parent", "position", "valid_from", "valid_until",
          "successor")  # fmt: skip


def shortened(name: str) -> str:
    """ "Xã Đạ Sar" is "Đạ Sar" on the wall."""
    return (_KIND.sub("", name) or name)[:60]


def facts_of(unit: UnitFacts) -> dict[str, Any]:
    return {
        "name": unit.name,
        "short_name": unit.short_name,
        "code": unit.code,
        "former_code": unit.former_code,
        "level": unit.level,
        "parent": unit.parent_id,
        "position": unit.position,
        "valid_from": iso(unit.valid_from),
        "valid_until": iso(unit.valid_until),
        "successor": unit.successor_id,
    }


class UnitPlanner:
    def __init__(self, names: UnitNames, identifiers: Identifiers, taken: Collection[str]) -> None:
        """`taken`: codes that units beyond the actor's have."""
        self._names = names
        self._identifiers = identifiers
        self._taken = taken
        self._rows: list[PlannedRow] = []
        self._key: dict[int, int] = {}
        """Place of a row -> the unit that it means; below zero where it is new."""
        self._by_code: dict[str, int] = {}
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        self._resolving: set[int] = set()

    def plan(self, rows: Sequence[ListRow]) -> list[PlannedRow]:
        self._rows = [PlannedRow(row.number, row.cells, row.cells["name"][:200]) for row in rows]
        for place, row in enumerate(self._rows):
            for column in ("code", "former_code"):
                if row.cells.get(column):
                    self._by_code.setdefault(row.cells[column].upper(), place)
            self._by_name[spelling(row.cells["name"])].append(place)
        for place in range(len(self._rows)):
            self._resolve(place)
        first: dict[int, int] = {}
        fresh: dict[tuple[int | None, str], int] = {}
        final = {unit.id: facts_of(unit) for unit in self._names.by_id.values()}
        for place, row in enumerate(self._rows):
            key = self._key.get(place)
            if key is None or row.verdict == "bad":
                said(row, UNITS, {"parent": self.unit, "successor": self.unit})
                continue
            if key in first:
                again(row, first[key])
                continue
            first[key] = row.number
            final[key] = self._say(row, key)
            if key < 0 and row.verdict != "bad":
                named = (final[key]["parent"], spelling(final[key]["name"]))
                if named in fresh:
                    again(row, fresh[named])
                fresh.setdefault(named, row.number)
        self._check_codes()
        self._check_tree(final)
        self._number(final)
        return self._rows

    # -- which unit a row means

    def _resolve(self, place: int) -> int | None:
        if place in self._key:
            return self._key[place]
        row = self._rows[place]
        if place in self._resolving:
            row.fault("parent", "Các đơn vị này nằm trong nhau thành vòng.", "These units contain each other.")
            return None
        self._resolving.add(place)
        try:
            key = self._known(row)
            if key is None:
                key = self._by_parent(place, row)
        except CellFault as fault:
            column = "parent" if row.cells.get("parent") else "name"
            row.fault(column, fault.vi, fault.en)
            return None
        finally:
            self._resolving.discard(place)
        self._key[place] = key
        return key

    def _known(self, row: PlannedRow) -> int | None:
        """By identifier or code."""
        found: dict[str, UnitFacts] = {}
        if row.cells.get("id"):
            try:
                unit = self._names.by_id.get(self._identifiers.read("units", row.cells["id"]))
                if unit is None or not unit.own:
                    raise CellFault("Đơn vị này không còn, hoặc ngoài phạm vi đồng chí quản trị.",
                                    "This unit is gone, or not one that you administer.")  # fmt: skip
                return unit.id
            except CellFault as fault:
                row.fault("id", fault.vi, fault.en)
                return None
        for column in ("code", "former_code"):
            text = row.cells.get(column, "")
            unit = self._names.of_code(text) if text and text not in EMPTIED else None
            if unit is not None:
                found[column] = unit
        if len({unit.id for unit in found.values()}) > 1:
            row.fault("former_code", "Hai mã này là của hai đơn vị khác nhau.", "These are codes of different units.")
            return None
        unit = next(iter(found.values()), None)
        if unit is not None and not unit.own:
            row.fault("code", "Đơn vị này ngoài phạm vi đồng chí quản trị.", "You do not administer this unit.")
            return None
        return None if unit is None else unit.id

    def _by_parent(self, place: int, row: PlannedRow) -> int:
        name, above = row.cells["name"], row.cells.get("parent", "")
        if row.verdict == "bad":
            return -1 - place
        if not name:
            row.fault("name", "Thiếu tên đơn vị.", "The name is missing.")
            return -1 - place
        if not above:
            found = [unit for unit in self._names.named(name) if unit.own]
            if len(found) == 1:
                return found[0].id
            row.fault(
                "parent",
                "Ghi đơn vị cấp trên." if not found else "Nhiều đơn vị cùng tên. Ghi mã hoặc đơn vị cấp trên.",
                "Say which unit it belongs to." if not found else "Several units bear this name. Add code or parent.",
            )
            return -1 - place
        parent = self.unit(above)
        namesakes = self._names.children_named(parent, name) if parent > 0 else []
        code = row.cells.get("code", "").upper()
        if code:
            # Whoever bore the name and has ended is another one.
            namesakes = [unit for unit in namesakes if unit.code is None or unit.valid_until is None]
        if len(namesakes) > 1:
            going_on = [unit for unit in namesakes if unit.valid_until is None]
            namesakes = going_on or namesakes
        if len(namesakes) > 1:
            raise CellFault("Nhiều đơn vị cùng tên ở đây. Ghi mã.", "Several units here bear this name. Add the code.")
        return namesakes[0].id if namesakes else -1 - place

    def unit(self, text: str) -> int:
        """Which unit a cell means, of those that are there and those that the file brings in. CellFault."""
        code = text.rpartition("(")[2].strip(" )").upper()
        if (place := self._by_code.get(code)) is not None and (key := self._resolve(place)) is not None:
            return key
        brought = [self._resolve(place) for place in self._by_name.get(spelling(text), ())]
        new = {key for key in brought if key is not None and key < 0}
        if len(new) == 1 and all(unit.valid_until for unit in self._names.named(text)):
            return new.pop()
        try:
            return self._names.find(text)
        except CellFault:
            if len(new) > 1:
                raise CellFault(
                    "Nhiều đơn vị trong tệp cùng tên này. Ghi mã.",
                    "Several units of the file bear this name. Add the code.",
                ) from None
            if new:
                return new.pop()
            raise

    # -- what it says

    def _say(self, row: PlannedRow, key: int) -> dict[str, Any]:
        """The unit's facts as they will be."""
        known = self._names.by_id.get(key)
        before = facts_of(known) if known is not None else {}
        values = said(row, UNITS, {"parent": self.unit, "successor": self.unit})
        if known is not None and values.get("code") and values["code"] == known.former_code:
            # A list of the years before names it by the code of then.
            del values["code"]
        if known is None:
            values.setdefault("name", row.cells["name"])
            values.setdefault("short_name", shortened(row.cells["name"]))
            values.setdefault("level", self._level_below(values.get("parent")))
        row.label = str(values.get("name") or before.get("name") or row.label)
        after = {**before, **values}
        if values.get("valid_until", "") is None:
            after["successor"] = values["successor"] = None
        if after.get("successor") and not after.get("valid_until"):
            row.fault("valid_until", "Ghi ngày cuối cùng hoạt động.", "Say on which day it ends.")
        row.subject_id = key if key > 0 else None
        row.revision = known.revision if known is not None else None
        row.before, row.after = before, {name: after.get(name) for name in FIELDS}
        if known is None:
            row.after["key"] = key
        row.shown = differ(UNITS, before, values, {"parent": self.label, "successor": self.label})
        if row.verdict != "bad":
            ends = "valid_until" in {column for column, _, _ in row.shown} and after["valid_until"] is not None
            row.verdict = "added" if known is None else "closed" if ends else "changed" if row.shown else "unchanged"
        return row.after

    def label(self, unit_id: int) -> str:
        if unit_id > 0:
            return self._names.label(unit_id)
        row = self._rows[-1 - unit_id]
        code = row.cells.get("code") or row.cells.get("former_code")
        return f"{row.cells['name']} ({code.upper()})" if code else row.cells["name"]

    def _level_below(self, parent: int | None) -> str:
        if parent is None:
            return "below"
        unit = self._names.by_id.get(parent)
        word = self._rows[-1 - parent].after.get("level") if unit is None else unit.level
        return _BELOW.get(word or "", "below")

    # -- what holds for all of them together

    def _check_codes(self) -> None:
        holders: dict[str, PlannedRow | UnitFacts] = {}
        spoken_of = {row.subject_id for row in self._rows if row.verdict != "bad" and row.subject_id}
        for unit in self._names.by_id.values():
            for code in (unit.code, unit.former_code):
                if code and unit.id not in spoken_of:
                    holders[code] = unit
        for row in self._rows:
            if row.verdict == "bad":
                continue
            for column in ("code", "former_code"):
                code = row.after[column]
                if not code:
                    continue
                holder = holders.get(code)
                if code in self._taken or isinstance(holder, UnitFacts):
                    row.fault(column, "Mã này đã dùng cho đơn vị khác.", "This code already belongs to another unit.")
                elif isinstance(holder, PlannedRow) and holder is not row:
                    row.fault(
                        column, f"Mã này đã ghi ở dòng {holder.number}.", f"Row {holder.number} has this code already."
                    )
                else:
                    holders[code] = row

    def _check_tree(self, final: dict[int, dict[str, Any]]) -> None:
        below: defaultdict[int, list[int]] = defaultdict(list)
        for key, facts in final.items():
            if facts.get("parent") is not None:
                below[facts["parent"]].append(key)
        for place, row in enumerate(self._rows):
            if row.verdict not in ("bad", "unchanged"):
                self._check_place(row, self._key[place], final)
        # Whoever stands below or is taken over by a row that is not right waits with it.
        for place, row in enumerate(self._rows):
            if row.verdict not in ("bad", "unchanged"):
                self._check_end(row, self._key[place], final, below)

    def _check_place(self, row: PlannedRow, key: int, final: dict[int, dict[str, Any]]) -> None:
        before, after = row.before, row.after
        if after["valid_from"] and after["valid_until"] and after["valid_until"] < after["valid_from"]:
            row.fault("valid_until", "Ngày hết hiệu lực ở trước ngày bắt đầu.", "Ends before it begins.")
        parent = after["parent"]
        moved = key < 0 or parent != before["parent"]
        if moved:
            if key > 0 and before["parent"] is None:
                row.fault("parent", "Không chuyển được đơn vị gốc.", "The root of the tree cannot be moved.")
                return
            if parent is None:
                row.fault("parent", "Ghi đơn vị cấp trên.", "Say which unit it belongs to.")
                return
            for end in {parent, before.get("parent", parent)}:
                if end in self._names.by_id and not self._names.by_id[end].own:
                    row.fault(
                        "parent", "Đơn vị này ngoài phạm vi đồng chí quản trị.", "You do not administer this unit."
                    )
                    return
            above = [key]
            while parent is not None and parent in final:
                if parent in above:
                    row.fault("parent", "Không chuyển được vào đơn vị trực thuộc của chính nó.",
                              "Not into its own branch.")  # fmt: skip
                    return
                above.append(parent)
                parent = final[parent]["parent"]
            if 10 * len(above) > _LONGEST_PATH:
                row.fault("parent", "Cây đơn vị sâu quá. Chọn đơn vị cấp trên khác.", "The tree would be too deep.")

    def _check_end(
        self, row: PlannedRow, key: int, final: dict[int, dict[str, Any]], below: dict[int, list[int]]
    ) -> None:
        after = row.after
        if key > 0 and after["valid_until"] != row.before["valid_until"]:
            parent = self._names.by_id.get(row.before["parent"] or 0)
            if parent is None or not parent.own:
                # Nobody saws off the branch their own role sits on.
                row.fault("valid_until", "Đơn vị này do quản trị viên cấp trên kết thúc.",
                          "An administrator above ends this unit.")  # fmt: skip
        successor = after["successor"]
        if successor is not None and successor != row.before.get("successor"):
            taking = final.get(successor)
            if taking is None or (successor in self._names.by_id and not self._names.by_id[successor].own):
                row.fault(
                    "successor", "Đơn vị này ngoài phạm vi đồng chí quản trị.", "You do not administer this unit."
                )
            elif taking["valid_until"] is not None:
                row.fault("successor", "Đơn vị tiếp nhận cũng có ngày hết hiệu lực. Chọn đơn vị còn hoạt động.",
                          "The successor has an end date itself. Choose one that goes on.")  # fmt: skip
            elif key == successor or key in _lineage(successor, final):
                row.fault("successor", "Đơn vị tiếp nhận không thể nằm trong chính đơn vị sẽ đóng.",
                          "The successor cannot be part of the unit that is closed.")  # fmt: skip
        elif row.verdict == "closed" and successor is None:
            left = [each for each in below.get(key, ()) if not _over(final[each], after["valid_until"])]
            if left:
                row.fault("successor", f"Còn {len(left)} đơn vị trực thuộc. Ghi nơi tiếp nhận, hoặc kết thúc cả chúng.",
                          f"It still has {len(left)} units below it. Say who takes over, or end them.")  # fmt: skip

    def _number(self, final: dict[int, dict[str, Any]]) -> None:
        """New ones stand behind their siblings."""
        last: defaultdict[int | None, int] = defaultdict(lambda: -1)
        for facts in final.values():
            last[facts.get("parent")] = max(last[facts.get("parent")], facts.get("position") or 0)
        for row in self._rows:
            if row.verdict == "added" and row.after["position"] is None:
                last[row.after["parent"]] += 1
                row.after["position"] = last[row.after["parent"]]


def _lineage(key: int, final: dict[int, dict[str, Any]]) -> set[int]:
    above: set[int] = set()
    at: int | None = key
    while at is not None and at in final and at not in above:
        above.add(at)
        at = final[at]["parent"]
    return above


def _over(facts: dict[str, Any], day: str) -> bool:
    return facts["valid_until"] is not None and date.fromisoformat(facts["valid_until"]) <= date.fromisoformat(day)


def look_alikes(rows: Sequence[PlannedRow], column: str) -> list[tuple[str, str]]:
    """Names that differ by diacritics alone: all of them are taken, and the reader is told."""
    alike: dict[str, dict[str, PlannedRow]] = {}
    for row in rows:
        if row.verdict == "added":
            name = row.label
            where = str(row.after.get("parent") or row.after.get(column))
            alike.setdefault(f"{where} {folded(name)}", {}).setdefault(spelling(name), row)
    notes = []
    for group in alike.values():
        if len(group) > 1:
            names = ", ".join(f"{row.label} ({row.number})" for row in group.values())
            notes.append(
                (
                    f"Chỉ khác nhau ở dấu, được coi là khác nhau: {names}.",
                    f"These differ by diacritics alone and are taken for different ones: {names}.",
                )
            )
    return notes[:50]
