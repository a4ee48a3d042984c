"""The text of a PDF page with the place of every word, and the document's outline."""

import ctypes
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
from pypdfium2 import raw

from server.conversion.messages import OutlineEntry
from server.core.fields import LOOK_ALIKES, in_latin
from server.core.old_encodings import OldEncoding, is_capital_font, looks_old, of_font, to_unicode

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


_TORN = 0.6
"""Two lines are one when they overlap by this part of the lower one, and their letters stand between each other's."""
_COLLIDES = 0.25
"""Part of the letters that may stand on others: more, and it is one text printed over another."""
_SPACE = 0.13
"""Between words, as part of a letter's height."""
_LEADING = 1.0
"""Between lines of a paragraph at most, as part of their height."""
_LEVEL = 0.2
"""Quarter turns."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom: parts (0 … 1) of the page, from its top left corner, as seen."""


@dataclass(slots=True)
class Word:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    breaks: bool
    """The line ends after it."""
    letters: list[tuple[str, list[float]]]
    """As the file has them: [left, bottom, right, top] in points."""
    turned: int = 0
    """Quarter turns to the right, as seen: 1 runs down the page, 3 up."""


Line = list[Any]
"""[x, y, width, height, [[x, width, "word"], …]]"""


def lines_of(page: pypdfium2.PdfPage) -> list[Line]:
    """In the order the file gives them, which is the reading order of nearly all. What was torn apart, because some
    letters come from another font and later in the file, is put together by its places."""
    lines: list[list[Word]] = []
    last: Word | None = None
    for word in _words(page):
        if last is not None and not last.breaks and _continues(last, word):
            lines[-1].append(word)
        else:
            lines.append([word])
        last = word
    ordered: list[list[Word]] = []
    for turned, those in groupby(lines, key=lambda line: line[0].turned):
        run = list(those)
        ordered += _from_first_to_last(run) if turned else _mended(page, run)
    return [_line(_respaced(page, words, words[-1].breaks) if _steps_back(words) else words) for words in ordered]


def _steps_back(line: list[Word]) -> bool:
    """Whether a letter of a word stands left of the one before it: drawn later, in another font."""
    if line[0].turned:
        return False
    return any(
        (box[0] + box[2]) / 2 < before[0] and unicodedata.bidirectional(letter[0]) not in ("R", "AL")
        for word in line
        for (_, before), (letter, box) in pairwise(word.letters)
    )


def _from_first_to_last(lines: list[list[Word]]) -> list[list[Word]]:
    """Of text that is turned: PDFium gives the lines of some paragraphs from the last to the first."""
    made: list[list[Word]] = []
    upwards: list[list[Word]] = []
    for line in lines:
        if upwards and not _is_just_above(line, upwards[-1]):
            made += reversed(upwards)
            upwards = []
        upwards.append(line)
    return made + list(reversed(upwards))


def _is_just_above(line: list[Word], other: list[Word]) -> bool:
    left, top, right, bottom = _read_around(line)
    below = _read_around(other)
    near = max(bottom - top, below[3] - below[1]) * _LEADING
    return left < below[2] and below[0] < right and top < below[1] and below[1] - bottom < near


def _read_around(line: list[Word]) -> Box:
    boxes = [_as_read(word) for word in line]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _as_read(word: Word) -> Box:
    """Where it lies when the page is held so that it can be read."""
    left, top, right, bottom = word.left, word.top, word.right, word.bottom
    return (
        (left, top, right, bottom),
        (top, 1 - right, bottom, 1 - left),
        (1 - right, 1 - bottom, 1 - left, 1 - top),
        (1 - bottom, left, 1 - top, right),
    )[word.turned]


def _mended(page: pypdfium2.PdfPage, lines: list[list[Word]]) -> list[list[Word]]:
    boxes = [_around(line) for line in lines]
    at: dict[int, list[int]] = {}
    for index, (_, top, _, bottom) in enumerate(boxes):
        for band in range(int(top * 200), int(bottom * 200) + 1):
            at.setdefault(band, []).append(index)
    into = list(range(len(lines)))
    for near in at.values():
        for place, first in enumerate(near):
            for second in near[place + 1 :]:
                if into[first] == into[second] or not _torn(boxes[first], boxes[second]):
                    continue
                if _interleave(lines[first], lines[second]):
                    kept, gone = sorted((into[first], into[second]))
                    into = [kept if each == gone else each for each in into]
    if into == list(range(len(lines))):
        return lines
    together: dict[int, list[Word]] = {}
    for index, line in enumerate(lines):
        together.setdefault(into[index], []).extend(line)
    return [
        words if into.count(index) == 1 else _respaced(page, words, lines[index][-1].breaks)
        for index, words in sorted(together.items())
    ]


