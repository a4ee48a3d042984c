"""Reads a sheet of rows that somebody sent: a workbook in a process of its own, a table of text (CSV) in a thread."""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog

from server.core.errors import Invalid
from server.core.fields import LOOK_ALIKES, in_latin
from server.core.processes import ended, output_of, started
from server.core.spreadsheets import text_tables
from server.core.spreadsheets.old_letters import renewed

log = structlog.get_logger(__name__)

_CHILD = Path(__file__).with_name("reading_child.py")
_WEB_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|\?xml|html|head|meta|style|body|table|div)\b", re.IGNORECASE
)
"""What web systems export and call a workbook."""
_SECONDS = 30.0
_AT_ONCE = asyncio.Semaphore(2)

SheetRow = tuple[int, list[str]]
"""The number that the sheet shows, and the cells' texts."""


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    rows: list[SheetRow]
    """Those that say anything."""
    hidden: frozenset[int] = frozenset()
    """Numbers of rows that a filter or somebody has hidden."""
    merged: tuple[tuple[int, int, int, int], ...] = ()
    """Merged cells: first row's number, first column (from 0), last row's number, last column."""
    struck: frozenset[tuple[int, int]] = frozenset()
    """Row's number and column (from 0) of cells whose text is struck through."""
    partly: frozenset[int] = frozenset()
    """Numbers of rows where part of a cell's text is struck through, and left out."""
    old_letters: bool = False
    """Some of it was written for TCVN3 or VNI fonts, and is turned into Unicode."""


class NotASheet(Invalid):
    code = "not-a-sheet"
    vi = (
        "Không đọc được tệp này. Mở bằng Excel, bỏ mật khẩu nếu có, lưu lại dạng “Excel Workbook (.xlsx)” rồi gửi lại, "
        "hoặc dùng tệp mẫu."
    )
    en = "This file cannot be read. Open it in Excel, take off any password, save it as .xlsx and send it again."


class SheetTooLarge(Invalid):
    code = "sheet-too-large"
    vi = "Tệp có quá 20.000 dòng hoặc quá nhiều dữ liệu. Chia thành nhiều tệp rồi nhập lần lượt."
    en = "The file has more than 20,000 rows or too much data. Split it and import the parts."


class StrayCell(Invalid):
    code = "stray-cell"

    def __init__(self, cell: str) -> None:
        super().__init__(
            f"Có ô {cell} nằm rất xa danh sách. Xóa hàng và cột thừa quanh ô ấy, lưu lại rồi gửi lại.",
            f"Cell {cell} lies far away from the list. Delete the rows and columns around it, save and send again.",
        )


async def read(content: bytes) -> list[Sheet]:
    """The visible sheets that say anything, in their order; of a table of text its one. NotASheet, SheetTooLarge,
    StrayCell."""
    if not content.startswith(b"PK"):
        return [await asyncio.to_thread(_text_table, content)]
    async with _AT_ONCE:
        output = await _run(content)
    try:
        return await asyncio.to_thread(_sheets_of, output)
    except ValueError:
        # Cut off: killed by one of its limits.
        log.warning("workbook-not-read", size=len(content))
        raise NotASheet() from None


def _sheets_of(output: bytes) -> list[Sheet]:
    """ValueError where lines are missing."""
    lines = iter(output.splitlines())
    answer: dict[str, Any] = json.loads(next(lines, b""))
    if answer.get("problem") == "too-large":
        raise SheetTooLarge()
    if answer.get("problem") == "stray-cell":
        raise StrayCell(answer["cell"])
    if "sheets" not in answer:
        raise NotASheet()
    sheets = []
    for sheet in answer["sheets"]:
        rows = [json.loads(next(lines, b"")) for _ in range(sheet["rows"])]
        read_rows, old_letters = _as_read(rows)
        sheets.append(
            Sheet(
                as_read(sheet["name"]),
                read_rows,
                frozenset(sheet["hidden"]),
                tuple((top, left, bottom, right) for top, left, bottom, right in sheet["merged"]),
                frozenset((row, column) for row, column in sheet["struck"]),
                frozenset(sheet["partly"]),
                old_letters,
            )
        )
    return sheets


async def _run(content: bytes) -> bytes:
    """What the child says; nothing where it took too long."""
    # A file, not a pipe: nobody need feed it.
    with tempfile.TemporaryFile() as given:
        await asyncio.to_thread(_laid_down, given, content)
        process = await started(
            [sys.executable, "-I", str(_CHILD)], stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        )
        said, pipe = await output_of(process, 2**16)
        try:
            async with asyncio.timeout(_SECONDS):
                output = await said.read()
                await ended(process)
        except TimeoutError:
            return b""
        finally:
            pipe.close()
            if process.poll() is None:
                process.kill()
                await ended(process)
    return output


def _laid_down(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()
    file.seek(0)


def _text_table(content: bytes) -> Sheet:
    if not text_tables.is_text(content) or _WEB_PAGE.match(content):
        raise NotASheet()
    try:
        rows = text_tables.rows_of(content)
    except text_tables.NotText:
        raise NotASheet() from None
    except text_tables.TooLarge:
        raise SheetTooLarge() from None
    read_rows, old_letters = _as_read(rows)
    return Sheet("CSV", read_rows, old_letters=old_letters)


def _as_read(rows: list[SheetRow]) -> tuple[list[SheetRow], bool]:
    """Old letters first: TCVN3's "ư" is a sign that nobody sees."""
    made, old_letters = renewed(rows)
    return [(number, [as_read(text) for text in texts]) for number, texts in made], old_letters


def as_read(text: str) -> str:
    """One line, NFC, without what nobody sees (control and format characters, halves of surrogate pairs), and with Đ
    and Latin letters for what was written in their place and looks the same."""
    if text.isprintable():
        visible = text
    else:
        visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in text)
    return in_latin(" ".join(unicodedata.normalize("NFC", visible).translate(LOOK_ALIKES).split()))
