"""How a list lies on its sheet: which sheet it is on, where its heading is and what each column means, and what merged
cells stand for. Vietnamese offices head a list with two or three lines of titles, write a name in one column or in two,
number their columns below the heading, merge a hall's cell over all its delegates and part the list by lines across."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from server.core.errors import Invalid
from server.core.fields import folded
from server.core.spreadsheets.reading import Sheet

_HEADER_WITHIN = 20
_NUMBERING = re.compile(r"\(?[0-9a-hA-H]{1,2}[).]?")
_NAMED = 10
"""Rows that a note names."""
_WIDE = 3
"""A cell merged over so many columns is a line that parts the list, not a name."""
_NAME_BEGINS = ("ho va ten ", "ho ten ", "ho va ten, ", "ho va ten/", "ho ten/", "ho ten, ")
"""Of headings that say more: "Họ và tên người dự", "Họ tên / Chức vụ"."""
_PART = re.compile(r"\(?(?:[IVX]{1,5}|[A-HK])[).]?")
"""What numbers the parts of a list: I, II, A, B."""
_TOTAL = re.compile(r"(?:tong cong|tong so|tong|cong)\b.*[:\d].*|tong cong|tong so")
_FAMILY_NAME, _GIVEN_NAME, _FULL_NAME = "family_name", "given_name", "full_name"


class NoHeader(Invalid):
    code = "no-header"

    def __init__(self, needed: str) -> None:
        super().__init__(
            f"Không thấy hàng tiêu đề có cột “{needed}” trên trang tính nào. Dùng tệp mẫu, hoặc ghi tên các cột ở hàng"
            " đầu rồi gửi lại.",
            f"No sheet has a heading row with a column “{needed}”. Use the template, or name the columns in the first"
            " row and send it again.",
        )


@dataclass(frozen=True)
class ListForm:
    """What a list is about: its columns, and how people head them."""

    headings: Mapping[str, str]
    """Column -> its heading in the template."""
    also: Mapping[str, Sequence[str]]
    """Column -> other headings for it, folded. "family_name" and "given_name" together are a "full_name"."""
    needed: str
    """The column without which it is no such list; the name of what a row is about."""
    filled_down: Sequence[str] = ()
    """What a cell merged over several rows says for each of them. A name, a number or an address is one person's."""

    @cached_property
    def column_of(self) -> dict[str, str]:
        said = {said: column for column, names in self.also.items() for said in names}
        return said | {folded(heading): column for column, heading in self.headings.items()}

    def is_headed(self, columns: Container[str]) -> bool:
        parted = _FAMILY_NAME in columns and _GIVEN_NAME in columns
        return self.needed in columns or (self.needed == _FULL_NAME and parted)


@dataclass(frozen=True, slots=True)
class ListRow:
    number: int
    cells: dict[str, str]
    """By column, for every column that the list has; merged cells filled in; `full_name` whole."""


