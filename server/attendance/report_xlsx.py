"""The attendance report as files: a finished workbook, and plain CSV. Times are those of Việt Nam."""

from collections.abc import Sequence
from typing import Any

from server.attendance.people.schemas import CountOut
from server.attendance.schemas import AttendanceGap, AttendancePoint, AttendanceReport, RollAnswer
from server.core.spreadsheets.writing import DEEPEST, SECONDS_A_DAY, Book, Column, csv_file, local, span

WHY_OUT = {"live": "rời họp", "lost": "mất kết nối", "end": "kết thúc họp", "by-hand": "ghi bằng tay"}
PEOPLE_COLUMNS = (
    Column("Đại biểu triệu tập", 12, "number"),
    Column("Có mặt tại hội trường", 12, "number"),
    Column("Dự trực tuyến", 12, "number"),
    Column("Vắng có lý do", 12, "number"),
    Column("Vắng không lý do", 12, "number"),
    Column("Số người dự", 12, "number"),
)
POINT_COLUMNS = (
    Column("STT", 6, "number"),
    Column("Điểm cầu", 34),
    Column("Đơn vị", 30),
    Column("Tình trạng", 18),
    Column("Vào lúc", 17, "time"),
    Column("Ra lúc", 17, "time"),
    Column("Thời gian dự", 14, "duration"),
    Column("Số lần gián đoạn", 12, "number"),
    Column("Các lần gián đoạn", 48),
)
ANSWERED = {"voice": "trả lời bằng lời", "button": "bấm nút trả lời"}
UNIT_COLUMNS = (
    Column("Đơn vị", 52),
    Column("Số điểm cầu", 14, "number"),
    Column("Đã vào", 12, "number"),
    Column("Có mặt", 12, "number"),
    Column("Tỷ lệ có mặt", 16, "share"),
    *PEOPLE_COLUMNS,
)


def status(point: AttendancePoint, *, ended: bool) -> str:
    if point.first_in is None:
        return "Vắng"
    if point.present:
        return ("Dự đến hết" if ended else "Có mặt") + (" (vào muộn)" if point.late else "")
    return "Mất kết nối" if point.out_how == "lost" else "Đã rời"


def told(gap: AttendanceGap) -> str:
    """One gap in words: "08:15–08:19 mất kết nối"."""
    return f"{local(gap.begin):%H:%M:%S}–{local(gap.end):%H:%M:%S} {WHY_OUT.get(gap.how, gap.how)}"


def answer_told(answer: RollAnswer | None) -> str:
    """What came of one roll call: "08:02:10 trả lời bằng lời"."""
    if answer is None:
        return ""
    if answer.answered_at is None:
        return "Không trả lời"
    return f"{local(answer.answered_at):%H:%M:%S} {ANSWERED.get(answer.how, answer.how)}"


def point_columns(report: AttendanceReport) -> tuple[Column, ...]:
    """One more for each roll call, before the people."""
    calls = tuple(Column(f"Điểm danh lúc {local(call.began_at):%H:%M}", 26) for call in report.roll_calls)
    return (*POINT_COLUMNS, *calls, *PEOPLE_COLUMNS)


def csv_text(report: AttendanceReport) -> str:
    ended = report.meeting.state == "ended"
    return csv_file(
        [column.heading for column in point_columns(report)],
        (
            [
                number,
                point.name,
                point.unit_name,
                status(point, ended=ended),
                f"{local(point.first_in):%d/%m/%Y %H:%M:%S}" if point.first_in else "",
                f"{local(point.last_out):%d/%m/%Y %H:%M:%S}" if point.last_out else "",
                _clock(point.seconds),
                len(point.gaps),
                "; ".join(told(gap) for gap in point.gaps),
                *(answer_told(answer) for answer in point.answers),
                *_people(point.people),
            ]
            for number, point in enumerate(report.points, start=1)
        ),
    )


def workbook(report: AttendanceReport) -> bytes:
    """An XLSX file of two sheets: the points, and the units with their branches."""
    meeting, totals = report.meeting, report.totals
    book = Book(
        "Điểm danh điểm cầu",
        [
            meeting.title,
            f"{meeting.unit_name} · {span(meeting.started_at or meeting.starts_at, meeting.ended_at)} · "
            f"điểm cầu chính: {meeting.main_point_name}",
            f"{totals.points} điểm cầu: {totals.present} có mặt, {totals.late} vào muộn, {totals.left} đã rời, "
            f"{totals.absent} vắng{_roll_calls(report)} · lập lúc {local(report.generated_at):%H:%M:%S ngày %d/%m/%Y}",
        ],
    )
    ended = meeting.state == "ended"
    book.sheet(
        "Điểm cầu",
        point_columns(report),
        [_point_row(number, point, ended=ended) for number, point in enumerate(report.points, start=1)],
        fixed=2,
    )
    book.sheet(
        "Theo đơn vị",
        UNIT_COLUMNS,
        [
            [
                (unit.name, f"depth-{min(unit.depth, DEEPEST)}"),
                unit.points,
                unit.ever,
                unit.present,
                unit.present / unit.points if unit.points else 0,
                *_people(unit.people),
            ]
            for unit in report.units
        ],
    )
    return book.content()


def _roll_calls(report: AttendanceReport) -> str:
    return "".join(
        f" · điểm danh lúc {local(call.began_at):%H:%M}: {call.answered}/{call.points} trả lời"
        for call in report.roll_calls
    )


def _point_row(number: int, point: AttendancePoint, *, ended: bool) -> Sequence[Any]:
    return [
        number,
        point.name,
        point.unit_name,
        (status(point, ended=ended), "absent" if point.first_in is None else "text"),
        point.first_in,
        point.last_out,
        point.seconds / SECONDS_A_DAY,
        len(point.gaps),
        "\n".join(told(gap) for gap in point.gaps),
        *(
            (answer_told(answer), "absent" if answer is not None and answer.answered_at is None else "text")
            for answer in point.answers
        ),
        *_people(point.people),
    ]


def _people(count: CountOut) -> list[int]:
    return [count.expected, count.present, count.online, count.leave, count.absent, count.counted]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
