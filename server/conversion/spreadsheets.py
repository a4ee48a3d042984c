"""Sheets of a workbook set for reading: one wider than its page is turned and made smaller until its columns stand side
by side, as whoever prints with care does it. LibreOffice would cut it into strips, page after page of lone columns.

Works on the workbook as LibreOffice itself writes it (ODS), whatever it was before."""

import copy
import math
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from server.conversion.refusals import Refused

_SHORT, _LONG = 210 / 25.4, 297 / 25.4
"""A4, in inches."""
_MARGIN = 0.79
"""Inches, where the sheet says nothing."""
_STILL_UPRIGHT = 0.9
"""Made smaller by no more than this it need not be turned."""
_SMALLEST = 0.45
"""Letters of 11 points come out at 5; what is wider still is divided."""
_FILLING = 1000
"""Cells repeated so often only fill the row."""
_FAR_ROWS, _FAR_COLUMNS = 2000, 200
"""Empty ones before a cell that somebody put where nobody looks, by a slip of the hand."""
_ROWS_A_PAGE = 70
"""More than any sheet of paper takes upright."""
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
_NS = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
}


def _name(short: str) -> str:
    prefix, _, name = short.partition(":")
    return f"{{{_NS[prefix]}}}{name}"


_STYLE, _TABLE, _COLUMN = _name("style:style"), _name("table:table"), _name("table:table-column")
_ROW = _name("table:table-row")
_CELLS = frozenset({_name("table:table-cell"), _name("table:covered-table-cell")})


@dataclass
class _Sheet:
    name: str
    master: str
    has_print_range: bool
    columns: list[tuple[float, int]] = field(default_factory=list)
    """Width in inches, and how many."""
    used: int = 0
    """Columns, up to the last with anything in it that stands with the others."""
    rows: int = 0
    """Up to the last with anything in it that stands with the others."""
    shown: int = 0
    """Of them, those that are not hidden."""
    far: bool = False
    """Something stands where nobody looks."""

    def width(self) -> float:
        left, total = self.used, 0.0
        for width, count in self.columns:
            total += width * min(left, count)
            left -= min(left, count)
        return total


def fit(book: Path, target: Path, pages_max: int) -> list[str]:
    """A copy of the workbook (ODS) whose wide sheets fit their pages, and whose cells far off are left out. Returns
    codes of warnings. Raises Refused for a sheet that is longer than any paper may be."""
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        with source.open("content.xml") as content:
            sheets = _sheets(content)
        rows = sum(sheet.shown for sheet in sheets if not sheet.has_print_range)
        if rows > pages_max * _ROWS_A_PAGE:
            said = f"{rows:,}".replace(",", ".")
            raise Refused("sheet-too-long", f"Bảng có {said} dòng.", f"The table has {rows:,} rows.")
        widths: dict[str, float] = {}
        for sheet in sheets:
            widths[sheet.master] = max(widths.get(sheet.master, 0.0), sheet.width())
        far = any(sheet.far and not sheet.has_print_range for sheet in sheets)
        for part in source.infolist():
            content_of = source.read(part)
            if part.filename == "styles.xml":
                content_of = _fitted(content_of, widths)
            elif part.filename == "content.xml" and far:
                content_of = _with_print_ranges(content_of, sheets)
            made.writestr(part, content_of, compress_type=part.compress_type)
    return ["far-cells"] if far else []


def _sheets(content: IO[bytes]) -> list[_Sheet]:
    reading = _Reading()
    for event, each in ElementTree.iterparse(content, ("start", "end")):  # noqa: S314  LibreOffice wrote it
        if event == "start":
            reading.begins(each)
        elif each.tag == _STYLE:
            reading.style(each)
        elif each.tag == _TABLE:
            reading.table_ends(each)
        elif each.tag == _COLUMN:
            reading.column(each)
        elif each.tag in _CELLS:
            reading.cell(each)
        elif each.tag == _ROW:
            reading.row_ends(each)
    return reading.sheets


