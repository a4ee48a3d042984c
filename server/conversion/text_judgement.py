"""Whether a page's text is what the eye sees. A page needs recognising where there is ink and no text, where the text
is a scanner's own guess and a poor one, and where its signs mean nothing. True text is never replaced by a guess."""

import ctypes
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2
from pypdfium2 import raw

from server.core.fields import folded

_FEW = 160
"""Letters: a stamp's or a signature's text over a scan. A page with more that can be seen is no scan."""
_OFFICE_FEW = 3
"""Of an Office file: a slide's title is true text, whatever lies behind it; a page number is none."""
_RUBBISH_PART = 0.2
"""Of signs without a meaning in a page's text."""
_SEEN_DPI = 50
_DARK, _LIGHT = 128, 150
_INK = 0.002
"""Part of the page that is dark and is not its text."""
_PALE, _PALE_SPAN = 3.0, 35.0
"""Deviation and span of the shades of a page that is faint, and not blank: a blank sheet's are up to 4 and 27."""
_LARGE, _PAPER, _PAPER_PART = 0.2, 200, 0.6
"""Of a page; of a sheet's shades; of its pixels."""
_BANDS, _BANDS_INKED = 40, 0.2
"""Lines of writing lie over much of the page; an emblem does not."""
_MIN_FOREIGN = 100
"""Letters that tell whether a text has its marks."""
_DIACRITICS, _SYLLABLES = 0.03, 0.55
_LOOKED_AT = 3
"""First pages, where secrecy is marked: a scan's own text is not believed on them."""
_SYLLABLE = re.compile(r"(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdghklmnpqrstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?")


@dataclass
class Judged:
    """Numbers of pages, from 1."""

    scans: list[int] = field(default_factory=list)
    """To be recognised; what true text they have stays."""
    plain: list[int] = field(default_factory=list)
    """Of those, the ones that show nothing but a picture: they may be turned."""
    rubbish: list[int] = field(default_factory=list)
    """Their own text is to be left aside."""
    layered: list[int] = field(default_factory=list)
    """Scans that were recognised before, and well."""


def judge(source: Path, *, office: bool) -> Judged:
    found = Judged()
    with pypdfium2.PdfDocument(source) as document:
        for number in range(1, len(document) + 1):
            page = document[number - 1]
            try:
                _judge_page(page, number, found, office=office)
            except pypdfium2.PdfiumError:
                continue
            finally:
                page.close()
    return found


def is_vietnamese(text: str) -> bool:
    """Has the marks and the syllables; of a long enough text."""
    letters = [each for each in unicodedata.normalize("NFC", text) if each.isalpha()]
    marked = sum(not each.isascii() for each in letters)
    words = [folded(word) for word in re.findall(r"[^\W\d_]{2,}", text)]
    syllables = sum(_SYLLABLE.fullmatch(word) is not None for word in words)
    return marked > len(letters) * _DIACRITICS and syllables > len(words) * _SYLLABLES


def _judge_page(page: pypdfium2.PdfPage, number: int, found: Judged, *, office: bool) -> None:
    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        text = textpage.get_text_range() if count else ""
        if not office and _is_rubbish(textpage, text, count):
            found.rubbish.append(number)
            return
        letters = _letters(text)
        hidden = _hidden_letters(page, textpage) if letters else 0
        seen = letters - hidden
        if office and seen >= _OFFICE_FEW:
            if seen <= _FEW and _shows_a_sheet(page):
                found.scans.append(number)
            return
        if seen > _FEW or not _has_ink_beside(page, textpage, seen):
            return
        if hidden > _MIN_FOREIGN and is_vietnamese(text) and number > _LOOKED_AT:
            found.layered.append(number)
            return
        found.scans.append(number)
        if seen == 0:
            found.plain.append(number)
    finally:
        textpage.close()


def _letters(text: str) -> int:
    return sum(each.isalpha() for each in text)


def _is_rubbish(textpage: pypdfium2.PdfTextPage, text: str, count: int) -> bool:
    said = [each for each in text if not each.isspace()]
    if len(said) < 8:
        return False
    odd = sum(unicodedata.category(each) in ("Cc", "Co", "Cn", "Cs") and each not in "\x02\ufffe" for each in text)
    odd -= sum(each in "\r\n\t" for each in text)
    if odd > len(said) * _RUBBISH_PART:
        return True
    unmapped = sum(raw.FPDFText_HasUnicodeMapError(textpage, index) == 1 for index in range(min(count, 3000)))
    return bool(unmapped > min(count, 3000) * _RUBBISH_PART)


def _hidden_letters(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage) -> int:
    """In text that is not drawn (render mode 3, or in full transparency): what recognition leaves behind."""
    hidden = 0
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3):
        if raw.FPDFTextObj_GetTextRenderMode(each) == raw.FPDF_TEXTRENDERMODE_INVISIBLE or _is_clear(each):
            size = raw.FPDFTextObj_GetText(each, textpage, None, 0)
            buffer = (raw.FPDF_WCHAR * (size // 2 + 1))()
            raw.FPDFTextObj_GetText(each, textpage, buffer, size)
            hidden += _letters("".join(map(chr, buffer[: max(0, size // 2 - 1)])))
    return hidden


def _shows_a_sheet(page: pypdfium2.PdfPage) -> bool:
    """A large picture on it is light with some ink, as a scanned sheet is and a photo is not."""
    width, height = page.get_size()
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, bottom, right, top = each.get_bounds()
        if (right - left) * (top - bottom) < width * height * _LARGE:
            continue
        try:
            picture = each.get_bitmap(render=False).to_pil().convert("L")
        except (pypdfium2.PdfiumError, ValueError):
            continue
        picture.thumbnail((800, 800), reducing_gap=2)
        shades = np.asarray(picture)
        if float((shades > _PAPER).mean()) > _PAPER_PART and float((shades < _LIGHT).mean()) > _INK:
            return True
    return False


def _is_clear(text: pypdfium2.PdfObject) -> bool:
    red, green, blue, alpha = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
    return bool(raw.FPDFPageObj_GetFillColor(text, red, green, blue, alpha)) and alpha.value == 0


def _has_ink_beside(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, seen: int) -> bool:
    """Ink that is no text, and lies like writing; looked for in what is drawn, however it came onto the page."""
    scale = _SEEN_DPI / 72
    size = max(page.get_width(), page.get_height()) * scale
    picture = page.render(scale=scale * min(1.0, 1200 / max(size, 1)), grayscale=True).to_pil()
    shades = np.array(picture, dtype=np.uint8)
    if seen:
        height, width = shades.shape
        for left, bottom, right, top in _rectangles(textpage):
            x0, x1 = (int(edge / page.get_width() * width) for edge in (left, right))
            y0, y1 = (int((1 - edge / page.get_height()) * height) for edge in (top, bottom))
            shades[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2] = 255
        if float(np.median(shades)) < _LIGHT:
            return False  # a picture behind true words
    dark = shades < (_DARK if float(np.median(shades)) >= _LIGHT else 0.6 * float(np.median(shades)))
    if dark.mean() < _INK:
        # Pale pencil, or white on black.
        return seen == 0 and float(shades.std()) > _PALE and float(np.ptp(shades)) > _PALE_SPAN
    if seen == 0:
        return True
    bands = np.array_split(dark, _BANDS)
    return bool(sum(band.mean() > _INK for band in bands) > _BANDS * _BANDS_INKED)


def _rectangles(textpage: pypdfium2.PdfTextPage) -> list[tuple[float, float, float, float]]:
    return [textpage.get_rect(index) for index in range(min(textpage.count_rects(), 500))]
