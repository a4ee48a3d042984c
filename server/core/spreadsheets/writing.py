"""Workbooks in the look of an office: title, what it is about, headings that stay in sight, filters, A4 to print."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import xlsxwriter

from server.core.clock import VIETNAM

DEEPEST = 15
"""Spreadsheets indent no further."""
HEADING_ROW = 5
LINE = 16.5
"""Points of one line in Times New Roman 12. A row is at most 409 points high."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def local(at: datetime) -> datetime:
    """Wall-clock time in Việt Nam, without a zone, as spreadsheets want it."""
    return at.astimezone(VIETNAM).replace(tzinfo=None, microsecond=0)


def span(begin: datetime, end: datetime | None) -> str:
    """ "07:30 ngày 20/11/2026 – 11:05 ngày 20/11/2026"; without the end while it lasts."""
    return f"{local(begin):%H:%M ngày %d/%m/%Y}" + (f" – {local(end):%H:%M ngày %d/%m/%Y}" if end else "")


def harmless(text: str) -> str:
    """A name that a spreadsheet would take for a formula (OWASP, CSV injection) stays text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def csv_file(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """RFC 4180 but for its comma: a spreadsheet program set to Vietnamese has a decimal comma and splits by semicolons.
    The byte order mark tells it UTF-8."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(headings)
    for row in rows:
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in row])
    return "\ufeff" + file.getvalue()


SECONDS_A_DAY = 86_400
"""A cell of format "duration" holds days."""


@dataclass(frozen=True)
class Column:
    heading: str
    width: float
    format: str = "text"
    """text, absent, number, time, duration, share, depth-0 … depth-15."""


@dataclass
class Book:
    """One file. `about`: the lines under each sheet's title, from the meeting's own title on."""

    title: str
    about: Sequence[str]
    _file: io.BytesIO = field(default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(self._file, options)
        self._book.set_properties({"title": f"{self.title}: {self.about[0]}"})
        self._formats = _formats(self._book)

    def sheet(self, name: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], *, fixed: int = 1) -> None:
        """`rows`: a value for each column: text, a number, a time (datetime), None for an empty cell; or (value,
        format). `fixed`: columns that stay in sight when the sheet is pushed sideways."""
        sheet = self._book.add_worksheet(name)
        formats = self._formats
        sheet.write_string(0, 0, self.title.upper(), formats["title"])
        for line, text in enumerate(self.about):
            sheet.write_string(line + 1, 0, text, formats["about" if line else "title"])
        sheet.set_row(0, 24)
        sheet.set_row(1, 24)
        sheet.set_row(HEADING_ROW, 34)
        for place, column in enumerate(columns):
            sheet.write_string(HEADING_ROW, place, column.heading, formats["heading"])
            sheet.set_column(place, place, column.width)
        for number, row in enumerate(rows, start=HEADING_ROW + 1):
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                content, shown = value if isinstance(value, tuple) else (value, column.format)
                _write(sheet, number, place, content, formats[shown])
            sheet.set_row(number, _height(columns, row))
        sheet.freeze_panes(HEADING_ROW + 1, fixed)
        sheet.autofilter(HEADING_ROW, 0, HEADING_ROW + len(rows), len(columns) - 1)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADING_ROW)
        sheet.set_footer("&LNhịp Cầu&RTrang &P/&N")

    def content(self) -> bytes:
        self._book.close()
        return self._file.getvalue()


def _height(columns: Sequence[Column], row: Sequence[Any]) -> float:
    """In points, for the cell that takes the most lines: programs other than Excel do not grow a row by themselves."""
    lines = 1
    for column, value in zip(columns, row, strict=True):
        content = value[0] if isinstance(value, tuple) else value
        if isinstance(content, str):
            # A column's width counts digits; bold and wide letters take a little more.
            room = int(column.width * 10)
            lines = max(lines, sum(max(1, -(-len(line) * 11 // room)) for line in content.split("\n")))
    return min(409.0, 4.0 + LINE * lines)


def _write(sheet: Any, row: int, column: int, value: Any, shown: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None, shown)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, local(value), shown)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, shown)
    else:
        sheet.write_number(row, column, value, shown)


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
    cell = {**base, "border": 1, "border_color": "#B8B2A7"}
    return {
        "title": book.add_format({**base, "bold": True, "font_size": 15}),
        "about": book.add_format({**base, "font_color": "#4A4640"}),
        "heading": book.add_format({**cell, "bold": True, "bg_color": "#E7EDF5", "align": "center", "text_wrap": True}),
        "text": book.add_format({**cell, "text_wrap": True}),
        "absent": book.add_format({**cell, "text_wrap": True, "font_color": "#A32A1C", "bold": True}),
        # Excel puts the user's own separators: 12.000 and 98,7 % in Việt Nam.
        "number": book.add_format({**cell, "align": "center", "num_format": "#,##0"}),
        "time": book.add_format({**cell, "align": "center", "num_format": "hh:mm:ss dd/mm/yy"}),
        "duration": book.add_format({**cell, "align": "center", "num_format": "[h]:mm:ss"}),
        "share": book.add_format({**cell, "align": "center", "num_format": "0.0%"}),
        **{
            f"depth-{depth}": book.add_format({**cell, "indent": depth, "bold": depth == 0, "text_wrap": True})
            for depth in range(DEEPEST + 1)
        },
    }
