"""The workbooks that are filled in, given out and sent back: a sheet of rows, one that explains its columns, one of
units to choose from."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from server.exchange.plans.columns import COLUMNS
from server.exchange.plans.row import Kind

TITLES: dict[Kind, tuple[str, str]] = {
    "units": ("Đơn vị", "Danh sách đơn vị"),
    "points": ("Điểm cầu", "Danh sách điểm cầu"),
    "people": ("Người", "Danh sách người"),
}
"""Name of the sheet, and its title."""
REASON = "Lý do trả lại"
_HEADING_ROW = 3
_ROWS = 20_000
_HELP = "Giải thích"
_CHOICES = "Danh mục đơn vị"
_RULES = (
    "Mỗi dòng một mục. Không cần xóa trang này.",
    "Gửi tệp lên, hệ thống cho xem trước từng dòng sẽ thêm, sửa hay kết thúc; chưa ghi gì cho đến khi mọi dòng đều "
    "đúng và đồng chí bấm áp dụng.",
    "Ô trống giữ nguyên điều đang có. Muốn xóa điều đang có thì ghi dấu “-”.",
    "Gửi lại đúng tệp này lần nữa thì không có gì thay đổi. Dòng không có trong tệp cũng giữ nguyên.",
    "Dòng được nhận ra theo mã hệ thống, rồi mã định danh hoặc tên đăng nhập, rồi đúng tên trong đúng đơn vị. "
    "Tên khác nhau một dấu là hai tên khác nhau.",
    "Dòng đang ẩn hoặc bị lọc không được đọc.",
)


def workbook(
    kind: Kind,
    rows: Sequence[Mapping[str, str]],
    choices: Sequence[str],
    reasons: Sequence[str] | None = None,
) -> bytes:
    """XLSX. What it says is read back as it is. `choices`: units as `UnitNames.label` calls them; `reasons`: why each
    of the rows was sent back, in a last column that reading passes over."""
    file = io.BytesIO()
    # What begins with "=" is text, never a formula.
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    formats = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "heading": book.add_format(
            {"bold": True, "bg_color": "#E7EDF5", "border": 1, "text_wrap": True, "valign": "vcenter"}
        ),
        "text": book.add_format({"num_format": "@"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "strong": book.add_format({"bold": True, "valign": "top"}),
    }
    columns = COLUMNS[kind]
    name, title = TITLES[kind]
    sheet = book.add_worksheet(name)
    helping = book.add_worksheet(_HELP)
    listing = book.add_worksheet(_CHOICES)
    sheet.write_string(0, 0, title, formats["title"])
    sheet.write_string(1, 0, f"Cách ghi từng cột xem ở trang “{_HELP}”.")
    headings = [column.heading for column in columns] + ([REASON] if reasons is not None else [])
    widths = [column.width for column in columns] + ([60] if reasons is not None else [])
    for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(place, place, width, formats["text"])
        sheet.write_string(_HEADING_ROW, place, heading, formats["heading"])
    sheet.set_row(_HEADING_ROW, 32)
    for number, row in enumerate(rows, start=_HEADING_ROW + 1):
        for place, column in enumerate(columns):
            if text := row.get(column.key):
                sheet.write_string(number, place, text, formats["text"])
        if reasons is not None:
            sheet.write_string(number, len(columns), reasons[number - _HEADING_ROW - 1], formats["wrap"])
    sheet.freeze_panes(_HEADING_ROW + 1, 2)
    if rows:
        sheet.autofilter(_HEADING_ROW, 0, _HEADING_ROW + len(rows), len(headings) - 1)
    _explain(helping, kind, formats)
    listing.write_string(0, 0, "Đơn vị", formats["heading"])
    listing.set_column(0, 0, 60)
    for number, choice in enumerate(choices, start=1):
        listing.write_string(number, 0, choice)
    for place, column in enumerate(columns):
        if column.choices == "units":
            _choose(sheet, place, f"='{_CHOICES}'!$A$2:$A${len(choices) + 1}", column.heading)
        elif column.choices:
            _choose(sheet, place, list(column.choices), column.heading)
    book.close()
    return file.getvalue()


def _explain(sheet: Any, kind: Kind, formats: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, TITLES[kind][1], formats["title"])
    at = 2
    for rule in _RULES:
        sheet.write_string(at, 1, rule, formats["wrap"])
        at += 1
    at += 1
    for column in COLUMNS[kind]:
        sheet.write_string(at, 0, column.heading, formats["strong"])
        about = column.about
        if column.choices and column.choices != "units":
            about = f"{about} Các giá trị: {', '.join(column.choices)}.".strip()
        sheet.write_string(at, 1, about, formats["wrap"])
        at += 1


def _choose(sheet: Any, place: int, source: str | list[str], heading: str) -> None:
    sheet.data_validation(
        _HEADING_ROW + 1,
        place,
        _ROWS + _HEADING_ROW,
        place,
        {
            "validate": "list",
            "source": source,
            # Codes and several roles may be typed too: what does not fit is named when the file is read.
            "error_type": "information",
            "error_title": heading,
            "error_message": "Giá trị này không có trong danh sách; hệ thống sẽ đọc và báo nếu chưa đúng.",
        },
    )
