"""The reader of foreign workbooks, a program of its own: bytes on standard input, lines of JSON on standard output. The
first is {"sheets": [{"name", "rows": how many, "hidden": [number, …], "merged": [[number, column, number, column],
…], "struck": [[number, column], …]}]} or {"problem": code, "cell"}; then every row, [number, [text, …]], a line each:
whoever reads them is never busy with all of them at once. It runs under limits that a hostile file can hit without harm
to anybody, so it imports nothing of the server."""

import datetime
import io
import json
import posixpath
import resource
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

import python_calamine

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 20
MOST_UNPACKED = 256 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 30
MOST_CHARACTERS = 1000
"""Of one cell."""
MOST_TEXT = 16_000_000
"""Characters of all cells."""
MOST_SHEETS = 20
MOST_MERGED = 20_000
MOST_STRUCK = 20_000
"""Cells."""
MOST_SPREAD = 4_000_000
"""Cells of the rectangle that holds everything: what the reader keeps in memory, full or empty."""


class Refused(Exception):
    """With the code of what is wrong, and the cell where it is."""

    def __init__(self, code: str, cell: str = "") -> None:
        self.code, self.cell = code, cell
        super().__init__(code)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    rows: list[tuple[int, list[str]]] = []
    try:
        sheets = sheets_of(sys.stdin.buffer.read())
        answer: dict[str, object] = {"sheets": [{**about, "rows": len(some)} for about, some in sheets]}
        rows = [row for _, some in sheets for row in some]
    except Refused as refused:
        answer = {"problem": refused.code, "cell": refused.cell}
    except Exception:
        answer = {"problem": "unreadable"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)


def sheets_of(content: bytes) -> list[tuple[dict[str, object], list[tuple[int, list[str]]]]]:
    """The visible sheets that say anything, in their order: what is to be known of each, and its rows."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            raise Refused("too-large")
        paths = _paths(archive)
        styles = _struck_styles(archive.read(_STYLES)) if paths and _STYLES in archive.namelist() else frozenset()
        looks = {name: _look(archive.read(path), styles) for name, path in paths.items()}
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    visible = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == python_calamine.SheetVisibleEnum.Visible
        and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if not visible:
        raise Refused("unreadable")
    sheets: list[tuple[dict[str, object], list[tuple[int, list[str]]]]] = []
    budget = MOST_TEXT
    for name in visible[:MOST_SHEETS]:
        sheet = workbook.get_sheet_by_name(name)
        rows = _rows(sheet, budget)
        budget -= sum(len(text) for _, texts in rows for text in texts)
        merged = [
            [top + 1, left, bottom + 1, right]
            for (top, left), (bottom, right) in (sheet.merged_cell_ranges or [])[:MOST_MERGED]
            if left < MOST_COLUMNS
        ]
        look = looks.get(name, _Look())
        if rows:
            about: dict[str, object] = {
                "name": name,
                "hidden": sorted(look.hidden),
                "merged": merged,
                "struck": look.struck,
            }
            sheets.append((about, rows))
    return sheets


def _rows(sheet: python_calamine.CalamineSheet, budget: int) -> list[tuple[int, list[str]]]:
    """The rows that say anything, with their numbers as the sheet shows them."""
    rows: list[tuple[int, list[str]]] = []
    characters = 0
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [_text(cell) for cell in cells[:MOST_COLUMNS]]
        if not any(texts):
            continue
        characters += sum(map(len, texts))
        # The header and what stands above it do not count.
        if len(rows) >= MOST_ROWS + 20 or characters > budget:
            raise Refused("too-large")
        rows.append((number, texts))
    return rows


@dataclass(slots=True)
class _Look:
    """What the reader does not tell of a sheet."""

    hidden: set[int] = field(default_factory=set)
    """Numbers of rows that a filter or the user has hidden."""
    struck: list[tuple[int, int]] = field(default_factory=list)
    """Row's number and column (from 0) of cells whose text is struck through."""


_STYLES = "xl/styles.xml"


def _struck_styles(part: bytes) -> frozenset[str]:
    """Numbers of cell formats whose font is struck through (ISO/IEC 29500-1 sections 18.4.10, 18.8.10, 18.8.23)."""
    fonts: list[bool] = []
    struck: list[str] = []
    formats = 0
    within = ""

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal formats, within
        name = tag.rpartition(":")[2]
        if name in ("fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "extLst"):
            within = name
        elif within == "fonts" and name == "font":
            fonts.append(False)
        elif within == "fonts" and name == "strike" and fonts:
            fonts[-1] = said.get("val", "1") not in ("0", "false")
        elif within == "cellXfs" and name == "xf":
            font = said.get("fontId", "")
            if font.isdigit() and int(font) < len(fonts) and fonts[int(font)]:
                struck.append(str(formats))
            formats += 1

    _parse(part, start)
    return frozenset(struck)


def _paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> its part (ISO/IEC 29500-1 sections 18.2.19 and 12.3.24). Empty for files of other kinds."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    targets: dict[str, str] = {}
    parts: dict[str, str] = {}

    def relation(tag: str, said: dict[str, str]) -> None:
        if tag.endswith("Relationship"):
            targets[said.get("Id", "")] = posixpath.normpath(posixpath.join("/xl", said.get("Target", ""))).lstrip("/")

    def sheet(tag: str, said: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet":
            reference = next((value for key, value in said.items() if key.endswith(":id")), "")
            if targets.get(reference) in names:
                parts[said.get("name", "")] = targets[reference]

    _parse(archive.read("xl/_rels/workbook.xml.rels"), relation)
    _parse(archive.read("xl/workbook.xml"), sheet)
    return parts


def _look(part: bytes, struck_styles: frozenset[str]) -> _Look:
    """One pass over a sheet's part. Refused: cells lie so far apart that the space between them fills the memory."""
    look = _Look()
    cell, last, style = "", "", ""
    first_row = first_column = 1 << 30
    last_row = last_column = 0
    lowest = rightmost = ""

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal cell, style, first_row, first_column, last_row, last_column, lowest, rightmost, last
        last = tag.rpartition(":")[2]
        if last == "row" and said.get("hidden") in ("1", "true") and said.get("r", "").isdigit():
            look.hidden.add(int(said["r"]))
        elif last == "c":
            cell, style = said.get("r", ""), said.get("s", "0")
        elif last in ("v", "is") and cell:
            row, column = _place(cell)
            first_row, first_column = min(first_row, row), min(first_column, column)
            if row > last_row:
                last_row, lowest = row, cell
            if column > last_column:
                last_column, rightmost = column, cell
            if style in struck_styles and column <= MOST_COLUMNS and len(look.struck) < MOST_STRUCK:
                look.struck.append((row, column - 1))

    _parse(part, start)
    if last_row and (last_row - first_row + 1) * (last_column - first_column + 1) > MOST_SPREAD:
        # The one farther out by the measure of an ordinary list: many rows, few columns.
        raise Refused("stray-cell", rightmost if last_column > MOST_COLUMNS else lowest)
    return look


def _place(cell: str) -> tuple[int, int]:
    """ "B3" -> (3, 2)."""
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(cell[len(letters) :] or 0), column


def _parse(part: bytes, start: Callable[[str, dict[str, str]], None]) -> None:
    def doctype(*_: object) -> None:
        raise Refused("unreadable")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    # Excel writes none, and entities can make much of little.
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(part, True)


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
