"""The reader of foreign workbooks, a program of its own: bytes on standard input, lines of JSON on standard output. The
first is {"sheets": [{"name", "rows": how many, "hidden": [number, …], "merged": [[number, column, number, column],
…], "struck": [[number, column], …], "partly": [number, …]}]} or {"problem": code, "cell"}; then every row,
[number, [text, …]], a line each: whoever reads them is never busy with all of them at once. It runs under limits that a
hostile file can hit without harm to anybody, so it imports nothing of the server."""

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


_Run = tuple[bool | None, str]
"""Whether a part of a cell's text is struck through (None: as the cell is), and the text."""


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
        looks = _looks(archive)
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
        partly = _without_struck(rows, look.rests)
        if rows:
            about: dict[str, object] = {
                "name": name,
                "hidden": sorted(look.hidden),
                "merged": merged,
                "struck": look.struck,
                "partly": partly,
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


def _without_struck(rows: list[tuple[int, list[str]]], rests: dict[tuple[int, int], str]) -> list[int]:
    """In place: cells say what is left of them. Returns the numbers of their rows."""
    partly = []
    for number, texts in rows if rests else ():
        changed = [place for place in range(len(texts)) if (number, place) in rests]
        for place in changed:
            texts[place] = rests[number, place][:MOST_CHARACTERS].strip()
        partly += [number] if changed else []
    return partly


@dataclass(slots=True)
class _Look:
    """What the reader does not tell of a sheet."""

    hidden: set[int] = field(default_factory=set)
    """Numbers of rows that a filter or the user has hidden."""
    struck: list[tuple[int, int]] = field(default_factory=list)
    """Row's number and column (from 0) of cells whose text is struck through."""
    rests: dict[tuple[int, int], str] = field(default_factory=dict)
    """Of cells whose text is struck through in part: what is not."""

    def judge(self, row: int, column: int, runs: list[_Run], *, struck: bool) -> None:
        """`runs`: of one format each, in a cell that is `struck` itself; none where it has that one format."""
        if column >= MOST_COLUMNS or len(self.struck) + len(self.rests) >= MOST_STRUCK:
            return
        said = [(struck if line is None else line, text) for line, text in runs if text.strip()]
        if all(line for line, _ in said) and (said or struck):
            self.struck.append((row, column))
        elif any(line for line, _ in said):
            self.rests[row, column] = "".join(text for line, text in said if not line)


def _looks(archive: zipfile.ZipFile) -> dict[str, _Look]:
    names = set(archive.namelist())
    if _CONTENT in names:
        return _open_document_looks([archive.read(name) for name in ("styles.xml", _CONTENT) if name in names])
    paths = _paths(archive)
    if not paths:
        return {}
    styles = _struck_styles(archive.read(_STYLES)) if _STYLES in names else frozenset()
    rich = _rich_texts(archive.read(_TEXTS)) if _TEXTS in names else {}
    return {name: _look(archive.read(path), styles, rich) for name, path in paths.items()}


_STYLES, _TEXTS = "xl/styles.xml", "xl/sharedStrings.xml"
_CONTENT = "content.xml"


def _is_on(value: str) -> bool:
    return value not in ("0", "false")


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
            fonts[-1] = _is_on(said.get("val", "1"))
        elif within == "cellXfs" and name == "xf":
            font = said.get("fontId", "")
            if font.isdigit() and int(font) < len(fonts) and fonts[int(font)]:
                struck.append(str(formats))
            formats += 1

    _parse(part, start)
    return frozenset(struck)


class _Runs:
    """The runs of a text that has several formats (ISO/IEC 29500-1 section 18.4.4)."""

    def __init__(self) -> None:
        self.made: list[_Run] = []
        self._within = ""

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "r":
            self.made.append((None, ""))
        elif name == "rPr" and self.made:
            self.made[-1] = (False, "")
        elif name == "strike" and self.made:
            self.made[-1] = (_is_on(said.get("val", "1")), "")
        self._within = name if name != "t" or self._within != "rPh" else "rPh"  # how it is said, in Japanese

    def text(self, more: str) -> None:
        if self._within == "t" and self.made:
            line, text = self.made[-1]
            self.made[-1] = (line, text + more)


def _rich_texts(part: bytes) -> dict[str, list[_Run]]:
    """By number, those of several formats."""
    rich: dict[str, list[_Run]] = {}
    runs, number = _Runs(), -1

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal number
        name = tag.rpartition(":")[2]
        number += name == "si"
        runs.start(name, said)

    def end(tag: str) -> None:
        if tag.rpartition(":")[2] == "si" and runs.made:
            rich[str(number)], runs.made = runs.made, []

    _parse(part, start, end, runs.text)
    return rich


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


def _look(part: bytes, struck_styles: frozenset[str], rich: dict[str, list[_Run]]) -> _Look:
    """One pass over a sheet's part. Refused: cells lie so far apart that the space between them fills the memory."""
    look = _Look()
    cell, last, style, shared, value, runs = "", "", "", False, "", _Runs()
    first_row = first_column = 1 << 30
    last_row = last_column = 0
    lowest = rightmost = ""

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal cell, style, first_row, first_column, last_row, last_column, lowest, rightmost, last
        nonlocal shared, value, runs
        last = tag.rpartition(":")[2]
        if last == "row" and said.get("hidden") in ("1", "true") and said.get("r", "").isdigit():
            look.hidden.add(int(said["r"]))
        elif last == "c":
            cell, style, shared = said.get("r", ""), said.get("s", "0"), said.get("t") == "s"
            value, runs = "", _Runs()
        elif last in ("v", "is") and cell:
            row, column = _place(cell)
            first_row, first_column = min(first_row, row), min(first_column, column)
            if row > last_row:
                last_row, lowest = row, cell
            if column > last_column:
                last_column, rightmost = column, cell
        else:
            runs.start(last, said)

    def text(more: str) -> None:
        nonlocal value
        if last == "v" and shared:
            value += more
        elif last != "v":
            runs.text(more)

    def end(tag: str) -> None:
        if tag.rpartition(":")[2] == "c" and cell and last != "c":
            row, column = _place(cell)
            look.judge(row, column - 1, rich.get(value.strip()) or runs.made, struck=style in struck_styles)

    _parse(part, start, end, text)
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


class _Styles:
    """What OpenDocument styles say of a line through the text (OpenDocument 1.3 part 3, sections 16.2, 20.384)."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], bool | None] = {}
        self._parents: dict[tuple[str, str], str] = {}
        self._last = ("", "")

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "style":
            self._last = (said.get("style:family", ""), said.get("style:name", ""))
            self._own[self._last] = None
            self._parents[self._last] = said.get("style:parent-style-name", "")
        elif name == "text-properties" and self._last in self._own:
            line = said.get("style:text-line-through-style", said.get("style:text-line-through-type"))
            if line is not None:
                self._own[self._last] = line != "none"

    def line(self, family: str, name: str) -> bool | None:
        for _ in range(8):
            if (own := self._own.get((family, name))) is not None:
                return own
            name = self._parents.get((family, name), "")
        return None


def _open_document_looks(parts: list[bytes]) -> dict[str, _Look]:
    """Of the tables of an OpenDocument file (part 3, chapter 9)."""
    styles, looks, look = _Styles(), dict[str, _Look](), _Look()
    row = column = rows = cells = 0
    usual: list[str] = []  # by column
    style, in_row, noted = "", "", 0
    spans: list[str] = []
    runs: list[_Run] = []

    def times(said: dict[str, str], key: str) -> int:
        number = said.get(f"table:number-{key}-repeated", "1")
        return int(number) if number.isdigit() else 1

    def start(tag: str, said: dict[str, str]) -> None:
        nonlocal look, row, column, rows, cells, usual, style, in_row, noted, spans, runs
        name = tag.rpartition(":")[2]
        if name == "table":
            look = looks.setdefault(said.get("table:name", ""), _Look())
            row, rows, usual = 1, 0, []
        elif name == "table-column":
            usual += [said.get("table:default-cell-style-name", "")] * min(times(said, "columns"), MOST_COLUMNS)
        elif name == "table-row":
            row, column, rows, cells = row + rows, 0, times(said, "rows"), 0
            in_row = said.get("table:default-cell-style-name", "")
            if said.get("table:visibility") in ("collapse", "filter") and rows <= MOST_ROWS:
                look.hidden |= set(range(row, row + rows))
        elif name in ("table-cell", "covered-table-cell"):
            column, cells = column + cells, times(said, "columns")
            style = said.get("table:style-name") or in_row or (usual[column] if column < len(usual) else "")
            runs, spans = [], []
        elif name == "annotation":
            noted += 1
        elif name == "span":
            spans.append(said.get("text:style-name", ""))
        elif name in ("s", "tab", "line-break") or (name == "p" and runs):
            runs.append((None, " "))
        else:
            styles.start(name, said)

    def text(more: str) -> None:
        if not noted and cells:
            lines = [line for span in reversed(spans) if (line := styles.line("text", span)) is not None]
            runs.append((lines[0] if lines else None, more))

    def end(tag: str) -> None:
        nonlocal noted, cells
        name = tag.rpartition(":")[2]
        if name == "annotation":
            noted -= 1
        elif name == "span" and spans:
            spans.pop()
        elif name in ("table-cell", "covered-table-cell") and any(text.strip() for _, text in runs):
            struck = bool(styles.line("table-cell", style))
            for each in range(row, row + min(rows, MOST_ROWS)):
                for place in range(column, column + min(cells, MOST_COLUMNS)):
                    look.judge(each, place, runs, struck=struck)
            runs.clear()

    for part in parts:
        _parse(part, start, end, text)
    return looks


def _parse(
    part: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    def doctype(*_: object) -> None:
        raise Refused("unreadable")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
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
