"""The attendance report as files: a finished workbook, and plain CSV. Times are those of Việt Nam."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import xlsxwriter

from server.attendance.schemas import AttendanceGap, AttendancePoint, AttendanceReport

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Fixed: Việt Nam has no summer time, and small machines have no time zone files."""
SECONDS_A_DAY = 86_400

WHY_OUT = {"live": "rời họp", "lost": "mất kết nối", "end": "kết thúc họp", "by-hand": "ghi bằng tay"}
POINT_HEADINGS = (
    "STT",
    "Điểm cầu",
    "Đơn vị",
    "Tình trạng",
    "Vào lúc",
    "Ra lúc",
    "Thời gian dự",
    "Số lần gián đoạn",
    "Các lần gián đoạn",
)
POINT_WIDTHS = (6, 34, 30, 18, 17, 17, 14, 12, 48)
UNIT_HEADINGS = ("Đơn vị", "Số điểm cầu", "Đã vào", "Có mặt", "Tỷ lệ có mặt")
UNIT_WIDTHS = (52, 14, 12, 12, 16)


def local(at: datetime) -> datetime:
    """Wall-clock time in Việt Nam, without a zone, as spreadsheets want it."""
    return at.astimezone(LOCAL).replace(tzinfo=None, microsecond=0)


def status(point: AttendancePoint, *, ended: bool) -> str:
    if point.first_in is None:
        return "Vắng"
    if point.present:
        return ("Dự đến hết" if ended else "Có mặt") + (" (vào muộn)" if point.late else "")
    return "Mất kết nối" if point.out_how == "lost" else "Đã rời"


def told(gap: AttendanceGap) -> str:
    """One gap in words: "08:15–08:19 mất kết nối"."""
    return f"{local(gap.begin):%H:%M:%S}–{local(gap.end):%H:%M:%S} {WHY_OUT.get(gap.how, gap.how)}"


