"""Text that nobody sees goes out of a PDF: what lies beyond the page's edge, was covered instead of being taken out,
has the colour of its ground, or is not drawn though nothing was recognised there. A text goes only if without it the
page looks as before, and if it could be drawn: letters that have no shapes here may be seen elsewhere."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from pypdfium2 import raw

from server.conversion.laid_open import lay_open

_SCALE = 1.0
"""Pixels a point."""
_ACROSS_MAX = 1600
"""Pixels."""
_OBJECTS_MAX = 20_000
_SHADES = 8
"""Of 256: less difference is no letter."""
_FEW, _MANY = 160, 100
"""Letters: a page that shows no more than the few and covers more than the many is a sheet with its words below it."""
_NOISE = 0.2
"""Part of a recognised page's words that were found where nothing is: taken out without a word."""
_DEPTH_MAX = 8
_TINY = 0.8
"""Points: nobody reads letters as low as that."""

_REMOVED, _LEFT = "hidden-text-removed", "hidden-text"

_Picture = NDArray[np.int16]


@dataclass(slots=True)
class _Unseen:
    gone: list[pypdfium2.PdfObject]
    below: list[pypdfium2.PdfObject]
    """What recognition left behind a sheet's picture, to be drawn from now on as such words are: not at all."""
    noise: bool
    """All that goes is what recognition saw where nothing is."""


def drop_unseen(path: Path) -> set[str]:
    """In place. Returns codes of warnings."""
    written, opened = path.with_name("seen.pdf"), path.with_name("opened.pdf")
    source, left = _with_open_forms(path, opened)
    codes, changed, spoilt = _drop(source, written, frozenset())
    if spoilt:
        codes, changed, _ = _drop(source, written, spoilt)
    if changed:
        written.replace(path)
    return codes | left


def _with_open_forms(path: Path, opened: Path) -> tuple[Path, set[str]]:
    """The file to go on with: a copy whose forms are part of their pages, where those have text that is not seen."""
    with pypdfium2.PdfDocument(path) as document:
        holding = [number for number, page in _pages(document) if _shows_text_by_forms(page)]
    if not holding:
        return path, set()
    lay_open(path, opened, holding)
    needed: list[int] = []
    left: set[str] = set()
    with pypdfium2.PdfDocument(path) as document, pypdfium2.PdfDocument(opened) as copy:
        for number in holding:
            page, open_page = document[number], copy[number]
            try:
                scale = _scale(page)
                seen = _seen(open_page, scale)
                found = _unseen(copy, open_page, seen, scale)
                if found.gone or found.below:
                    if _differs(seen, _seen(page, scale)):
                        left.add(_LEFT)
                    else:
                        needed.append(number)
            finally:
                page.close()
                open_page.close()
    if not needed:
        return path, left
    if needed != holding:
        lay_open(path, opened, needed)
    return opened, left