@dataclass(frozen=True, slots=True)
class List:
    sheet: str
    rows: list[ListRow]
    hidden: list[int]
    """Numbers of rows that were left out because they are hidden."""
    parting: list[int]
    """Numbers of lines across the list that were passed over."""
    struck: list[int] = field(default_factory=list)
    """Numbers of rows that were left out because the name is struck through."""
    partly: list[int] = field(default_factory=list)
    """Numbers of rows of the list that lost words which are struck through."""
    unread: list[str] = field(default_factory=list)
    """Names of further sheets that have such a list."""

    def notes(self, sheets: Sequence[Sheet]) -> list[tuple[str, str]]:
        """What was done with the file beyond reading it, in Vietnamese and English."""
        notes = []
        if self.sheet != sheets[0].name:
            notes.append((f"Đọc trang tính “{self.sheet}”.", f"The sheet “{self.sheet}” was read."))
        if self.unread:
            names = ", ".join(f"“{name}”" for name in self.unread[:_NAMED])
            notes.append(
                (
                    f"Chỉ đọc danh sách ở trang tính “{self.sheet}”. Trang {names} cũng có danh sách: chép vào cùng một"
                    " trang, hoặc gửi riêng từng trang.",
                    f"Only the list on the sheet “{self.sheet}” was read. {names} have lists too: copy them onto one"
                    " sheet, or send them one by one.",
                )
            )
        if any(sheet.old_letters for sheet in sheets if sheet.name == self.sheet):
            notes.append(
                (
                    "Chữ phông cũ (.VnTime hoặc VNI) đã được chuyển sang Unicode. Xem lại họ tên trước khi nhập.",
                    "Text of old fonts (.VnTime or VNI) was turned into Unicode. Look through the names first.",
                )
            )
        if self.hidden:
            count, numbers = len(self.hidden), _numbers(self.hidden)
            notes.append(
                (
                    f"Bỏ qua {count} dòng đang ẩn ({numbers}). Nếu cần những dòng này, bỏ ẩn và bỏ lọc rồi gửi lại.",
                    f"{count} hidden rows were left out ({numbers}). If they belong to the list, show them and send"
                    " again.",
                )
            )
        if self.struck:
            count, numbers = len(self.struck), _numbers(self.struck)
            notes.append(
                (
                    f"Bỏ qua {count} dòng bị gạch ngang ({numbers}). Nếu những dòng này vẫn thuộc danh sách, bỏ gạch"
                    " ngang rồi gửi lại.",
                    f"{count} rows that are struck through were left out ({numbers}). If they belong to the list, take"
                    " the line off and send again.",
                )
            )
        if self.partly:
            count, numbers = len(self.partly), _numbers(self.partly)
            notes.append(
                (
                    f"{count} dòng có chữ bị gạch ngang ({numbers}): chỉ lấy phần không gạch. Xem lại trước khi nhập.",
                    f"{count} rows have words that are struck through ({numbers}): only the others were read. Look"
                    " through them first.",
                )
            )
        if self.parting:
            count, numbers = len(self.parting), _numbers(self.parting)
            notes.append(
                (
                    f"Bỏ qua {count} dòng tiêu đề mục ({numbers}).",
                    f"{count} lines across the list were passed over ({numbers}).",
                )
            )
        return notes


def _numbers(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:_NAMED])) + ("…" if len(rows) > _NAMED else "")


def list_in(sheets: Sequence[Sheet], form: ListForm) -> List:
    """The list on the first sheet that has one. NoHeader."""
    headed = [(sheet, header) for sheet in sheets if (header := _header(sheet, form)) is not None]
    if not headed:
        raise NoHeader(form.headings[form.needed])
    (sheet, header), *others = headed
    unread = [other.name for other, (_, last) in others if any(number > last for number, _ in other.rows)]
    return replace(_read(sheet, form, *header), unread=unread)


def _header(sheet: Sheet, form: ListForm) -> tuple[dict[str, list[int]], int] | None:
    """Column -> its places from the left (a heading merged over two has both), and the last row of the heading."""
    for number, texts in sheet.rows[:_HEADER_WITHIN]:
        columns = _columns(sheet, form, number, texts)
        if not form.is_headed(columns):
            continue
        last = max((bottom for top, _, bottom, _ in sheet.merged if top == number), default=number)
        # A heading of two rows: the lower one names what the upper one holds together ("Liên hệ": e-mail, phone).
        for below, lower in sheet.rows:
            if number < below <= last:
                for column, places in _columns(sheet, form, below, lower).items():
                    columns.setdefault(column, places)
        if len(columns.get(_FULL_NAME, ())) == 1:
            columns[_FULL_NAME] += _unnamed_after(sheet, columns, last)
        return columns, last
    return None


def _columns(sheet: Sheet, form: ListForm, number: int, texts: Sequence[str]) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        column = form.column_of.get(_heading(text))
        if column is not None and column not in columns:
            right = max(
                (right for top, left, _, right in sheet.merged if (top, left) == (number, index)), default=index
            )
            columns[column] = list(range(index, right + 1))
    if form.needed == _FULL_NAME and not form.is_headed(columns):
        longer = [index for index, text in enumerate(texts) if _heading(text).startswith(_NAME_BEGINS)]
        if len(longer) == 1:
            columns[_FULL_NAME] = longer
    return columns


