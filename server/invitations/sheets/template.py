"""The workbook that a list of delegates is typed into: the meeting's halls to choose from, and an example of nothing
that would have to be deleted first."""

import io
from collections.abc import Sequence

import xlsxwriter

from server.invitations.sheets.columns import HEADINGS
from server.invitations.sheets.halls import Hall, labels

ROWS = 20_000
_WIDTHS = {"full_name": 30, "title": 36, "unit": 30, "point": 32, "role": 14, "email": 30, "phone": 16}
_ABOUT = {
    "point": ("Điểm cầu", "Chọn điểm cầu nơi đại biểu dự, hoặc “Trực tuyến”."),
    "role": ("Thành phần", "Để trống là đại biểu."),
    "email": ("E-mail", "Để gửi giấy mời có đường dẫn riêng. Có thể để trống."),
}


def template(title: str, halls: Sequence[Hall]) -> bytes:
    """XLSX. What is chosen from its lists is read back without doubt."""
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
    sheet.freeze_panes(4, 1)
    names.write_row(0, 0, ["Điểm cầu", "Đơn vị"], heading)
    names.set_column(0, 1, 40)
    named = labels(halls)
    choices = [*((named[hall.point_id], hall.unit_name) for hall in halls), ("Trực tuyến", "")]
    for row, choice in enumerate(choices, start=1):
        names.write_row(row, 0, choice)
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