def _around(line: list[Word]) -> Box:
    return (
        min(word.left for word in line),
        min(word.top for word in line),
        max(word.right for word in line),
        max(word.bottom for word in line),
    )


def _torn(first: Box, second: Box) -> bool:
    lower = min(first[3] - first[1], second[3] - second[1])
    overlap = min(first[3], second[3]) - max(first[1], second[1])
    return overlap >= lower * _TORN and min(first[2], second[2]) > max(first[0], second[0])


def _interleave(first: list[Word], second: list[Word]) -> bool:
    """Whether the letters of the two stand beside each other, none over another."""
    one = [box for word in first for _, box in word.letters]
    other = [box for word in second for _, box in word.letters]
    least = min(sum(box[2] - box[0] for box in one), sum(box[2] - box[0] for box in other))
    if max(len(one), len(other)) > 400:
        return False
    collision = sum(max(0.0, min(a[2], b[2]) - max(a[0], b[0])) for a in one for b in other)
    return collision < least * _COLLIDES


def _respaced(page: pypdfium2.PdfPage, words: list[Word], breaks: bool) -> list[Word]:
    """The letters of all of them, from left to right, divided where there is a gap."""
    letters = sorted((letter for word in words for letter in word.letters), key=lambda letter: letter[1][0])
    made: list[list[tuple[str, list[float]]]] = []
    for letter in letters:
        _, box = letter
        if made and box[0] - max(each[1][2] for each in made[-1][-3:]) < (box[3] - box[1]) * _SPACE:
            made[-1].append(letter)
        else:
            made.append([letter])
    return [_placed(page, each, breaks and index == len(made) - 1) for index, each in enumerate(made)]


def text_of(lines: list[Line]) -> str:
    return "\n".join(" ".join(word[2] for word in line[4]) for line in lines)


def _continues(last: Word, word: Word) -> bool:
    left, top, _, bottom = _as_read(word)
    before = _as_read(last)
    overlap = min(before[3], bottom) - max(before[1], top)
    lower = min(before[3] - before[1], bottom - top)
    return word.turned == last.turned and overlap >= lower * _SAME_LINE and left >= before[0]


def _line(words: list[Word]) -> Line:
    left, top = min(word.left for word in words), min(word.top for word in words)
    right, bottom = max(word.right for word in words), max(word.bottom for word in words)
    placed = [[round(word.left, 4), round(word.right - word.left, 4), word.text] for word in words]
    return [round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4), placed]


def _words(page: pypdfium2.PdfPage) -> Iterator[Word]:
    textpage = page.get_textpage()
    rotation = page.get_rotation()
    try:
        count = min(textpage.count_chars(), _CHARACTERS_MAX)
        fonts = _old_fonts(page)
        everywhere: OldEncoding | None = None
        if not fonts and count and looks_old(textpage.get_text_range()):
            everywhere = "tcvn3"
        letters: list[tuple[str, list[float]]] = []
        old: tuple[OldEncoding, bool] | None = None
        turned, first_half = 0, ""
        found = raw.FS_RECTF()
        for index in range(count + 1):
            character = chr(raw.FPDFText_GetUnicode(textpage, index)) if index < count else " "
            if "\udc00" <= character <= "\udfff" and first_half:
                character = (first_half + character).encode("utf-16", "surrogatepass").decode("utf-16")
            first_half = character if "\ud800" <= character < "\udc00" else ""
            if not letters:
                old = _old(textpage, index, fonts) if fonts else (everywhere, False) if everywhere else None
            if character in _HYPHENS:
                character = "\u00ad" if old is not None and old[0] == "tcvn3" else "-"
            meant = old is not None and character == "\u00ad"  # TCVN3's "ư"
            if not character.isspace() and (meant or unicodedata.category(character)[0] != "C"):
                if raw.FPDFText_GetLooseCharBox(textpage, index, found):
                    if not letters:
                        turned = _quarters(raw.FPDFText_GetCharAngle(textpage, index), rotation)
                    letters.append((character, _box(found)))
                elif letters:
                    letters.append((character, letters[-1][1]))
            elif letters and (character.isspace() or index == count):
                word = _placed(page, letters, character in _BREAKS, old)
                word.turned = turned
                yield word
                letters = []
    finally:
        textpage.close()


