"""How a list lies on its sheet: which sheet it is on, where its heading is and what each column means, and what merged
cells stand for. Vietnamese offices head a list with two or three lines of titles, write a name in one column or in two,
number their columns below the heading, merge a hall's cell over all its delegates and part the list by lines across."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.core.errors import Invalid
from server.core.fields import folded
from server.core.spreadsheets.reading import Sheet

HEADINGS = {
    "full_name": "Họ và tên",
    "title": "Chức vụ",
    "unit": "Đơn vị",
    "point": "Điểm cầu",
    "role": "Tư cách",
    "email": "E-mail",
    "phone": "Điện thoại",
}
_ALSO = {
    "full_name": ("ho va ten", "ho ten", "ho va ten dai bieu", "ten dai bieu", "ho, ten", "full name", "name"),
    "family_name": ("ho", "ho dem", "ho va dem", "ho va ten dem", "ho va chu dem", "ho lot", "ho va ten lot"),
    "given_name": ("ten", "ten goi"),
    "title": ("chuc vu", "chuc danh", "chuc vu, don vi", "position", "title"),
    "unit": ("don vi", "co quan", "don vi cong tac", "co quan, don vi", "unit"),
    "point": ("diem cau", "ten diem cau", "du tai diem cau", "diem du", "dia diem", "dia diem du", "point"),
    "role": ("thanh phan", "vai tro", "tu cach", "role"),
    "email": ("e-mail", "email", "thu dien tu", "dia chi e-mail", "dia chi email"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "di dong", "phone"),
}
_COLUMN_OF = {said: column for column, names in _ALSO.items() for said in names}
_HEADER_WITHIN = 20
_FILLED_DOWN = ("title", "unit", "point", "role")
"""What a cell merged over several rows says for each of them. A name, a number or an address is one person's."""
_NUMBERING = re.compile(r"\(?[0-9a-hA-H]{1,2}[).]?")
_WIDE = 3
"""A cell merged over so many columns is a line that parts the list, not a name."""


class NoHeader(Invalid):
    code = "no-header"
    vi = (
        "Không thấy hàng tiêu đề có cột “Họ và tên” trên trang tính nào. Dùng tệp mẫu, hoặc ghi tên các cột ở hàng đầu "
        "rồi gửi lại."
    )
    en = (
        "No sheet has a heading row with a column “Họ và tên”. Use the template, or name the columns in the first row "
        "and send it again."
    )


@dataclass(frozen=True, slots=True)
class ListRow:
    number: int
    cells: dict[str, str]
    """By column, merged cells filled in; `full_name` whole."""


@dataclass(frozen=True, slots=True)
class List:
    sheet: str
    rows: list[ListRow]
    hidden: list[int]
    """Numbers of rows that were left out because they are hidden."""
    parting: list[int]
    """Numbers of lines across the list that were passed over."""


def list_in(sheets: Sequence[Sheet]) -> List:
    """The list on the first sheet that has one. NoHeader."""
    for sheet in sheets:
        header = _header(sheet)
        if header is not None:
            return _read(sheet, *header)
    raise NoHeader()


def _header(sheet: Sheet) -> tuple[dict[str, list[int]], int] | None:
    """Column -> its places from the left (a heading merged over two has both), and the last row of the heading."""
    for number, texts in sheet.rows[:_HEADER_WITHIN]:
        columns = _columns(sheet, number, texts)
        if "full_name" not in columns and not {"family_name", "given_name"} <= columns.keys():
            continue
        last = max((bottom for top, _, bottom, _ in sheet.merged if top == number), default=number)
        # A heading of two rows: the lower one names what the upper one holds together ("Liên hệ": e-mail, phone).
        for below, lower in sheet.rows:
            if number < below <= last:
                for column, places in _columns(sheet, below, lower).items():
                    columns.setdefault(column, places)
        if "full_name" in columns and len(columns["full_name"]) == 1:
            columns["full_name"] += _unnamed_after(sheet, columns, last)
        return columns, last
    return None


def _columns(sheet: Sheet, number: int, texts: Sequence[str]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        column = _COLUMN_OF.get(folded(text).strip(" *:"))
        if column is not None and column not in columns:
            right = max(
                (right for top, left, _, right in sheet.merged if (top, left) == (number, index)), default=index
            )
            columns[column] = list(range(index, right + 1))
    return columns


def _unnamed_after(sheet: Sheet, columns: dict[str, list[int]], last: int) -> list[int]:
    """The column behind the name, where its heading is blank and most rows have one word in it: the given name."""
    place = columns["full_name"][-1] + 1
    heading = [texts for number, texts in sheet.rows if number <= last]
    if any(len(texts) > place and texts[place] for texts in heading[-2:]) or any(
        place in places for places in columns.values()
    ):
        return []
    below = [texts for number, texts in sheet.rows if number > last and len(texts) > place and texts[place - 1]]
    words = [texts[place] for texts in below if texts[place]]
    one_word = all(len(word.split()) <= 2 and word.replace(" ", "").isalpha() for word in words)
    return [place] if words and one_word and 2 * len(words) > len(below) else []


def _read(sheet: Sheet, columns: dict[str, list[int]], last: int) -> List:
    rows: list[ListRow] = []
    hidden: list[int] = []
    parting: list[int] = []
    across = _across(sheet, columns)
    down = _down(sheet, columns)
    first = True
    for number, texts in sheet.rows:
        if number <= last:
            continue
        numbering = first and all(_NUMBERING.fullmatch(text) for text in texts if text)
        first = False
        if numbering:
            continue
        cells = {
            column: " ".join(texts[place] for place in places if place < len(texts) and texts[place])
            for column, places in columns.items()
        }
        if not any(cells.values()) and number not in across:
            continue
        if number in sheet.hidden:
            hidden.append(number)
        elif number in across:
            parting.append(number)
        else:
            for column in _FILLED_DOWN:
                cells[column] = cells.get(column) or down.get((column, number), "")
            parts = (cells.pop("family_name", ""), cells.pop("given_name", ""))
            cells["full_name"] = cells.get("full_name") or " ".join(filter(None, parts))
            rows.append(ListRow(number, cells))
    return List(sheet.name, rows, hidden, parting)


def _across(sheet: Sheet, columns: dict[str, list[int]]) -> set[int]:
    """Rows whose name lies under one cell merged over several columns."""
    name = (columns.get("full_name") or columns["given_name"])[0]
    return {
        number
        for top, left, bottom, right in sheet.merged
        if right - left + 1 >= max(_WIDE, len(columns.get("full_name", ())) + 1) and left <= name <= right
        for number in range(top, bottom + 1)
    }


def _down(sheet: Sheet, columns: dict[str, list[int]]) -> dict[tuple[str, int], str]:
    """(column, row) -> what a cell merged downwards says there."""
    texts = dict(sheet.rows)
    said: dict[tuple[str, int], str] = {}
    for column in _FILLED_DOWN:
        for top, left, bottom, _ in sheet.merged:
            if bottom > top and left in columns.get(column, ()) and left < len(texts.get(top, ())):
                for number in range(top, min(bottom, sheet.rows[-1][0]) + 1):
                    said[column, number] = texts[top][left]
    return said