def _pages(document: pypdfium2.PdfDocument) -> Iterator[tuple[int, pypdfium2.PdfPage]]:
    """Those that can be opened; closed afterwards."""
    for number in range(len(document)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            continue
        try:
            yield number, page
        finally:
            page.close()


def _shows_text_by_forms(page: pypdfium2.PdfPage) -> bool:
    return any(
        _form_has_text(each, 0)
        for index in range(raw.FPDFPage_CountObjects(page))
        if raw.FPDFPageObj_GetType(each := raw.FPDFPage_GetObject(page, index)) == raw.FPDF_PAGEOBJ_FORM
    )


def _form_has_text(form: raw.FPDF_PAGEOBJECT, depth: int) -> bool:
    if depth > _DEPTH_MAX:
        return False
    for index in range(raw.FPDFFormObj_CountObjects(form)):
        each = raw.FPDFFormObj_GetObject(form, index)
        kind = raw.FPDFPageObj_GetType(each)
        if kind == raw.FPDF_PAGEOBJ_TEXT or (kind == raw.FPDF_PAGEOBJ_FORM and _form_has_text(each, depth + 1)):
            return True
    return False


def _drop(path: Path, written: Path, kept: frozenset[int]) -> tuple[set[str], bool, frozenset[int]]:
    """Writes the copy, whose `kept` pages are as they were. Returns codes, whether anything was taken out, and the
    pages that came to look otherwise."""
    codes: set[str] = set()
    changed = False
    spoilt: set[int] = set()
    with pypdfium2.PdfDocument(path) as document:
        for number, page in _pages(document):
            scale = _scale(page)
            before = _seen(page, scale)
            found = _unseen(document, page, before, scale)
            if not found.gone and not found.below:
                continue
            if number in kept:
                codes.add(_LEFT)
                continue
            for each in found.gone:
                page.remove_obj(each)
            for each in found.below:
                raw.FPDFTextObj_SetTextRenderMode(each, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
            page.gen_content()
            changed = True
            if found.gone and not found.noise:
                codes.add(_REMOVED)
            if _differs(_seen(page, scale), before):
                spoilt.add(number)
        if changed and not spoilt:
            with written.open("wb") as file:
                document.save(file)
    return codes, changed, frozenset(spoilt)


def _unseen(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, seen: _Picture, scale: float) -> _Unseen:
    found = _Unseen([], [], noise=False)
    texts = [each for each, _ in zip(page.get_objects([raw.FPDF_PAGEOBJ_TEXT], 1), range(_OBJECTS_MAX), strict=False)]
    if not texts:
        return found
    textpage = page.get_textpage()
    try:
        lettered = [(each, letters) for each in texts if (letters := _letters(each, textpage))]
    finally:
        textpage.close()
    ground = _without(page, texts, scale)
    undecodable = _is_plain(ground) and _has_undecodable_picture(page)
    visible: list[tuple[pypdfium2.PdfObject, int]] = []
    undrawn = noise = 0
    for each, letters in lettered:
        if not _is_undrawn(each):
            visible.append((each, letters))
            continue
        undrawn += letters
        # Words behind a scan stand where the scan has some; unless its picture cannot be drawn here.
        if not undecodable and _is_plain(_spot(page, each, ground)):
            found.gone.append(each)
            noise += letters
    found.noise = noise < undrawn * _NOISE
    covered = _covered(document, page, [each for each, _ in visible], (seen, ground), scale)
    below = [letters for each, letters in visible if each in covered]
    if sum(letters for _, letters in visible) - sum(below) <= _FEW and sum(below) > _MANY:
        found.below = [each for each in covered if not _is_plain(_spot(page, each, ground))]
    gone = [each for each in covered if each not in found.below]
    if gone:
        found.gone += gone
        found.noise = False
    return found


def _has_undecodable_picture(page: pypdfium2.PdfPage) -> bool:
    for each in page.get_objects([raw.FPDF_PAGEOBJ_IMAGE], 3):
        bitmap = raw.FPDFImageObj_GetBitmap(each)
        if not bitmap:
            return True
        raw.FPDFBitmap_Destroy(bitmap)
    return False


def _covered(
    document: pypdfium2.PdfDocument,
    page: pypdfium2.PdfPage,
    texts: Sequence[pypdfium2.PdfObject],
    shown: tuple[_Picture, _Picture],
    scale: float,
) -> list[pypdfium2.PdfObject]:
    """Of texts that are drawn, those whose place looks the same without them. `shown`: the page, and it without any
    text."""
    seen, ground = shown
    suspects = []
    for each in texts:
        spot, below = _spot(page, each, seen), _spot(page, each, ground)
        hides = _is_plain(spot) or not _differs(spot, below) or _has_colour_of(each, below)
        if hides and (_is_tiny(each) or _is_drawn(document, page, each, scale)):
            suspects.append(each)
    if not suspects:
        return []
    without = _without(page, suspects, scale)
    return [each for each in suspects if not _differs(_spot(page, each, seen), _spot(page, each, without))]


def _without(page: pypdfium2.PdfPage, texts: Sequence[pypdfium2.PdfObject], scale: float) -> _Picture:
    for each in texts:
        raw.FPDFPageObj_SetIsActive(each, False)
    try:
        return _seen(page, scale)
    finally:
        for each in texts:
            raw.FPDFPageObj_SetIsActive(each, True)


def _spot(page: pypdfium2.PdfPage, text: pypdfium2.PdfObject, picture: _Picture) -> _Picture:
    """Where it stands; empty: beyond the page."""
    height, width = picture.shape[:2]
    left, bottom, right, top = text.get_bounds()
    corners = [_at(page, x, y, width, height) for x, y in ((left, top), (right, bottom))]
    (x0, x1), (y0, y1) = (sorted(each) for each in zip(*corners, strict=True))
    return picture[max(0, y0 - 1) : max(0, y1 + 2), max(0, x0 - 1) : max(0, x1 + 2)]


def _is_plain(spot: _Picture) -> bool:
    """One colour alone, or nothing."""
    return spot.size == 0 or bool(np.ptp(spot.reshape(-1, spot.shape[2]), axis=0).max() < _SHADES)


def _differs(first: _Picture, second: _Picture) -> bool:
    return bool(first.size and np.abs(first - second).max() >= _SHADES)


def _has_colour_of(text: pypdfium2.PdfObject, ground: _Picture) -> bool:
    """Of the most of what is below it."""
    red, green, blue, alpha = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    if not raw.FPDFPageObj_GetFillColor(text, red, green, blue, alpha):
        return False
    most = np.median(ground.reshape(-1, ground.shape[2]), axis=0)
    return bool(np.abs(most - np.array([blue.value, green.value, red.value])).max() < _SHADES)


def _at(page: pypdfium2.PdfPage, x: float, y: float, width: int, height: int) -> tuple[int, int]:
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return across.value, down.value


def _letters(text: pypdfium2.PdfObject, textpage: pypdfium2.PdfTextPage) -> int:
    size = raw.FPDFTextObj_GetText(text, textpage, None, 0)
    buffer = (raw.FPDF_WCHAR * (size // 2 + 1))()
    raw.FPDFTextObj_GetText(text, textpage, buffer, size)
    return sum(chr(each).isalnum() for each in buffer[: max(0, size // 2 - 1)])


def _is_undrawn(text: pypdfium2.PdfObject) -> bool:
    """By its render mode, or in full transparency."""
    if raw.FPDFTextObj_GetTextRenderMode(text) in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
        return True
    red, green, blue, alpha = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    return bool(raw.FPDFPageObj_GetFillColor(text, red, green, blue, alpha)) and alpha.value == 0


def _is_tiny(text: pypdfium2.PdfObject) -> bool:
    left, bottom, right, top = text.get_bounds()
    return bool(min(right - left, top - bottom) < _TINY)


def _is_drawn(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, text: pypdfium2.PdfObject, scale: float
) -> bool:
    """Whether its letters have shapes here."""
    bitmap = raw.FPDFTextObj_GetRenderedBitmap(document, page, text, scale)
    if not bitmap:
        return False
    picture = pypdfium2.PdfBitmap.from_raw(bitmap).to_numpy()
    return picture.ndim == 3 and picture.shape[2] == 4 and int(picture[:, :, 3].max()) > 128


def _scale(page: pypdfium2.PdfPage) -> float:
    across: float = max(page.get_width(), page.get_height(), 1.0)
    return min(_SCALE, _ACROSS_MAX / across)


def _seen(page: pypdfium2.PdfPage, scale: float) -> _Picture:
    """Blue, green, red."""
    picture: _Picture = page.render(scale=scale).to_numpy()[:, :, :3].astype(np.int16)
    return picture