def _heading(text: str) -> str:
    """ "Họ và tên (*)" -> "ho va ten"."""
    return folded(text).strip(" *:()")


def _unnamed_after(sheet: Sheet, columns: dict[str, list[int]], last: int) -> list[int]:
    """The column behind the name, where its heading is blank and most rows have one word in it: the given name."""
    place = columns[_FULL_NAME][-1] + 1
    heading = [texts for number, texts in sheet.rows if number <= last]
    if any(len(texts) > place and texts[place] for texts in heading[-2:]) or any(
        place in places for places in columns.values()
    ):
        return []
    below = [texts for number, texts in sheet.rows if number > last and len(texts) > place and texts[place - 1]]
    words = [texts[place] for texts in below if texts[place]]
    one_word = all(len(word.split()) <= 2 and word.replace(" ", "").isalpha() for word in words)
    return [place] if words and one_word and 2 * len(words) > len(below) else []


def _read(sheet: Sheet, form: ListForm, columns: dict[str, list[int]], last: int) -> List:
    rows: list[ListRow] = []
    hidden: list[int] = []
    struck: list[int] = []
    parting: list[int] = []
    across = _across(sheet, form, columns)
    down = _down(sheet, form, columns)
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
        elif _is_struck(sheet, number, texts, [*columns.get(form.needed, []), *columns.get(_GIVEN_NAME, [])]):
            struck.append(number)
        elif number in across or _parts_the_list(texts, columns.get(form.needed, [])):
            parting.append(number)
        else:
            for column in form.filled_down:
                if column in cells:
                    cells[column] = cells[column] or down.get((column, number), "")
            if form.needed == _FULL_NAME:
                parts = (cells.pop(_FAMILY_NAME, ""), cells.pop(_GIVEN_NAME, ""))
                cells[_FULL_NAME] = cells.get(_FULL_NAME) or " ".join(filter(None, parts))
            rows.append(ListRow(number, cells))
    partly = [row.number for row in rows if row.number in sheet.partly]
    return List(sheet.name, rows, hidden, parting, struck, partly)


def _is_struck(sheet: Sheet, number: int, texts: Sequence[str], name: Sequence[int]) -> bool:
    """Whoever is taken off a list while it goes round the office gets a line through the name."""
    said = [place for place in name if place < len(texts) and texts[place]]
    return bool(said) and all((number, place) in sheet.struck for place in said)


def _parts_the_list(texts: Sequence[str], name: Sequence[int]) -> bool:
    """A line that says one thing: numbered as a part ("II | Khối chính quyền"), or a total."""
    beside = [text for index, text in enumerate(texts) if text and index not in name]
    said = " ".join(texts[place] for place in name if place < len(texts))
    if not beside:
        return _TOTAL.fullmatch(folded(said)) is not None
    return bool(said) and len(beside) == 1 and texts[0] == beside[0] and _PART.fullmatch(texts[0]) is not None


def _across(sheet: Sheet, form: ListForm, columns: dict[str, list[int]]) -> set[int]:
    """Rows whose name lies under one cell merged over several columns."""
    name = (columns.get(form.needed) or columns[_GIVEN_NAME])[0]
    return {
        number
        for top, left, bottom, right in sheet.merged
        if right - left + 1 >= max(_WIDE, len(columns.get(form.needed, ())) + 1) and left <= name <= right
        for number in range(top, bottom + 1)
    }


def _down(sheet: Sheet, form: ListForm, columns: dict[str, list[int]]) -> dict[tuple[str, int], str]:
    """(column, row) -> what a cell merged downwards says there."""
    texts = dict(sheet.rows)
    said: dict[tuple[str, int], str] = {}
    for column in form.filled_down:
        for top, left, bottom, _ in sheet.merged:
            if bottom > top and left in columns.get(column, ()) and left < len(texts.get(top, ())):
                for number in range(top, min(bottom, sheet.rows[-1][0]) + 1):
                    said[column, number] = texts[top][left]
    return said