def _quarters(angle: float, rotation: int) -> int:
    """Of a letter, as seen. `angle`: radians to the right, below 0 if unknown; `rotation`: the page's, in degrees."""
    quarters = (max(0.0, angle) + math.radians(rotation)) / (math.pi / 2)
    return round(quarters) % 4 if abs(quarters - round(quarters)) < _LEVEL else 0


def _old_fonts(page: pypdfium2.PdfPage) -> bool:
    """Whether any text of the page is set in one."""
    seen: set[int] = set()
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3):
        font = raw.FPDFTextObj_GetFont(each)
        address = ctypes.addressof(font.contents) if font else 0
        if address in seen or not font:
            continue
        seen.add(address)
        size = raw.FPDFFont_GetBaseFontName(font, None, 0)
        name = ctypes.create_string_buffer(size)
        raw.FPDFFont_GetBaseFontName(font, name, size)
        if of_font(name.value.decode(errors="replace")) is not None:
            return True
    return False


def _old(textpage: pypdfium2.PdfTextPage, index: int, fonts: bool) -> tuple[OldEncoding, bool] | None:
    """The encoding of this letter's font, and whether it draws small letters as capitals."""
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    if not fonts or not raw.FPDFText_GetFontInfo(textpage, index, name, 128, flags):
        return None
    said = name.value.decode(errors="replace")
    encoding = of_font(said)
    return None if encoding is None else (encoding, is_capital_font(said))


def _box(found: raw.FS_RECTF) -> list[float]:
    left, right = min(found.left, found.right), max(found.left, found.right)
    bottom, top = min(found.bottom, found.top), max(found.bottom, found.top)
    return [left, bottom, right, top]


def _placed(
    page: pypdfium2.PdfPage,
    letters: list[tuple[str, list[float]]],
    breaks: bool,
    old: tuple[OldEncoding, bool] | None = None,
) -> Word:
    text = "".join(character for character, _ in letters)
    if old is not None:
        text = to_unicode(text, old[0], capitals=old[1])
        letters = list(zip(text, (box for _, box in letters), strict=False))
    boxes = [box for _, box in letters]
    first = _seen_at(page, min(box[0] for box in boxes), max(box[3] for box in boxes))
    second = _seen_at(page, max(box[2] for box in boxes), min(box[1] for box in boxes))
    across, down = sorted((first[0], second[0])), sorted((first[1], second[1]))
    said = in_latin(unicodedata.normalize("NFC", text).translate(LOOK_ALIKES))
    return Word(said, across[0], down[0], across[1], down[1], breaks, letters)


def _seen_at(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """Page coordinates to parts of what is seen: PDFium minds rotation and crop box."""
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, x, y, across, down)
    return min(1.0, max(0.0, across.value / _GRID)), min(1.0, max(0.0, down.value / _GRID))


def outline_of(source: Path) -> list[OutlineEntry]:
    """A heading that leads nowhere itself leads to where its first part begins. [] where there is none that can be
    read."""
    try:
        reader = pypdf.PdfReader(source)
        entries = _entries(reader, reader.outline, 0)
    except Exception:  # pypdf raises whatever a broken tree leads to; the paper is good without its outline
        return []
    return [each for each in entries if each.page][:_ENTRIES_MAX]


def _entries(reader: pypdf.PdfReader, outline: list[Any], level: int) -> list[OutlineEntry]:
    """In reading order; page 0: unknown."""
    made: list[OutlineEntry] = []
    heading: OutlineEntry | None = None
    for each in outline:
        if isinstance(each, list):
            below = _entries(reader, each, level + 1) if level < _LEVELS_MAX else []
            if heading is not None and not heading.page:
                heading.page = next((entry.page for entry in below if entry.page), 0)
            made += below
        elif len(made) < _ENTRIES_MAX:
            title = " ".join(unicodedata.normalize("NFC", _clean(str(each.title or ""))).split())[:_TITLE_MAX]
            number = reader.get_destination_page_number(each)
            heading = OutlineEntry(title=title, page=0 if number is None else number + 1, level=level)
            if title:
                made.append(heading)
    return made


def _clean(text: str) -> str:
    return "".join(" " if unicodedata.category(each)[0] == "C" else each for each in text)
