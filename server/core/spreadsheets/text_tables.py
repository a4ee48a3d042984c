"""Tables as text (CSV), as Vietnamese offices have them: in Unicode, in the code page of Windows 98 to XP, or in the
letters of the .VnTime and VNI fonts; with semicolons where Excel is set to Vietnamese, else with commas or tabs."""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter

from server.core.old_encodings import to_unicode

MOST_BYTES = 32 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 30
MOST_CHARACTERS = 1000
"""Of one cell."""
_DELIMITERS = ";,\t|"
_PROBED = 50
"""Rows by which the delimiter is told."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_ASCII_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_SYLLABLE = re.compile(
    r"(?:ngh?|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?"
    r"(?:uyê|iêu|yêu|oai|oay|oeo|uây|uôi|ươi|ươu|uya|uyu|uêu|iê|yê|ia|ya|oa|oă|oe|oo|uâ|uê|uô|uơ|ươ|ưa|ua|uy|ai|ao|au|ay"
    r"|âu|ây|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|[aăâeêioôơuưy])"
    r"(?:ch|ng|nh|[cmnpt])?"
)
"""One Vietnamese syllable in small letters, without its tone."""
_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
_LEAST_FITTING = 0.6
"""Share of the words with Vietnamese letters that are Vietnamese syllables; names of the highlands are not."""


class NotText(Exception):
    """No encoding makes Vietnamese of these bytes."""


class TooLarge(Exception):
    pass


def is_text(content: bytes) -> bool:
    """Whether these bytes may be a table of text at all."""
    if content.startswith(tuple(bom for bom, _ in _BOMS)):
        return True
    some = content[:4096]
    return bool(some.strip()) and (some.count(0) == 0 or _utf_16_without_bom(some) is not None)


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows that say anything, with their numbers from 1. NotText, TooLarge."""
    if len(content) > MOST_BYTES:
        raise TooLarge()
    text = decoded(content)
    first = text.partition("\n")[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:  # Excel's own way to name the delimiter
        delimiter, text = first[4], "\n" + text.partition("\n")[2]
    else:
        delimiter = _delimiter(text)
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            texts = [cell[:MOST_CHARACTERS].strip() for cell in cells[:MOST_COLUMNS]]
            if any(texts):
                rows.append((number, texts))
            if number > MOST_ROWS:
                raise TooLarge()
    except csv.Error as error:
        raise NotText() from error
    return rows


def decoded(content: bytes) -> str:
    """As NFC. NotText."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return _nfc(content.removeprefix(bom), encoding)
    plain = _utf_16_without_bom(content[:4096]) or "utf-8"
    try:
        return _nfc(content, plain)
    except NotText:
        pass
    western = content.decode("latin-1")
    tried = [
        unicodedata.normalize("NFC", content.decode("cp1258", "replace")),
        to_unicode(western, "tcvn3"),
        to_unicode(content.decode("cp1252", "replace"), "vni"),
    ]
    best = max(tried, key=_fitting)
    if _fitting(best) < _LEAST_FITTING:
        raise NotText()
    return best


def _nfc(content: bytes, encoding: str) -> str:
    try:
        return unicodedata.normalize("NFC", content.decode(encoding))
    except UnicodeDecodeError as error:
        raise NotText() from error


def _utf_16_without_bom(some: bytes) -> str | None:
    """Every other byte of mostly Latin text is zero."""
    half = max(len(some) // 2, 1)
    even, odd = some[::2].count(0), some[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return None


def _fitting(text: str) -> float:
    """Share of the words beyond ASCII that are Vietnamese syllables; 1 where there is none."""
    words = Counter(word for word in _NOT_ASCII_WORD.findall(text[:200_000].lower()) if not word.isascii())
    if not words:
        return 1.0 if "\ufffd" not in text else 0.0
    right = sum(times for word, times in words.items() if is_syllable(word))
    return right / (words.total() + text.count("\ufffd"))


def is_syllable(word: str) -> bool:
    """Of a word in small letters: whether it is a Vietnamese one."""
    return _SYLLABLE.fullmatch(_without_tone(word)) is not None


def _without_tone(word: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(_TONES))


def _delimiter(text: str) -> str:
    """The one that parts most rows into the same number of cells, and into more than one."""
    some = "\n".join(text.splitlines()[:_PROBED])

    def evenness(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(some), delimiter=delimiter) if any(row))
        except csv.Error:
            return (0, 0)
        width, times = max(widths.items(), key=lambda each: each[1] if each[0] > 1 else 0, default=(0, 0))
        return (times, width) if width > 1 else (0, 0)

    return max(_DELIMITERS, key=evenness)
