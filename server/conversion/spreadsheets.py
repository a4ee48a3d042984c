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
    master: str
    columns: list[tuple[float, int]] = field(default_factory=list)
    """Width in inches, and how many."""
    used: int = 0
    """Columns, up to the last with anything in it."""

    def width(self) -> float:
        left, total = self.used, 0.0
        for width, count in self.columns:
            total += width * min(left, count)
            left -= min(left, count)
        return total


def fit(book: Path, target: Path) -> None:
    """A copy of the workbook (ODS) whose wide sheets fit their pages."""
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        with source.open("content.xml") as content:
            widths = _widths(content)
        for part in source.infolist():
            content_of = source.read(part)
            if part.filename == "styles.xml":
                content_of = _fitted(content_of, widths)
            made.writestr(part, content_of, compress_type=part.compress_type)


def _widths(content: IO[bytes]) -> dict[str, float]:
    """Name of a master page -> inches across of its widest sheet."""
    found: dict[str, float] = {}
    column_widths: dict[str, float] = {}
    masters: dict[str, str] = {}
    sheet: _Sheet | None = None
    at = 0
    for event, each in ElementTree.iterparse(content, ("start", "end")):  # noqa: S314  LibreOffice wrote it
        if event == "start":
            if each.tag == _TABLE and sheet is None:
                sheet = _Sheet(masters.get(each.get(_name("table:style-name"), ""), ""))
            elif each.tag == _ROW:
                at = 0
            continue
        if each.tag == _STYLE:
            name = each.get(_name("style:name"), "")
            masters[name] = each.get(_name("style:master-page-name"), "")
            properties = each.find(_name("style:table-column-properties"))
            if properties is not None:
                column_widths[name] = _inches(properties.get(_name("style:column-width")), 0.0)
        elif sheet is not None and each.tag == _COLUMN:
            shown = each.get(_name("table:visibility"), "visible") == "visible"
            width = column_widths.get(each.get(_name("table:style-name"), ""), 0.0) if shown else 0.0
            sheet.columns.append((width, int(each.get(_name("table:number-columns-repeated"), "1"))))
        elif sheet is not None and each.tag in _CELLS:
            count = int(each.get(_name("table:number-columns-repeated"), "1"))
            across = int(each.get(_name("table:number-columns-spanned"), "1"))
            if (len(each) or each.get(_name("office:value-type"))) and count < _FILLING:
                sheet.used = max(sheet.used, at + max(count, across))
            at += count
        elif sheet is not None and each.tag == _ROW:
            each.clear()
        elif sheet is not None and each.tag == _TABLE:
            found[sheet.master] = max(found.get(sheet.master, 0.0), sheet.width())
            sheet = None
            each.clear()
    return found


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
