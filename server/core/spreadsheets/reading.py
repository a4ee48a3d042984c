"""Runs the reader of workbooks in a process of its own."""

import asyncio
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import structlog

from server.core.errors import Invalid

log = structlog.get_logger(__name__)

_CHILD = Path(__file__).with_name("reading_child.py")
_SECONDS = 30.0
_AT_ONCE = asyncio.Semaphore(2)

SheetRow = tuple[int, list[str]]
"""The number that the sheet shows, and the cells' texts."""


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


async def read(content: bytes) -> list[SheetRow]:
    """The rows of the first sheet that say anything. NotASheet, SheetTooLarge."""
    if not content.startswith(b"PK"):
        raise NotASheet()
    async with _AT_ONCE:
        answer = await _run(content)
    if answer.get("problem") == "too-large":
        raise SheetTooLarge()
    if "rows" not in answer:
        raise NotASheet()
    return [(number, [_line(text) for text in texts]) for number, texts in answer["rows"]]


async def _run(content: bytes) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate(content)
        answer: dict[str, Any] = json.loads(output)
    except (TimeoutError, ValueError):
        # Killed by one of its limits, or by us.
        log.warning("workbook-not-read", size=len(content), code=process.returncode)
        return {}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answer


def _line(text: str) -> str:
    """One line, NFC, without what nobody sees: control and format characters, halves of surrogate pairs."""
    visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else " " for c in text)
    return " ".join(unicodedata.normalize("NFC", visible).split())
