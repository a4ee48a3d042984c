"""Text that nobody sees goes out of a PDF: what lies beyond the page's edge, was covered instead of being taken out, or
has the colour of its ground. A text goes only if it can be drawn, and if without it the page looks as before: letters
that cannot be drawn here may be seen elsewhere."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw

_SCALE = 1.0
"""Pixels a point."""
_ACROSS_MAX = 1600
"""Pixels."""
_OBJECTS_MAX = 20_000
_SHADES = 8
"""Of 256: less difference is no letter."""

_REMOVED, _LEFT = "hidden-text-removed", "hidden-text"

_Picture = NDArray[np.int16]


def drop_unseen(path: Path) -> set[str]:
    """In place. Returns codes of warnings."""
    written = path.with_name("seen.pdf")
    codes, spoilt = _drop(path, written, frozenset())
    if spoilt:
        codes, _ = _drop(path, written, spoilt)
    if _REMOVED in codes:
        written.replace(path)
    return codes


def _drop(path: Path, written: Path, kept: frozenset[int]) -> tuple[set[str], frozenset[int]]:
    """Writes the copy, whose `kept` pages are as they were. Returns codes, and pages that came to look otherwise."""
    codes: set[str] = set()
    spoilt: set[int] = set()
    with pypdfium2.PdfDocument(path) as document:
        for number in range(len(document)):
            try:
                page = document[number]
            except pypdfium2.PdfiumError:
                continue
            try:
                found, as_before = _drop_from(document, page, keep=number in kept)
            finally:
                page.close()
            codes |= found
            if not as_before:
                spoilt.add(number)
        if _REMOVED in codes and not spoilt:
            with written.open("wb") as file:
                document.save(file)
    return codes, frozenset(spoilt)


def _drop_from(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, *, keep: bool) -> tuple[set[str], bool]:
    scale = min(_SCALE, _ACROSS_MAX / max(*page.get_size(), 1.0))
    before = _seen(page, scale)
    unseen = list(_unseen(document, page, before, scale))
    if not unseen or keep:
        return {_LEFT} if unseen else set(), True
    for each in unseen:
        page.remove_obj(each)
    page.gen_content()
    return {_REMOVED}, int(np.abs(_seen(page, scale) - before).max()) < _SHADES


def _unseen(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, seen: _Picture, scale: float
) -> Iterator[pypdfium2.PdfObject]:
    textpage = page.get_textpage()
    height, width = seen.shape[:2]
    try:
        for index, each in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=1)):
            if index > _OBJECTS_MAX:
                return
            if not _has_ground(page, each, seen, width, height):
                continue
            if _letters(each, textpage) and _is_drawn(document, page, each, scale):
                yield each
    finally:
        textpage.close()


def _has_ground(page: pypdfium2.PdfPage, text: pypdfium2.PdfObject, seen: _Picture, width: int, height: int) -> bool:
    """Whether one colour alone is seen where the text stands, or it stands beyond the page."""
    left, bottom, right, top = text.get_bounds()
    corners = [_at(page, x, y, width, height) for x, y in ((left, top), (right, bottom))]
    (x0, x1), (y0, y1) = (sorted(each) for each in zip(*corners, strict=True))
    spot = seen[max(0, y0 - 1) : max(0, y1 + 2), max(0, x0 - 1) : max(0, x1 + 2)]
    return spot.size == 0 or bool(np.ptp(spot.reshape(-1, spot.shape[2]), axis=0).max() < _SHADES)


def _at(page: pypdfium2.PdfPage, x: float, y: float, width: int, height: int) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return across.value, down.value


def _letters(text: pypdfium2.PdfObject, textpage: pypdfium2.PdfTextPage) -> int:
    if raw.FPDFTextObj_GetTextRenderMode(text) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
        return 0  # what recognition leaves behind a scan
    size = raw.FPDFTextObj_GetText(text, textpage, None, 0)
    buffer = (raw.FPDF_WCHAR * (size // 2 + 1))()
    raw.FPDFTextObj_GetText(text, textpage, buffer, size)
    return sum(chr(each).isalnum() for each in buffer[: max(0, size // 2 - 1)])


def _is_drawn(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, text: pypdfium2.PdfObject, scale: float
) -> bool:
    """Whether its letters have shapes here, and are not transparent."""
    bitmap = raw.FPDFTextObj_GetRenderedBitmap(document, page, text, scale)
    if not bitmap:
        return False
    picture = pypdfium2.PdfBitmap.from_raw(bitmap).to_numpy()
    return picture.ndim == 3 and picture.shape[2] == 4 and int(picture[:, :, 3].max()) > 128


def _seen(page: pypdfium2.PdfPage, scale: float) -> _Picture:
    picture: _Picture = page.render(scale=scale).to_numpy()[:, :, :3].astype(np.int16)
    return picture
