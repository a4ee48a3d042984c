"""An open vote as a workbook: everybody by name, and each point's sums."""

from server.ballots.record.facts import Names, by_point
from server.core.spreadsheets.writing import Book, Column

_NONE = "Không biểu quyết trên máy"


def workbook(names: Names) -> bytes:
    record = names.record
    book = Book("Kết quả biểu quyết", [record.meeting, record.subject, f"{record.when} · {record.verdict}"])
    people = (
        Column("STT", 6, "number"),
        Column("Họ và tên", 28),
        Column("Chức vụ", 32),
        Column("Đơn vị", 28),
        Column("Điểm cầu", 28),
        Column("Biểu quyết", 26),
        Column("Người dự thay bỏ phiếu", 28),
    )
    rows = [
        [number, each.name, each.title, each.unit, each.point, each.choice or _NONE, each.by]
        for number, each in enumerate(names.votes, start=1)
    ]
    book.sheet("Theo đại biểu", people, rows, fixed=2)
    choices = sorted(
        {each.choice for each in names.votes} - {""}, key=lambda each: (_place(record.option_names, each), each)
    )
    points = [Column("Điểm cầu", 34), *(Column(each, 18, "number") for each in choices), Column(_NONE, 18, "number")]
    book.sheet(
        "Theo điểm cầu",
        points,
        [[name, *(sums[each] for each in choices), sums[""]] for name, sums in by_point(names)],
    )
    counted = [Column("Điểm cầu", 30), Column("Cách đếm", 44)]
    counted += [Column(each, 18) for each in record.option_names] + [Column("Người nhập; người xác nhận", 44)]
    book.sheet("Đếm tại điểm cầu", counted, record.halls)
    return book.content()


def _place(options: list[str], choice: str) -> int:
    return options.index(choice) if choice in options else len(options)
