"""The conference's papers: typst sources beside this file, a sheet, and a photographed letter. They go through the same
conversion as everybody's."""

import hashlib
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pypdfium2
import typst
import xlsxwriter
from sqlalchemy import select

from server.core.services import Services
from server.core.transaction import Transaction
from server.meetings.models import AgendaItem, Meeting
from server.organisations.models import Unit
from server.papers.access.policy_actions import set_for_paper
from server.papers.actions import papers
from server.papers.actions.versions import add_version
from server.papers.schemas import ByUnit, PaperKind, PaperPatch, PolicyWrite

_SOURCES = Path(__file__).parent
_ISSUED = date(2026, 11, 12)
_PHOTO_DPI = 130


@dataclass(frozen=True, slots=True)
class Sample:
    file_name: str
    title: str
    kind: PaperKind
    number: str
    issuer: str
    item: int | None
    """Index of the agenda item; None: of the whole meeting."""
    download: bool = True
    branch: str | None = None
    """Short name of the unit whose branch alone reads it."""


SAMPLES = (
    Sample("chuong-trinh.pdf", "Chương trình hội nghị", "khac", "118-CTr/TU", "Tỉnh ủy Lâm Đồng", None),
    Sample("quan-triet.pdf", "Những nội dung cốt lõi của Nghị quyết", "khac", "", "Ban Tuyên giáo Tỉnh ủy", 2, False),
    Sample(
        "ke-hoach.pdf",
        "Kế hoạch thực hiện Nghị quyết, giai đoạn 2026 - 2030",
        "ke-hoach",
        "1245/KH-UBND",
        "Ủy ban nhân dân tỉnh Lâm Đồng",
        3,
    ),
    Sample(
        "phu-luc-kinh-phi.xlsx", "Phụ lục: kinh phí theo năm và nguồn", "phu-luc", "",
        "Ủy ban nhân dân tỉnh Lâm Đồng", 3,
    ),
    Sample("du-thao.pdf", "Dự thảo Chương trình hành động của Tỉnh ủy", "du-thao", "", "Tỉnh ủy Lâm Đồng", 4, False),
    Sample(
        "goi-y.pdf", "Gợi ý thảo luận: các điểm cầu Lạc Dương", "tham-khao", "27-TL/TU", "Tỉnh ủy Lâm Đồng", 4, True,
        "Lạc Dương",
    ),
    Sample(
        "cong-van-302.jpg", "Đề nghị hỗ trợ đường truyền cho điểm cầu Đưng K'Nớ", "cong-van", "302-CV/HU",
        "Huyện ủy Lạc Dương", 4,
    ),
)  # fmt: skip


def prepare() -> list[bytes]:
    """The files of `SAMPLES`. Blocks for about a second."""
    return [_made(sample.file_name) for sample in SAMPLES]


async def add(services: Services, tx: Transaction, meeting: Meeting, files: Sequence[bytes]) -> None:
    """As the organiser who acts in `tx`. What the conversion needs is in the storage before the commit that asks it."""
    items = list(
        await tx.session.scalars(
            select(AgendaItem.id).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position)
        )
    )
    for sample, content in zip(SAMPLES, files, strict=True):
        folder = secrets.token_hex(16)
        await services.storage.put(f"{folder}/original", content)
        version = await add_version(
            tx,
            meeting_id=meeting.id,
            item_id=items[sample.item] if sample.item is not None and sample.item < len(items) else None,
            paper_id=None,
            file_name=sample.file_name,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            folder=folder,
        )
        await papers.edit(
            tx,
            version.paper_id,
            PaperPatch(
                title=sample.title, kind=sample.kind, number=sample.number, issuer=sample.issuer, issued_on=_ISSUED
            ),
        )
        await set_for_paper(tx, version.paper_id, await _policy(tx, sample))


async def _policy(tx: Transaction, sample: Sample) -> PolicyWrite:
    audience = []
    if sample.branch is not None:
        unit = await tx.session.scalar(
            select(Unit.id).where(Unit.short_name == sample.branch, Unit.level == "district").limit(1)
        )
        if unit is not None:
            audience.append(ByUnit(kind="unit", id=unit))
    return PolicyWrite(download=sample.download, audience=audience)


def _made(file_name: str) -> bytes:
    if file_name.endswith(".xlsx"):
        return _budget()
    if file_name.endswith(".jpg"):
        return _photographed(_compiled("cong-van"))
    return _compiled(file_name.removesuffix(".pdf"))


def _compiled(name: str) -> bytes:
    made: bytes = typst.compile(str(_SOURCES / f"{name}.typ"))
    return made


def _photographed(pdf: bytes) -> bytes:
    """The first page as somebody's phone sees it on a desk: a little askew, grey paper."""
    document = pypdfium2.PdfDocument(pdf)
    page = document[0].render(scale=_PHOTO_DPI / 72).to_pil().convert("L")
    document.close()
    askew = page.rotate(1.2, expand=True, fillcolor=205).point(lambda light: int(38 + light * 0.8))
    content = io.BytesIO()
    askew.save(content, "JPEG", quality=82)
    return content.getvalue()


def _budget() -> bytes:
    years = (2026, 2027, 2028, 2029, 2030)
    sources = (
        ("Ngân sách trung ương hỗ trợ", (12, 20, 24, 22, 18)),
        ("Ngân sách tỉnh", (30, 46, 52, 46, 40)),
        ("Ngân sách huyện và nguồn hợp pháp khác", (14, 22, 26, 22, 18)),
    )
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet("Kinh phí")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    bold, head = book.add_format({"bold": True}), book.add_format({"bold": True, "border": 1, "bg_color": "#DDE6F2"})
    cell, total = book.add_format({"border": 1}), book.add_format({"bold": True, "border": 1})
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 6, 12)
    sheet.write(0, 0, "PHỤ LỤC: KINH PHÍ THEO NĂM VÀ NGUỒN (tỷ đồng)", bold)
    sheet.write(1, 0, "Kèm theo Kế hoạch số 1245/KH-UBND. Tài liệu minh họa của bản trình diễn.")
    sheet.write_row(3, 0, ["Nguồn", *(f"Năm {year}" for year in years), "Cộng"], head)
    for row, (name, amounts) in enumerate(sources, 4):
        sheet.write(row, 0, name, cell)
        sheet.write_row(row, 1, amounts, cell)
        sheet.write_formula(row, 6, f"=SUM(B{row + 1}:F{row + 1})", total, sum(amounts))
    last = 4 + len(sources)
    sheet.write(last, 0, "Tổng số", total)
    for column in range(1, 7):
        letter = "ABCDEFG"[column]
        sums = [amounts[column - 1] if column < 6 else sum(amounts) for _, amounts in sources]
        sheet.write_formula(last, column, f"=SUM({letter}5:{letter}{last})", total, sum(sums))
    book.close()
    return content.getvalue()
