"""Marks of secrecy (mật, tối mật, tuyệt mật): a stamp that stands alone, as a line, a box or a part of the file name.
Words that merely contain it ("bí mật nhà nước", "mật độ dân số") are no marks."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from server.core.fields import folded

Mark = str
""""mat", "toi-mat", "tuyet-mat"."""

PAGES = 3
"""Marks are looked for on so many first pages."""

_MARKS = {"mật": "mat", "tối mật": "toi-mat", "tuyệt mật": "tuyet-mat"}
_FOLDED = {"mat": "mat", "toi mat": "toi-mat", "tuyet mat": "tuyet-mat"}
_LABEL = re.compile(r"^(?:độ|mức độ|dấu|chỉ độ|dấu chỉ độ)\s+mật\s*:?\s*")
_BEFORE = frozenset({"bí", "bảo", "cơ", "thân", "cẩn", "mật", "đường", "hoa"})
"""Ends of a line that make a lone "mật" below it the rest of a word."""
_AFTER = frozenset({"độ", "khẩu", "mã", "thiết", "vụ", "danh", "ong", "lệnh", "thư", "nghị", "nhà"})
_UPPER_PART = 0.5
"""In recognised text a stamp without its marks ("MAT") counts only in this part of a first page."""
_GAP = 0.035
"""A gap this wide (parts of the page) divides a line: the stamp stands beside something."""
_DIVIDES_NAME = re.compile(r"[_()\[\]{}–—.,;+#]+|\s+-\s*|\s*-\s+|(?<=\w)-(?=\w)")
_IN_NAME = re.compile(r"(?<!\w)(tối|tuyệt)[\s_-]+mật(?!\w)")


def mark_on(pages: Sequence[Sequence[list[Any]]], *, recognised: bool) -> Mark | None:
    """The mark on these pages' lines (see PaperPage.lines), or None. `recognised`: the text comes from a scan."""
    for number, lines in enumerate(pages[:PAGES]):
        found = _mark_on_page(lines, recognised=recognised, first=number == 0)
        if found is not None:
            return found
    return None


def mark_in_name(file_name: str) -> Mark | None:
    name = unicodedata.normalize("NFC", file_name).casefold()
    within = _IN_NAME.search(name)
    if within:
        return "toi-mat" if within[1] == "tối" else "tuyet-mat"
    stem = name.rpartition(".")[0] or name
    parts = [part.strip() for part in _DIVIDES_NAME.split(stem)]
    for part in parts:
        if part in _MARKS:
            return _MARKS[part]
    plain = [folded(part) for part in re.split(r"[_\s()\[\]{}.,-]+", stem)]
    for first, second in itertools.pairwise(plain):
        if f"{first} {second}" in _FOLDED and {first, second}.isdisjoint(_accented(stem)):
            return _FOLDED[f"{first} {second}"]
    return None


def _accented(stem: str) -> set[str]:
    """Folded words that are written with their marks: "tối mắt" is not a stamp, "toi mat" may be one."""
    words = re.split(r"[_\s()\[\]{}.,-]+", stem)
    return {folded(word) for word in words if word != folded(word)}


def _mark_on_page(lines: Sequence[list[Any]], *, recognised: bool, first: bool) -> Mark | None:
    parts = [(part, line[1]) for line in lines for part in _divided(line)]
    said = [_plain(part) for part, _ in parts]
    for index, (part, top) in enumerate(parts):
        text = said[index]
        is_label = bool(_LABEL.match(text)) and _LABEL.sub("", text) in _MARKS
        if is_label:
            return _MARKS[_LABEL.sub("", text)]
        if not _upper(part):
            continue
        before = said[index - 1].split() if index else []
        after = said[index + 1].split() if index + 1 < len(said) else []
        if text in _MARKS:
            if text == "mật" and before and before[-1] in ("tối", "tuyệt") and len(before) == 1:
                return _MARKS[f"{before[-1]} mật"]
            if text == "mật" and ((before and before[-1] in _BEFORE) or (after and after[0] in _AFTER)):
                continue
            return _MARKS[text]
        if recognised and first and top < _UPPER_PART and folded(text) in _FOLDED and len(folded(text)) == len(text):
            return _FOLDED[folded(text)]
    return None


def _divided(line: list[Any]) -> list[str]:
    """The line's words, divided where the gap between them is wide."""
    parts: list[list[str]] = []
    end = None
    for left, width, word in line[4]:
        if end is None or left - end > _GAP:
            parts.append([])
        parts[-1].append(word)
        end = left + width
    return [" ".join(words) for words in parts]


def _plain(text: str) -> str:
    """Lower case, without the strokes and brackets that a stamp's frame leaves."""
    text = unicodedata.normalize("NFC", text).casefold()
    return " ".join(re.sub(r"[^\w\s:]|_", " ", text).split()).strip(": ")


def _upper(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    return bool(letters) and all(each.isupper() for each in letters)
