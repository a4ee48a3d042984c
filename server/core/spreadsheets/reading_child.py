"""The reader of foreign workbooks, a program of its own: bytes on standard input, {"rows": [[number, [text, …]], …]} or
{"problem": code} on standard output. It runs under limits that a hostile file can hit without harm to anybody, so it
imports nothing of the server."""

import datetime
import io
import json
import resource
import sys
import zipfile

import python_calamine

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 20
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 30
MOST_CHARACTERS = 500
"""Of one cell."""
MOST_TEXT = 16_000_000
"""Characters of all cells."""


class Refused(Exception):
    """With the code of what is wrong."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        answer: dict[str, object] = {"rows": rows_of(sys.stdin.buffer.read())}
    except Refused as refused:
        answer = {"problem": str(refused)}
    except Exception:
        answer = {"problem": "unreadable"}
    json.dump(answer, sys.stdout, ensure_ascii=True)


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows of the first visible sheet that say anything, with their numbers as the sheet shows them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            raise Refused("too-large")
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    visible = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == python_calamine.SheetVisibleEnum.Visible
        and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not visible:
        raise Refused("unreadable")
    rows: list[tuple[int, list[str]]] = []
    characters = 0
    sheet = workbook.get_sheet_by_name(visible[0])
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_text(cell) for cell in cells[:MOST_COLUMNS]]
        if not any(texts):
            continue
        characters += sum(map(len, texts))
        # The header and what stands above it do not count.
        if len(rows) >= MOST_ROWS + 20 or characters > MOST_TEXT:
            raise Refused("too-large")
        rows.append((number, texts))
    return rows


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).replace("\0", "")[:MOST_CHARACTERS].strip()


if __name__ == "__main__":
    main()
