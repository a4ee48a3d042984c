"""The report of people on paper: a PDF in the form of State bodies, or of the Party's for its committees."""

import json
from pathlib import Path
from typing import Any

from server.attendance.people.report import Report, Row
from server.attendance.people.report_xlsx import grouped, share
from server.attendance.people.schemas import TurnoutUnit
from server.core.spreadsheets.writing import local, span

SOURCE = Path(__file__).with_name("report.typ")
_MOST_UNITS = 40
"""More of them are told by their branches alone; the workbook has all."""


def inputs(report: Report) -> dict[str, str]:
    """Of `SOURCE`."""
    return {"data": json.dumps(_data(report))}


def _data(report: Report) -> dict[str, Any]:
    meeting, turnout = report.meeting, report.turnout
    halls = [point for point in turnout.points if point.point_id is not None]
    at = local(report.generated_at)
    return {
        "title": "Báo cáo điểm danh đại biểu",
        "unit": report.unit_name,
        "party": report.party,
        "place": report.place,
        "date": f"ngày {at.day:02} tháng {at.month:02} năm {at.year}",
        "meeting": meeting.title,
        "when": span(meeting.started_at or meeting.starts_at, meeting.ended_at),
        "totals": _totals(report),
        "chair": report.chair,
        "secretary": report.secretary,
        "halls": len(halls),
        "unsigned": sum(point.signed_off is None for point in halls),
        "units": [_unit(unit) for unit in _told(turnout.units)],
        "missing": [
            {
                "full_name": row.person.full_name,
                "title": row.person.title,
                "point": row.point_name,
                "why": _why(row),
            }
            for row in report.missing
        ],
    }


def _totals(report: Report) -> list[tuple[str, str]]:
    totals = report.turnout.totals
    figures = [
        ("Đại biểu triệu tập", totals.expected),
        ("Có mặt tại hội trường", totals.present),
        ("Dự trực tuyến", totals.online),
        ("Trong đó dự thay", totals.substitutes),
        ("Dự, về trước khi kết thúc", totals.left),
        ("Vắng có lý do", totals.leave),
        ("Vắng không lý do", totals.absent),
        ("Số người dự, tính cả đếm tại chỗ", totals.counted),
    ]
    return [(name, grouped(number)) for name, number in figures] + [("Tỷ lệ đại biểu dự", _percent(share(totals)))]


def _told(units: list[TurnoutUnit]) -> list[TurnoutUnit]:
    listed = [unit for unit in units if unit.expected or unit.counted]
    return listed if len(listed) <= _MOST_UNITS else [unit for unit in listed if unit.depth <= 1]


def _unit(unit: TurnoutUnit) -> dict[str, Any]:
    figures = [unit.expected, unit.present, unit.online, unit.left, unit.leave, unit.absent]
    return {
        "name": unit.name,
        "depth": min(unit.depth, 4),
        "figures": [*(grouped(number) for number in figures), _percent(share(unit))],
    }


def _why(row: Row) -> str:
    parts = [row.state]
    if row.said.reason:
        parts.append(row.said.reason)
    if row.person.represented and row.person.substitute is not None:
        parts.append(f"người dự thay: {row.person.substitute.full_name}")
    return "; ".join(parts)


def _percent(part: float) -> str:
    """98,7%, as Vietnamese writes it."""
    return f"{part * 100:.1f}%".replace(".", ",")
