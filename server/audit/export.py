"""The audit log as files: a workbook and plain CSV, in Vietnamese, for whoever has to look into it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.models import AuditEntry
from server.audit.names import told
from server.audit.queries import matching
from server.audit.schemas import AuditFilter
from server.core.spreadsheets.writing import Book, Column, csv_file, local

MOST = 50_000
"""Entries of one file. A conference of 12,000 people who check in by their phones writes some 30,000."""
_AT_ONCE = 1000
"""Entries whose names are looked up together."""
_FACTS = 2000
"""Characters of one entry's details."""
_COLUMNS = (
    Column("Số", 9, "number"),
    Column("Lúc", 20, "time"),
    Column("Người hoặc điểm cầu", 32),
    Column("Đơn vị", 28),
    Column("Việc", 44),
    Column("Đối tượng", 36),
    Column("Mã việc", 24),
    Column("Chi tiết", 60),
    Column("Địa chỉ mạng", 18),
    Column("Phiên", 9, "number"),
    Column("Mã chuỗi", 68),
)

Line = tuple[int, datetime, str, str, str, str, str, str, str, int | None, str]
"""One entry, a value for each column."""


@dataclass(frozen=True, slots=True)
class Extract:
    """What goes into the file; plain, as another process makes it."""

    rows: list[Line]
    whole: bool
    """False: there are more entries than one file takes."""


async def extract(session: AsyncSession, asked: AuditFilter, branches: Collection[str] | None) -> Extract:
    entries = (await session.scalars(matching(asked, branches).limit(MOST + 1))).all()
    return Extract(await lines(session, entries[:MOST], branches), whole=len(entries) <= MOST)


async def lines(session: AsyncSession, entries: Sequence[AuditEntry], branches: Collection[str] | None) -> list[Line]:
    made: list[Line] = []
    for begin in range(0, len(entries), _AT_ONCE):
        some = entries[begin : begin + _AT_ONCE]
        for entry, out in zip(some, await told(session, some, branches), strict=True):
            made.append(
                (
                    out.id,
                    out.at,
                    out.actor_name,
                    out.actor_unit,
                    out.said.vi,
                    out.subject_name or f"{out.subject_type} {out.subject_id}",
                    out.action,
                    json.dumps(out.facts, ensure_ascii=False)[:_FACTS] if out.facts else "",
                    out.address,
                    out.session_id,
                    entry.hash,
                )
            )
    return made


def book_of(title: str, about: Sequence[str], rows: Sequence[Line]) -> bytes:
    book = Book(title, about)
    book.sheet("Nhật ký", _COLUMNS, rows, fixed=2)
    return book.content()


def workbook(found: Extract) -> bytes:
    count = f"{len(found.rows)} mục" + ("" if found.whole else "; còn nữa, chỉ gồm các mục mới nhất")
    return book_of("Nhật ký hệ thống", (count,), found.rows)


def csv_bytes(found: Extract) -> bytes:
    rows = ((number, f"{local(at):%d/%m/%Y %H:%M:%S}", *rest) for number, at, *rest in found.rows)
    return csv_file([column.heading for column in _COLUMNS], rows).encode()
