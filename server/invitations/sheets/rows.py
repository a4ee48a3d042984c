"""What the rows of a sheet mean: the header found, people, halls matched by name, and a sentence for every cell that is
not right."""

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.core.errors import Invalid
from server.core.fields import folded
from server.core.spreadsheets.reading import SheetRow
from server.invitations.list_writer import DelegateRole, Entry
from server.invitations.people import Typed

HEADINGS = {
    "full_name": "Họ và tên",
    "title": "Chức vụ",
    "unit": "Đơn vị",
    "point": "Điểm cầu",
    "role": "Thành phần",
    "email": "E-mail",
    "phone": "Điện thoại",
}
_ALSO = {
    "full_name": ("ho va ten", "ho ten", "ho va ten dai bieu", "ten dai bieu", "ho, ten", "full name", "name"),
    "title": ("chuc vu", "chuc danh", "chuc vu, don vi", "position", "title"),
    "unit": ("don vi", "co quan", "don vi cong tac", "co quan, don vi", "unit"),
    "point": ("diem cau", "ten diem cau", "du tai diem cau", "diem du", "dia diem", "dia diem du", "point"),
    "role": ("thanh phan", "vai tro", "role"),
    "email": ("e-mail", "email", "thu dien tu", "dia chi e-mail", "dia chi email"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "di dong", "phone"),
}
_COLUMN_OF = {said: column for column, names in _ALSO.items() for said in names}
_HEADER_WITHIN = 20
_ONLINE = {"truc tuyen", "online", "hop truc tuyen", "du truc tuyen"}
_ROLES: dict[str, DelegateRole] = {
    "": "delegate",
    "dai bieu": "delegate",
    "delegate": "delegate",
    "khach moi": "guest",
    "khach": "guest",
    "guest": "guest",
}
_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]+")


class NoHeader(Invalid):
    code = "no-header"
    vi = "Không thấy hàng tiêu đề có cột “Họ và tên”. Dùng tệp mẫu, hoặc ghi tên các cột ở hàng đầu rồi gửi lại."
    en = "No heading row with a column “Họ và tên” was found. Use the template, or name the columns in the first row."


@dataclass(frozen=True, slots=True)
class Hall:
    """A member point that the list may name."""

    point_id: int
    unit_id: int
    name: str
    short_name: str
    unit_name: str
    unit_short_name: str


@dataclass(frozen=True, slots=True)
class Wrong:
    row: int
    column: str
    value: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Good:
    row: int
    entry: Entry
    typed: Typed
    point_name: str


@dataclass(slots=True)
class Meant:
    rows: int = 0
    good: list[Good] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


