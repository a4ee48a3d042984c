"""Which hall a cell means: spelled as it is first, and without diacritics only where nothing is spelled so."""

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.core.fields import folded, spelling

_KINDS = ("Tỉnh", "Thành phố", "TP.", "TP", "Thị xã", "TX.", "Huyện", "H.", "Quận", "Thị trấn", "Đặc khu")
"""What stands before the name of a unit above, or is left out."""
_WARD = re.compile(r"^\s*(?:P\.?|Phường)\s*0*(?=\d)(\d{1,2})\b", re.IGNORECASE)
"""Wards that bear numbers: "P.1", "Phường 01"."""
_ONLINE = {"truc tuyen", "online", "hop truc tuyen", "du truc tuyen"}


@dataclass(frozen=True, slots=True)
class Hall:
    """A member point that the list may name."""

    point_id: int
    unit_id: int
    name: str
    short_name: str
    unit_name: str
    unit_short_name: str
    above: tuple[str, ...] = ()
    """Names of the units above, full and short, the nearest first."""


class Unclear(Exception):
    """What is wrong with a cell."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


def labels(halls: Sequence[Hall]) -> dict[int, str]:
    """A name for each point that no other one has: "Lát", or "Phường 1, Thành phố Bảo Lộc" where there are two."""
    times = Counter(spelling(hall.name) for hall in halls)
    return {
        hall.point_id: f"{hall.name}, {hall.above[0]}" if times[spelling(hall.name)] > 1 and hall.above else hall.name
        for hall in halls
    }


class Halls:
    """Member points by every name that people write for them."""

    def __init__(self, halls: Sequence[Hall]) -> None:
        self._labels = labels(halls)
        self._spelled = _Names(halls, self._labels, spelling)
        self._folded = _Names(halls, self._labels, folded)
        self._answers: dict[tuple[str, str], Hall | Unclear | None] = {}

    def label(self, hall: Hall) -> str:
        return self._labels[hall.point_id]

    def find(self, point: str, unit: str) -> Hall | None:
        """None: online. Raises Unclear."""
        if (point, unit) not in self._answers:
            try:
                self._answers[point, unit] = self._find(point, unit)
            except Unclear as unclear:
                self._answers[point, unit] = unclear
        answer = self._answers[point, unit]
        if isinstance(answer, Unclear):
            raise answer
        return answer

    def _find(self, point: str, unit: str) -> Hall | None:
        if folded(point) in _ONLINE:
            return None
        if not point and not unit:
            raise Unclear(
                "Thiếu điểm cầu. Chọn trong danh sách, hoặc ghi “Trực tuyến”.",
                "The point is missing. Choose one from the list, or write “Trực tuyến”.",
            )
        found: dict[int, Hall] = {}
        for names in (self._spelled, self._folded):
            found = names.found(point, unit)
            if found:
                break
        if len(found) > 1:
            said = "; ".join(f"“{self.label(hall)}”" for hall in list(found.values())[:4])
            raise Unclear(
                f"Có {len(found)} điểm cầu khớp với tên này: {said}. Ghi đúng một trong các tên ấy.",
                f"{len(found)} points match this name: {said}. Write one of these.",
            )
        if not found:
            raise self._unknown(point or unit)
        [hall] = found.values()
        return hall

    def _unknown(self, written: str) -> Unclear:
        close = difflib.get_close_matches(self._folded.plain(written), self._folded.written, n=1, cutoff=0.7)
        hint = self._folded.written[close[0]] if close else ""
        return Unclear(
            "Không có điểm cầu này trong cuộc họp." + (f" Có phải “{hint}”?" if hint else ""),
            "No such point in this meeting." + (f" Do you mean “{hint}”?" if hint else ""),
        )


class _Names:
    """Halls by their names, read in one way."""

    def __init__(self, halls: Sequence[Hall], labels: dict[int, str], read: Callable[[str], str]) -> None:
        self._read = read
        self._prefix = read("Điểm cầu") + " "
        self._kinds = [read(kind) + ("" if kind.endswith(".") else " ") for kind in _KINDS]
        self._own: defaultdict[str, dict[int, Hall]] = defaultdict(dict)
        self._of_unit: defaultdict[str, dict[int, Hall]] = defaultdict(dict)
        self._above: defaultdict[str, dict[int, Hall]] = defaultdict(dict)
        self.written: dict[str, str] = {}
        for hall in halls:
            label = labels[hall.point_id]
            for name in (hall.name, hall.short_name, label):
                self._own[self.plain(name)][hall.point_id] = hall
                self.written.setdefault(self.plain(name), label)
            for name in (hall.unit_name, hall.unit_short_name):
                self._of_unit[self.plain(name)][hall.point_id] = hall
                self.written.setdefault(self.plain(name), label)
            for name in hall.above:
                self._above[self._bare(name)][hall.point_id] = hall

    def plain(self, name: str) -> str:
        return self._read(_WARD.sub(r"Phường \1", name)).removeprefix(self._prefix).strip()

    def _bare(self, name: str) -> str:
        plain = self.plain(name)
        return next((plain[len(kind) :].strip() for kind in self._kinds if plain.startswith(kind)), plain)

    def found(self, point: str, unit: str) -> dict[int, Hall]:
        """More than one: what is written does not tell them apart."""
        if not point:
            return self._within(self._of_unit.get(self.plain(unit), {}), unit)
        whole = self._own.get(self.plain(point)) or self._of_unit.get(self.plain(point))
        if whole:
            return self._within(whole, unit)
        # "Phường 1, TP Bảo Lộc", "Phường 1 (Bảo Lộc)", "Phường 1 - Bảo Lộc".
        for mark in (",", "(", " - ", " – "):
            name, _, above = point.partition(mark)
            own = self._own.get(self.plain(name)) or self._of_unit.get(self.plain(name), {})
            within = own.keys() & self._above.get(self._bare(above.strip(" )")), {}).keys()
            if within:
                return {point_id: own[point_id] for point_id in own if point_id in within}
        return {}

    def _within(self, found: dict[int, Hall], unit: str) -> dict[int, Hall]:
        """Those that the unit beside them leaves, if it leaves any."""
        if len(found) > 1 and unit:
            for named in (self._of_unit.get(self.plain(unit), {}), self._above.get(self._bare(unit), {})):
                left = found.keys() & named.keys()
                if left:
                    return {point_id: hall for point_id, hall in found.items() if point_id in left}
        return found
