"""What was spoken, as a workbook: every turn, and the sums by point. Times are those of the deployment's zone."""

from server.core.spreadsheets.writing import SECONDS_A_DAY, Book, Column, local, span
from server.speaking.speeches import Speech, SpeechReport

KINDS = {"speech": "Phát biểu", "debate": "Tranh luận", "question": "Chất vấn", "answer": "Trả lời"}
SPEECHES = (
    Column("STT", 6, "number"),
    Column("Bắt đầu", 17, "time"),
    Column("Kết thúc", 17, "time"),
    Column("Người phát biểu", 34),
    Column("Điểm cầu", 30),
    Column("Hình thức", 14),
    Column("Nội dung", 44),
    Column("Mục chương trình", 44),
    Column("Đã nói", 12, "duration"),
    Column("Được nói", 12, "duration"),
    Column("Ghi chú", 22),
)
POINTS = (
    Column("Điểm cầu", 44),
    Column("Số lượt", 12, "number"),
    Column("Tổng thời gian", 16, "duration"),
    Column("Bị ngắt", 12, "number"),
)


def note(speech: Speech) -> str:
    if speech.cut:
        return "Hết giờ, micrô tự tắt"
    return "Quá giờ" if speech.limit_seconds is not None and speech.seconds > speech.limit_seconds else ""


def workbook(report: SpeechReport) -> bytes:
    seconds = sum(speech.seconds for speech in report.speeches)
    book = Book(
        "Các lượt phát biểu",
        [
            report.title,
            f"{report.unit_name} · {span(report.starts_at, report.ended_at)}",
            f"{len(report.speeches)} lượt, {seconds // 60} phút, "
            f"{sum(speech.cut for speech in report.speeches)} lượt bị ngắt vì hết giờ · "
            f"lập lúc {local(report.generated_at):%H:%M:%S ngày %d/%m/%Y}",
        ],
    )
    book.sheet(
        "Các lượt",
        SPEECHES,
        [
            [
                number,
                speech.began_at,
                speech.ended_at,
                speech.name,
                speech.point_name,
                KINDS[speech.kind],
                speech.topic,
                speech.item,
                speech.seconds / SECONDS_A_DAY,
                None if speech.limit_seconds is None else speech.limit_seconds / SECONDS_A_DAY,
                note(speech),
            ]
            for number, speech in enumerate(report.speeches, start=1)
        ],
        fixed=2,
    )
    book.sheet(
        "Theo điểm cầu",
        POINTS,
        [[point.point_name, point.turns, point.seconds / SECONDS_A_DAY, point.cut] for point in report.points],
    )
    return book.content()