class _Cell(Exception):
    """What is wrong with a cell."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


def meaning(rows: Sequence[SheetRow], halls: "Halls", online_unit: int | None) -> Meant:
    """`online_unit`: whom people without a hall belong to; None: every line must name a hall. NoHeader."""
    columns, first = _header(rows)
    meant = Meant()
    for number, texts in rows[first:]:
        cells = {column: texts[index] if index < len(texts) else "" for column, index in columns.items()}
        if not any(cells.values()):
            continue
        meant.rows += 1
        _take(meant, number, cells, halls, online_unit)
    return meant


def _header(rows: Sequence[SheetRow]) -> tuple[dict[str, int], int]:
    """Column -> its place, and how many rows stand above the first line of the list."""
    for above, (_, texts) in enumerate(rows[:_HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for index, text in enumerate(texts):
            column = _COLUMN_OF.get(folded(text).strip(" *:"))
            if column is not None:
                columns.setdefault(column, index)
        if "full_name" in columns:
            return columns, above + 1
    raise NoHeader()


def _take(meant: Meant, number: int, cells: dict[str, str], halls: "Halls", online_unit: int | None) -> None:
    wrong: list[Wrong] = []

    def say(column: str, vi: str, en: str) -> None:
        wrong.append(Wrong(number, HEADINGS[column], cells.get(column, "")[:100], vi, en))

    name, title = cells["full_name"], cells.get("title", "")
    for column, text in (("full_name", name), ("title", title)):
        if len(text) > 200:
            say(column, "Dài quá 200 ký tự. Viết gọn lại.", "Longer than 200 characters. Shorten it.")
    if not name:
        say("full_name", "Thiếu họ và tên.", "The name is missing.")
    elif not any(character.isalpha() for character in name):
        say("full_name", "Đây không phải họ và tên.", "This is not a name.")
    role = _ROLES.get(folded(cells.get("role", "")))
    if role is None:
        say("role", "Ghi “Đại biểu” hoặc “Khách mời”.", "Say “Đại biểu” or “Khách mời”.")
    email = cells.get("email") or None
    if email is not None and (len(email) > 254 or not _EMAIL.fullmatch(email)):
        say("email", "Địa chỉ e-mail chưa đúng.", "This is not an e-mail address.")
    phone = _phone(cells.get("phone", ""))
    if phone is not None and (len(phone) > 40 or sum(character.isdigit() for character in phone) < 6):
        say("phone", "Số điện thoại chưa đúng.", "This is not a phone number.")
    hall = None
    try:
        hall = halls.find(cells.get("point", ""), cells.get("unit", ""))
        if hall is None and online_unit is None:
            raise _Cell("Chọn một điểm cầu đồng chí phụ trách.", "Choose a point that is yours.")
    except _Cell as unclear:
        say("point", unclear.vi, unclear.en)
    if wrong or role is None:
        meant.wrong += wrong
        return
    unit_id = hall.unit_id if hall else online_unit
    assert unit_id is not None  # noqa: S101  without a hall there is the unit for online, or the row is wrong
    typed = Typed(unit_id, name, title, email, phone)
    point_id = hall.point_id if hall else None
    meant.good.append(Good(number, Entry(typed, point_id, role), typed, hall.name if hall else ""))


def _phone(text: str) -> str | None:
    """Spreadsheets take "0912345678" for a number and drop its zero."""
    if re.fullmatch(r"[1-9]\d{8,9}", text) and not text.startswith("84"):
        return f"0{text}"
    return text or None


class Halls:
    """Member points by every name that people write for them."""

    def __init__(self, halls: Sequence[Hall]) -> None:
        self._own: defaultdict[str, dict[int, Hall]] = defaultdict(dict)
        self._of_unit: defaultdict[str, dict[int, Hall]] = defaultdict(dict)
        self._spelling: dict[str, str] = {}
        self._answers: dict[tuple[str, str], Hall | _Cell | None] = {}
        for hall in halls:
            for name in (hall.name, hall.short_name):
                self._own[_plain(name)][hall.point_id] = hall
                self._spelling.setdefault(_plain(name), name)
            for name in (hall.unit_name, hall.unit_short_name):
                self._of_unit[_plain(name)][hall.point_id] = hall
                self._spelling.setdefault(_plain(name), hall.name)

    def find(self, point: str, unit: str) -> Hall | None:
        """None: online. Raises _Cell."""
        key = _plain(point), _plain(unit)
        if key not in self._answers:
            try:
                self._answers[key] = self._find(*key)
            except _Cell as said:
                self._answers[key] = said
        answer = self._answers[key]
        if isinstance(answer, _Cell):
            raise answer
        return answer

    def _find(self, point: str, unit: str) -> Hall | None:
        if point in _ONLINE:
            return None
        if not point and unit:
            return self._one(self._of_unit.get(unit, {}), unit, {})
        if not point:
            raise _Cell(
                "Thiếu điểm cầu. Chọn trong danh sách, hoặc ghi “Trực tuyến”.",
                "The point is missing. Choose one from the list, or write “Trực tuyến”.",
            )
        return self._one(self._own.get(point) or self._of_unit.get(point, {}), point, self._of_unit.get(unit, {}))

    def _one(self, found: dict[int, Hall], written: str, within: dict[int, Hall]) -> Hall:
        if len(found) > 1 and len(found.keys() & within.keys()) == 1:
            [point_id] = found.keys() & within.keys()
            return found[point_id]
        if len(found) > 1:
            names = "; ".join(f"{hall.name} ({hall.unit_name})" for hall in list(found.values())[:4])
            raise _Cell(
                f"Có {len(found)} điểm cầu khớp với tên này: {names}. Ghi rõ hơn.",
                f"{len(found)} points match this name: {names}. Say which.",
            )
        if not found:
            close = difflib.get_close_matches(written, self._spelling, n=1, cutoff=0.7)
            hint_vi = f" Có phải “{self._spelling[close[0]]}”?" if close else ""
            hint_en = f" Do you mean “{self._spelling[close[0]]}”?" if close else ""
            raise _Cell(f"Không có điểm cầu này trong cuộc họp.{hint_vi}", f"No such point in this meeting.{hint_en}")
        [hall] = found.values()
        return hall


def _plain(name: str) -> str:
    return folded(name).removeprefix("diem cau ").strip()
