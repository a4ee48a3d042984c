"""The report of people as a workbook: by unit, by hall, everybody, and who was missing."""

from collections.abc import Sequence
from typing import Any

from server.attendance.people.report import ROLES, WAYS, Report, Row
from server.attendance.people.schemas import CountOut, TurnoutPoint
from server.core.spreadsheets.writing import DEEPEST, Book, Column, local, span

COUNT_COLUMNS = (
    Column("Triệu tập", 11, "number"),
    Column("Có mặt", 11, "number"),
    Column("Trực tuyến", 11, "number"),
    Column("Trong đó dự thay", 11, "number"),
    Column("Đã về", 11, "number"),
    Column("Vắng có lý do", 11, "number"),
    Column("Vắng không lý do", 11, "number"),
    Column("Tỷ lệ dự", 11, "share"),
    Column("Số người dự", 11, "number"),
)
UNIT_COLUMNS = (Column("Đơn vị", 52), *COUNT_COLUMNS)
POINT_COLUMNS = (
    Column("STT", 6, "number"),
    Column("Điểm cầu", 34),
    Column("Đơn vị", 30),
    *COUNT_COLUMNS,
    Column("Đếm tại chỗ", 11, "number"),
    Column("Ký xác nhận", 28),
    Column("Lúc ký", 17, "time"),
)
PEOPLE_COLUMNS = (
    Column("STT", 6, "number"),
    Column("Họ và tên", 28),
    Column("Chức vụ", 32),
    Column("Đơn vị", 28),
    Column("Điểm cầu", 28),
    Column("Thành phần", 13),
    Column("Tình trạng", 22),
    Column("Đến lúc", 17, "time"),
    Column("Về lúc", 17, "time"),
    Column("Cách điểm danh", 16),
    Column("Người ghi", 24),
    Column("Lý do vắng", 32),
    Column("Người dự thay", 26),
    Column("Dự thay cho", 26),
    Column("Dự tại", 26),
)
MISSING_COLUMNS = (
    Column("STT", 6, "number"),
    Column("Họ và tên", 28),
    Column("Chức vụ", 34),
    Column("Đơn vị", 30),
    Column("Điểm cầu", 30),
    Column("Tình trạng", 24),
    Column("Lý do", 40),
    Column("Người dự thay", 28),
)


def workbook(report: Report) -> bytes:
    meeting, totals = report.meeting, report.turnout.totals
    book = Book(
        "Điểm danh đại biểu",
        [
            meeting.title,
            f"{report.unit_name} · {span(meeting.started_at or meeting.starts_at, meeting.ended_at)}",
            f"Triệu tập {grouped(totals.expected)}: có mặt {grouped(totals.present)}, trực tuyến "
            f"{grouped(totals.online)}, đã về {grouped(totals.left)}, vắng có lý do {grouped(totals.leave)}, "
            f"vắng không lý do {grouped(totals.absent)} · lập lúc {local(report.generated_at):%H:%M:%S ngày %d/%m/%Y}",
        ],
    )
    book.sheet(
        "Theo đơn vị",
        UNIT_COLUMNS,
        [[(unit.name, f"depth-{min(unit.depth, DEEPEST)}"), *_count(unit)] for unit in report.turnout.units],
    )
    points = enumerate(report.turnout.points, start=1)
    book.sheet("Theo điểm cầu", POINT_COLUMNS, [_point(number, point) for number, point in points], fixed=2)
    everybody = enumerate(report.rows, start=1)
    book.sheet("Đại biểu", PEOPLE_COLUMNS, [_person(number, row) for number, row in everybody], fixed=2)
    missing = enumerate(report.missing, start=1)
    book.sheet("Vắng mặt", MISSING_COLUMNS, [_missing(number, row) for number, row in missing], fixed=2)
    return book.content()


def grouped(number: int) -> str:
    """As Vietnamese writes it: 12.000."""
    return f"{number:,}".replace(",", ".")


def share(count: CountOut) -> float:
    """Of those expected, how many came or were represented; 0 … 1."""
    came = count.present + count.online + count.left
    return min(1.0, came / count.expected) if count.expected else 0.0


def _count(count: CountOut) -> list[float]:
    return [
        count.expected,
        count.present,
        count.online,
        count.substitutes,
        count.left,
        count.leave,
        count.absent,
        share(count),
        count.counted,
    ]


def _point(number: int, point: TurnoutPoint) -> Sequence[Any]:
    signed = point.signed_off
    return [
        number,
        point.name,
        point.unit_name,
        *_count(point),
        point.headcount.count if point.headcount else None,
        signed.by_name if signed else "",
        signed.at if signed else None,
    ]


def _person(number: int, row: Row) -> Sequence[Any]:
    person, said = row.person, row.said
    return [
        number,
        person.full_name,
        person.title,
        person.unit_name,
        row.point_name,
        ROLES.get(person.role, person.role),
        (row.state, "absent" if row.missing else "text"),
        said.arrived_at,
        said.left_at,
        WAYS.get(said.how, ""),
        said.by_name,
        said.reason,
        person.substitute.full_name if person.substitute else "",
        person.stands_for.full_name if person.stands_for else "",
        row.elsewhere,
    ]


def _missing(number: int, row: Row) -> Sequence[Any]:
    person = row.person
    return [
        number,
        person.full_name,
        person.title,
        person.unit_name,
        row.point_name,
        row.state,
        row.said.reason,
        person.substitute.full_name if person.represented and person.substitute else "",
    ]
