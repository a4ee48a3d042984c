"""Cells of a workbook that were written for TCVN3 or VNI fonts, turned into Unicode. Readers of workbooks do not tell
the fonts, so the words tell: what is no Vietnamese as it stands and is all Vietnamese when turned."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from server.core.old_encodings import ONLY_TCVN3, OldEncoding, to_unicode
from server.core.spreadsheets.text_tables import is_syllable

_WORD = re.compile(r"[^\W\d_]+")
_WITHIN = re.compile(r"\w\xad|\xad\w")
"""A hyphen that is seen only where a line breaks there: TCVN3's "ư"."""
_LAST = "\xff"
"""These fonts have no letters beyond Latin-1."""
_MANY, _MOST = 3, 0.6
"""Cells of a column that decide over the others, which mean something either way ("Léc" is "Lộc")."""
_ENCODINGS: tuple[OldEncoding, ...] = ("tcvn3", "vni")

Rows = Sequence[tuple[int, list[str]]]


def renewed(rows: Rows) -> tuple[list[tuple[int, list[str]]], bool]:
    """The rows, and whether anything had to be turned."""
    made = [(number, list(texts)) for number, texts in rows]
    turned = [_renew_column(made, column) for column in range(max((len(texts) for _, texts in made), default=0))]
    return made, any(turned)


def _renew_column(rows: Rows, column: int) -> bool:
    said = {texts[column] for _, texts in rows if len(texts) > column and _may_be_old(texts[column])}
    old = {text: encoding for text in said if (encoding := _encoding(text)) is not None}
    if not old:
        return False
    if len(old) >= _MANY and len(old) > len(said) * _MOST:
        [(usual, _)] = Counter(old.values()).most_common(1)
        old |= {text: usual for text in said if _fit(_turned(text, usual)) >= _fit(text)}
    for _, texts in rows:
        if len(texts) > column and texts[column] in old:
            texts[column] = _turned(texts[column], old[texts[column]])
    return True


def _may_be_old(text: str) -> bool:
    return not text.isascii() and max(text) <= _LAST


def _encoding(text: str) -> OldEncoding | None:
    if _fit(text) == 1.0:
        return None
    return next((each for each in _ENCODINGS if _fit(_turned(text, each)) == 1.0), None)


def _turned(text: str, encoding: OldEncoding) -> str:
    return unicodedata.normalize("NFC", to_unicode(text, encoding))


@lru_cache(maxsize=20_000)
def _fit(text: str) -> float:
    """Share of the words with letters beyond ASCII that are Vietnamese; 0 with signs that stand in no word."""
    if any(sign in text for sign in ONLY_TCVN3) or _WITHIN.search(text):
        return 0.0
    words = [word for word in _WORD.findall(text.lower()) if not word.isascii()]
    return sum(map(is_syllable, words)) / len(words) if words else 1.0
