"""The record as DOCX: paragraphs and tables of WordprocessingML (ECMA-376 part 1, section 17), which every word
processor opens and an office writes on."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from server.ballots.record.facts import Record

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="word/document.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_WHEN = (2020, 1, 1, 0, 0, 0)
"""Equal records are equal files."""
_WIDTH = 9350
"""Twentieths of a point between margins of 30 and 15 mm (Decree 30/2020/NĐ-CP, annex I)."""
_HALF_POINTS = 26
"""13 pt."""


def document(record: Record) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", _document(record)),
        ):
            package.writestr(zipfile.ZipInfo(name, _WHEN), text)
    return made.getvalue()


def _document(record: Record) -> str:
    state = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
    head = ("ĐẢNG CỘNG SẢN VIỆT NAM",) if record.party else state
    heading = _table(
        [
            [
                _paragraph(record.unit.upper(), bold=True, align="center"),
                "".join(_paragraph(each, bold=True, align="center") for each in head)
                + _paragraph(f"{record.place}, {record.date}", italic=True, align="center"),
            ]
        ],
        [3900, 5450],
        lines=False,
    )
    about = f" Nội dung: {record.about}." if record.about else ""
    names = ["Ứng cử viên", "Số phiếu", "Tỷ lệ", "Kết quả"] if record.election else ["Lựa chọn", "Số phiếu", "Tỷ lệ"]
    widths = [4350, 1300, 1400, 2300] if record.election else [5950, 1600, 1800]
    parts = [
        heading,
        _paragraph(""),
        _paragraph(record.title.upper(), bold=True, align="center", size=30),
        _paragraph(record.subject, bold=True, align="center", size=28),
        _paragraph(""),
        _paragraph(f"Tại: {record.meeting}.{about} Thời gian: {record.when}."),
        _paragraph("I. Số liệu", bold=True),
        _table(
            [[_paragraph(each.text), _paragraph(each.figure, bold=True, align="center")] for each in record.facts],
            [6350, 3000],
        ),
        _paragraph("II. Kết quả", bold=True),
        _paragraph(record.rule),
        _table([_header(names), *(_row(row) for row in record.options)], widths),
        _paragraph(f"Kết luận: {record.verdict}", bold=True),
    ]
    if record.secret:
        parts.append(_paragraph(record.secret, italic=True))
    if record.halls:
        columns = ["Điểm cầu", "Cách đếm", *record.option_names, "Người nhập; người xác nhận"]
        parts.append(_paragraph("III. Số đếm tại các điểm cầu", bold=True))
        rows = [_header(columns), *(_row(row) for row in record.halls)]
        parts.append(_table(rows, [_WIDTH // len(columns)] * len(columns)))
    signatures = [
        _paragraph(role, bold=True, align="center")
        + _paragraph("(Ký, ghi rõ họ tên)", italic=True, align="center")
        + _paragraph("") * 4
        + _paragraph(name, bold=True, align="center")
        for role, name in (("THƯ KÝ", record.secretary), ("CHỦ TRÌ", record.chair))
    ]
    parts += [_paragraph(""), _table([signatures], [_WIDTH // 2] * 2, lines=False), _paragraph("")]
    page = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1134" w:right="851" w:bottom="1134" w:left="1701" w:header="567" w:footer="567" w:gutter="0"/>'
        "</w:sectPr>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:document xmlns:w="{_W}"><w:body>{"".join(parts)}{page}</w:body></w:document>'
    )


def _header(names: Iterable[str]) -> list[str]:
    return [_paragraph(name, bold=True, align="center") for name in names]


def _row(cells: Sequence[str]) -> list[str]:
    return [_paragraph(cell, align="center" if place else "left") for place, cell in enumerate(cells)]


def _paragraph(
    text: str, *, bold: bool = False, italic: bool = False, align: str = "left", size: int = _HALF_POINTS
) -> str:
    look = f"{'<w:b/>' if bold else ''}{'<w:i/>' if italic else ''}"
    run = (
        f'<w:r><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/>{look}'
        f'<w:sz w:val="{size}"/><w:lang w:val="vi-VN"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    )
    spacing = '<w:spacing w:before="40" w:after="60"/>'
    return f'<w:p><w:pPr>{spacing}<w:jc w:val="{align}"/></w:pPr>{run if text else ""}</w:p>'


def _table(rows: Sequence[Sequence[str]], widths: Sequence[int], *, lines: bool = True) -> str:
    """`rows`: cells as paragraphs."""
    kind = "single" if lines else "nil"
    edges = "".join(
        f'<w:{edge} w:val="{kind}" w:sz="4" w:space="0" w:color="6E6E6E"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    body = "".join(
        "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{cell}</w:tc>'
            for cell, width in zip(row, widths, strict=True)
        )
        + "</w:tr>"
        for row in rows
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{edges}</w:tblBorders></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>"
    )
