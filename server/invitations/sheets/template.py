"""The workbook that a list of delegates is typed into: the meeting's halls to choose from, and an example of nothing
that would have to be deleted first."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import xlsxwriter

from server.invitations.sheets.columns import HEADINGS
from server.invitations.sheets.halls import Hall, labels

ROWS = 20_000
_WIDTHS = {"full_name": 30, "title": 36, "unit": 30, "point": 32, "role": 14, "email": 30, "phone": 16}
_ABOUT = {
    "point": ("Điểm cầu", "Chọn điểm cầu nơi đại biểu dự, hoặc “Trực tuyến”."),
    "role": ("Tư cách", "Để trống là đại biểu."),
    "email": ("E-mail", "Để gửi giấy mời có liên kết dự họp riêng. Có thể để trống."),
}


@dataclass(frozen=True, slots=True)
class RefusedRow:
    cells: Mapping[str, str]
    """By column, as they were read."""
    why: str


def template(title: str, halls: Sequence[Hall], refused: Sequence[RefusedRow] = ()) -> bytes:
    """XLSX. What is chosen from its lists is read back without doubt. `refused`: rows to be put right, with the reason
    in a last column that reading passes over."""
    file = io.BytesIO()
    # Names that begin with "=" are text, never formulas.
    workbook = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = workbook.add_worksheet("Đại biểu")
    names = workbook.add_worksheet("Điểm cầu")
    bold = workbook.add_format({"bold": True, "font_size": 13})
    heading = workbook.add_format({"bold": True, "bg_color": "#E7EDF5", "border": 1, "text_wrap": True})
    text = workbook.add_format({"num_format": "@"})
    sheet.write_string(0, 0, f"Danh sách đại biểu: {title}", bold)
    sheet.write_string(1, 0, "Mỗi người một dòng. Chỉ họ và tên, điểm cầu là bắt buộc.")
    for column, (key, said) in enumerate(HEADINGS.items()):
        sheet.set_column(column, column, _WIDTHS[key], text)
        sheet.write_string(3, column, said, heading)
    if refused:
        sheet.set_column(len(HEADINGS), len(HEADINGS), 60)
        sheet.write_string(3, len(HEADINGS), "Lý do trả lại", heading)
        reason = workbook.add_format({"text_wrap": True, "valign": "top", "italic": True})
        for number, row in enumerate(refused, start=4):
            for column, key in enumerate(HEADINGS):
                sheet.write_string(number, column, row.cells.get(key, ""), text)
            sheet.write_string(number, len(HEADINGS), row.why, reason)
            sheet.set_row(number, 15.0 * max(1, -(-len(row.why) // 58)))
    sheet.freeze_panes(4, 1)
    names.write_row(0, 0, ["Điểm cầu", "Đơn vị"], heading)
    names.set_column(0, 1, 40)
    named = labels(halls)
    choices = [*((named[hall.point_id], hall.unit_name) for hall in halls), ("Trực tuyến", "")]
    for place, choice in enumerate(choices, start=1):
        names.write_row(place, 0, choice)
    columns = list(HEADINGS)
    source = f"='Điểm cầu'!$A$2:$A${len(choices) + 1}"
    _choose(sheet, columns.index("point"), source, "point")
    _choose(sheet, columns.index("role"), ["Đại biểu", "Khách mời"], "role")
    workbook.close()
    return file.getvalue()


def _choose(sheet: xlsxwriter.worksheet.Worksheet, column: int, source: str | list[str], key: str) -> None:
    title, about = _ABOUT[key]
    sheet.data_validation(
        4,
        column,
        ROWS + 3,
        column,
        {
            "validate": "list",
            "source": source,
            "input_title": title,
            "input_message": about,
            # Names may be typed without diacritics too: what does not fit is named when the file is read.
            "error_type": "warning",
            "error_title": title,
            "error_message": "Tên này không có trong danh sách của cuộc họp.",
        },
    )