def csv_text(report: AttendanceReport) -> str:
    """RFC 4180, with the byte order mark that spreadsheet programs need to see UTF-8."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(POINT_HEADINGS)
    ended = report.meeting.state == "ended"
    for number, point in enumerate(report.points, start=1):
        writer.writerow(
            [
                number,
                harmless(point.name),
                harmless(point.unit_name),
                status(point, ended=ended),
                f"{local(point.first_in):%d/%m/%Y %H:%M:%S}" if point.first_in else "",
                f"{local(point.last_out):%d/%m/%Y %H:%M:%S}" if point.last_out else "",
                _clock(point.seconds),
                len(point.gaps),
                "; ".join(told(gap) for gap in point.gaps),
            ]
        )
    return "\ufeff" + file.getvalue()


def harmless(text: str) -> str:
    """A name that a spreadsheet would take for a formula (OWASP, CSV injection) stays text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def workbook(report: AttendanceReport) -> bytes:
    """An XLSX file of two sheets: the points, and the units with their branches."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": f"Điểm danh điểm cầu: {report.meeting.title}"})
    formats = _formats(book)
    _points_sheet(book.add_worksheet("Điểm cầu"), report, formats)
    _units_sheet(book.add_worksheet("Theo đơn vị"), report, formats)
    book.close()
    return file.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
    cell = {**base, "border": 1, "border_color": "#B8B2A7"}
    return {
        "title": book.add_format({**base, "bold": True, "font_size": 15}),
        "about": book.add_format({**base, "font_color": "#4A4640"}),
        "heading": book.add_format(
            {**cell, "bold": True, "bg_color": "#8C1D18", "font_color": "#FFFFFF", "align": "center", "text_wrap": True}
        ),
        "text": book.add_format({**cell, "text_wrap": True}),
        "absent": book.add_format({**cell, "text_wrap": True, "font_color": "#A32A1C", "bold": True}),
        "number": book.add_format({**cell, "align": "center", "num_format": "#,##0"}),
        "time": book.add_format({**cell, "align": "center", "num_format": "hh:mm:ss dd/mm/yy"}),
        "duration": book.add_format({**cell, "align": "center", "num_format": "[h]:mm:ss"}),
        "share": book.add_format({**cell, "align": "center", "num_format": "0.0%"}),
        **{
            f"depth-{depth}": book.add_format({**cell, "indent": depth, "bold": depth == 0, "text_wrap": True})
            for depth in range(_DEEPEST + 1)
        },
    }


_DEEPEST = 15
"""Spreadsheets indent no further."""


def _head(sheet: Any, report: AttendanceReport, formats: dict[str, Any], headings: Sequence[str]) -> int:
    """Title, what the report is about, headings. Returns the first row below (from 0)."""
    meeting, totals = report.meeting, report.totals
    begin, end = meeting.started_at or meeting.starts_at, meeting.ended_at
    span = f"{local(begin):%H:%M ngày %d/%m/%Y}" + (f" – {local(end):%H:%M ngày %d/%m/%Y}" if end else "")
    sheet.write_string(0, 0, "ĐIỂM DANH ĐIỂM CẦU", formats["title"])
    sheet.write_string(1, 0, meeting.title, formats["title"])
    sheet.write_string(
        2, 0, f"{meeting.unit_name} · {span} · điểm cầu chính: {meeting.main_point_name}", formats["about"]
    )
    sheet.write_string(
        3,
        0,
        f"{totals.points} điểm cầu: {totals.present} có mặt, {totals.late} vào muộn, {totals.left} đã rời, "
        f"{totals.absent} vắng · lập lúc {local(report.generated_at):%H:%M:%S ngày %d/%m/%Y}",
        formats["about"],
    )
    sheet.set_row(0, 24)
    sheet.set_row(1, 24)
    sheet.set_row(5, 34)
    for column, heading in enumerate(headings):
        sheet.write_string(5, column, heading, formats["heading"])
    return 6


def _finish(sheet: Any, first: int, rows: int, widths: Sequence[int]) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(first, 2 if len(widths) > len(UNIT_WIDTHS) else 1)
    sheet.autofilter(first - 1, 0, first - 1 + rows, len(widths) - 1)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(first - 1)
    sheet.set_footer("&LNhịp Cầu&RTrang &P/&N")


def _points_sheet(sheet: Any, report: AttendanceReport, formats: dict[str, Any]) -> None:
    first = _head(sheet, report, formats, POINT_HEADINGS)
    ended = report.meeting.state == "ended"
    for index, point in enumerate(report.points):
        row = first + index
        sheet.write_number(row, 0, index + 1, formats["number"])
        sheet.write_string(row, 1, point.name, formats["text"])
        sheet.write_string(row, 2, point.unit_name, formats["text"])
        shown = formats["absent" if point.first_in is None else "text"]
        sheet.write_string(row, 3, status(point, ended=ended), shown)
        for column, at in ((4, point.first_in), (5, point.last_out)):
            if at is None:
                sheet.write_blank(row, column, None, formats["time"])
            else:
                sheet.write_datetime(row, column, local(at), formats["time"])
        sheet.write_number(row, 6, point.seconds / SECONDS_A_DAY, formats["duration"])
        sheet.write_number(row, 7, len(point.gaps), formats["number"])
        sheet.write_string(row, 8, "\n".join(told(gap) for gap in point.gaps), formats["text"])
    _finish(sheet, first, len(report.points), POINT_WIDTHS)


def _units_sheet(sheet: Any, report: AttendanceReport, formats: dict[str, Any]) -> None:
    first = _head(sheet, report, formats, UNIT_HEADINGS)
    for index, unit in enumerate(report.units):
        row = first + index
        sheet.write_string(row, 0, unit.name, formats[f"depth-{min(unit.depth, _DEEPEST)}"])
        for column, value in ((1, unit.points), (2, unit.ever), (3, unit.present)):
            sheet.write_number(row, column, value, formats["number"])
        sheet.write_number(row, 4, unit.present / unit.points if unit.points else 0, formats["share"])
    _finish(sheet, first, len(report.units), UNIT_WIDTHS)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
