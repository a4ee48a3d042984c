"""The text of a PDF page with the place of every word, and the document's outline."""

import ctypes
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
from pypdfium2 import raw

from server.conversion.messages import OutlineEntry

_CHARACTERS_MAX = 100_000
"""Of one page; a newspaper page has 30,000."""
_GRID = 1_000_000
"""Device units across a page when asking where a point lies."""
_ENTRIES_MAX = 2_000
_LEVELS_MAX = 8
_TITLE_MAX = 300
_SAME_LINE = 0.5
"""Words share a line when they overlap by this part of the lower one."""
_BREAKS = frozenset("\r\n")
_HYPHENS = frozenset("\x02\ufffe")
"""What PDFium puts for a hyphen at a line's end."""


@dataclass(slots=True)
class Word:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    """Parts (0 … 1) of the page, from its top left corner, as seen."""
    breaks: bool
    """The line ends after it."""


Line = list[Any]
"""[x, y, width, height, [[x, width, "word"], …]]"""


def lines_of(page: pypdfium2.PdfPage) -> list[Line]:
    """In the order the file gives them, which is the reading order of nearly all."""
    lines: list[list[Word]] = []
    last: Word | None = None
    for word in _words(page):
        if last is not None and not last.breaks and _continues(last, word):
            lines[-1].append(word)
        else:
            lines.append([word])
        last = word
    return [_line(words) for words in lines]


def text_of(lines: list[Line]) -> str:
    return "\n".join(" ".join(word[2] for word in line[4]) for line in lines)


def _continues(last: Word, word: Word) -> bool:
    overlap = min(last.bottom, word.bottom) - max(last.top, word.top)
    lower = min(last.bottom - last.top, word.bottom - word.top)
    return overlap >= lower * _SAME_LINE and word.left >= last.left


def _line(words: list[Word]) -> Line:
    left, top = min(word.left for word in words), min(word.top for word in words)
    right, bottom = max(word.right for word in words), max(word.bottom for word in words)
    placed = [[round(word.left, 4), round(word.right - word.left, 4), word.text] for word in words]
    return [round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4), placed]


def _words(page: pypdfium2.PdfPage) -> Iterator[Word]:
    textpage = page.get_textpage()
    try:
        count = min(textpage.count_chars(), _CHARACTERS_MAX)
        characters: list[str] = []
        box: list[float] = []
        found = raw.FS_RECTF()
        for index in range(count + 1):
            character = chr(raw.FPDFText_GetUnicode(textpage, index)) if index < count else " "
            if character in _HYPHENS:
                character = "-"
            if not character.isspace() and unicodedata.category(character)[0] != "C":
                characters.append(character)
                if raw.FPDFText_GetLooseCharBox(textpage, index, found):
                    box = _grown(box, found)
            elif characters and (character.isspace() or index == count):
                text = unicodedata.normalize("NFC", "".join(characters))
                if box:
                    yield _placed(page, text, box, breaks=character in _BREAKS)
                characters, box = [], []
    finally:
        textpage.close()


def _grown(box: list[float], by: raw.FS_RECTF) -> list[float]:
    left, right = min(by.left, by.right), max(by.left, by.right)
    bottom, top = min(by.bottom, by.top), max(by.bottom, by.top)
    if not box:
        return [left, bottom, right, top]
    return [min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top)]


def _placed(page: pypdfium2.PdfPage, text: str, box: list[float], *, breaks: bool) -> Word:
    first, second = _seen_at(page, box[0], box[3]), _seen_at(page, box[2], box[1])
    across, down = sorted((first[0], second[0])), sorted((first[1], second[1]))
    return Word(text, across[0], down[0], across[1], down[1], breaks)


def _seen_at(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """Page coordinates to parts of what is seen: PDFium minds rotation and crop box."""
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, x, y, across, down)
    return min(1.0, max(0.0, across.value / _GRID)), min(1.0, max(0.0, down.value / _GRID))


def outline_of(document: pypdfium2.PdfDocument) -> list[OutlineEntry]:
    entries: list[OutlineEntry] = []
    try:
        for bookmark in document.get_toc(max_depth=_LEVELS_MAX):
            destination = bookmark.get_dest()
            index = destination.get_index() if destination is not None else None
            title = " ".join(unicodedata.normalize("NFC", _clean(bookmark.get_title())).split())[:_TITLE_MAX]
            if index is not None and 0 <= index < len(document) and title:
                entries.append(OutlineEntry(title=title, page=index + 1, level=bookmark.level))
            if len(entries) >= _ENTRIES_MAX:
                break
    except (pypdfium2.PdfiumError, ValueError, UnicodeError):
        return entries
    return entries


def _clean(text: str) -> str:
    return "".join(" " if unicodedata.category(each)[0] == "C" else each for each in text)