class _Reading:
    """Of a workbook's content, once through."""

    def __init__(self) -> None:
        self.sheets: list[_Sheet] = []
        self._column_widths: dict[str, float] = {}
        self._masters: dict[str, str] = {}
        self._sheet = _Sheet("", "", has_print_range=False)
        self._depth = self._row = self._at = 0
        self._row_counts = False

    def begins(self, each: ElementTree.Element) -> None:
        if each.tag == _ROW:
            self._at, self._row_counts = 0, False
        elif each.tag == _TABLE:
            self._depth += 1
            if self._depth == 1:
                master = self._masters.get(each.get(_name("table:style-name"), ""), "")
                ranged = _name("table:print-ranges") in each.attrib
                self._sheet, self._row = _Sheet(each.get(_name("table:name"), ""), master, ranged), 0

    def style(self, each: ElementTree.Element) -> None:
        name = each.get(_name("style:name"), "")
        self._masters[name] = each.get(_name("style:master-page-name"), "")
        properties = each.find(_name("style:table-column-properties"))
        if properties is not None:
            self._column_widths[name] = _inches(properties.get(_name("style:column-width")), 0.0)

    def table_ends(self, each: ElementTree.Element) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.sheets.append(self._sheet)
            each.clear()

    def column(self, each: ElementTree.Element) -> None:
        width = self._column_widths.get(each.get(_name("table:style-name"), ""), 0.0) if _is_shown(each) else 0.0
        self._sheet.columns.append((width, _times(each, "columns")))

    def cell(self, each: ElementTree.Element) -> None:
        sheet, count = self._sheet, _times(each, "columns")
        if (len(each) or each.get(_name("office:value-type"))) and count < _FILLING:
            if self._row - sheet.rows > _FAR_ROWS or self._at - sheet.used > _FAR_COLUMNS:
                sheet.far = True
            else:
                spanned = int(each.get(_name("table:number-columns-spanned"), "1"))
                sheet.used = max(sheet.used, self._at + max(count, spanned))
                self._row_counts = True
        self._at += count

    def row_ends(self, each: ElementTree.Element) -> None:
        count = _times(each, "rows")
        if self._row_counts:
            self._sheet.rows = self._row + min(count, _FILLING)
            self._sheet.shown += min(count, _FILLING) if _is_shown(each) else 0
        self._row += count
        each.clear()


def _times(each: ElementTree.Element, what: str) -> int:
    return int(each.get(_name(f"table:number-{what}-repeated"), "1"))


def _is_shown(each: ElementTree.Element) -> bool:
    return each.get(_name("table:visibility"), "visible") == "visible"


def _with_print_ranges(content: bytes, sheets: list[_Sheet]) -> bytes:
    """What stands together is what is printed (ODF 1.2 part 1, 19.723 table:print-ranges)."""
    for sheet in sheets:
        if not sheet.far or sheet.has_print_range:
            continue
        quoted = "'" + sheet.name.replace("'", "''") + "'"
        last = f"{_letters(max(sheet.used, 1))}{max(sheet.rows, 1)}"
        shown = quoteattr(f"{quoted}.A1:{quoted}.{last}")
        begins = f"<table:table table:name={quoteattr(sheet.name)}"
        content = content.replace(begins.encode(), f"{begins} table:print-ranges={shown}".encode(), 1)
    return content


def _letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    said = ""
    while column:
        column, digit = divmod(column - 1, 26)
        said = chr(ord("A") + digit) + said
    return said


def _fitted(styles: bytes, widths: dict[str, float]) -> bytes:
    for prefix, address in re.findall(rb'xmlns:(\w+)="([^"]+)"', styles):
        ElementTree.register_namespace(prefix.decode(), address.decode())
    root = ElementTree.fromstring(styles)  # noqa: S314  LibreOffice wrote it
    parents = {layout: parent for parent in root for layout in parent.findall(_name("style:page-layout"))}
    layouts = {layout.get(_name("style:name"), ""): layout for layout in parents}
    for number, master in enumerate(root.iter(_name("style:master-page"))):
        layout = layouts.get(master.get(_name("style:page-layout-name"), ""))
        width = widths.get(master.get(_name("style:name"), ""), 0.0)
        if layout is None or not width:
            continue
        own = copy.deepcopy(layout)  # sheets of equal layouts share one
        properties = own.find(_name("style:page-layout-properties"))
        if properties is not None and _fit_page(properties, width):
            own.set(_name("style:name"), f"fitted{number}")
            master.set(_name("style:page-layout-name"), f"fitted{number}")
            parents[layout].append(own)
    made: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return made


def _fit_page(page: ElementTree.Element, width: float) -> bool:
    """Whether it had to be changed. `width`: of the sheet, in inches. What its author has fitted to pages stays."""
    if page.get(_name("style:scale-to-X")) or page.get(_name("style:scale-to-pages")):
        return False
    across = _inches(page.get(_name("fo:page-width")), _SHORT)
    down = _inches(page.get(_name("fo:page-height")), _LONG)
    margins = sum(_inches(page.get(_name(f"fo:margin-{side}")), _MARGIN) for side in ("left", "right"))
    scale = int(re.sub(r"\D", "", page.get(_name("style:scale-to"), "")) or 100) / 100
    if width * scale <= across - margins:
        return False
    if across < down and width * _STILL_UPRIGHT > across - margins:
        across, down = down, across
        page.set(_name("style:print-orientation"), "landscape")
    page.set(_name("fo:page-width"), f"{across:.4f}in")
    page.set(_name("fo:page-height"), f"{down:.4f}in")
    page.attrib.pop(_name("style:scale-to"), None)
    page.set(_name("style:scale-to-X"), str(math.ceil(width * _SMALLEST / max(across - margins, 1.0))))
    page.set(_name("style:scale-to-Y"), "0")
    return True


def _inches(length: str | None, otherwise: float) -> float:
    found = re.fullmatch(r"([\d.]+)(in|cm|mm|pt)", length or "")
    return float(found[1]) * _INCHES[found[2]] if found else otherwise
