"""Marks of secrecy (mật, tối mật, tuyệt mật): a stamp that stands alone, as a line, a box or a part of the file name.
Words that merely contain it ("bí mật nhà nước", "mật độ dân số") are no marks."""

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from server.core.fields import folded, in_latin

Mark = str
""""mat", "toi-mat", "tuyet-mat"."""

PAGES = 3
"""Marks are looked for on so many first pages."""

_MARKS = {"mật": "mat", "tối mật": "toi-mat", "tuyệt mật": "tuyet-mat"}
_FOLDED = {"mat": "mat", "toi mat": "toi-mat", "tuyet mat": "tuyet-mat"}
_LABEL = re.compile(
    r"^(?:(?:độ|mức độ|dấu|chỉ độ|chỉ mức độ|dấu chỉ độ|dấu chỉ mức độ)\s+mật\s*:?|(?:chỉ )?mức độ\s*:)\s*"
)
_NUMBERED = re.compile(r"^số\b.*\d.*?\s((?:(?:tối|tuyệt)\s+)?mật)$")
"""The stamp beside the number, without a gap: "SỐ: 12-BC/TU MẬT"."""
_OF_PAPER = re.compile(r"^(?:tài liệu|văn bản)\s+(?=(?:(?:tối|tuyệt)\s+)?mật$)")
_URGENT = re.compile(r"(?:\s|^)(?:thượng khẩn|khẩn|hỏa tốc|hoả tốc)(?:\s|$)")
_DIVIDES = re.compile(r"\s[-–—/|]+\s|[–—()\[\]{}|/•]|\d+")
_WRITTEN = re.compile(r"m\s*ậ\s*t", re.IGNORECASE)
"""Whatever recognition put before or behind it."""
_COMPACT = {mark.replace(" ", ""): code for mark, code in _MARKS.items()}
_BEFORE = frozenset({"bí", "bảo", "cơ", "thân", "cẩn", "mật", "đường", "hoa"})
"""Ends of a line that make a lone "mật" below it the rest of a word."""
_AFTER = frozenset({"độ", "khẩu", "mã", "thiết", "vụ", "danh", "ong", "lệnh", "thư", "nghị", "nhà"})
_UPPER_PART = 0.5
"""In recognised text a stamp without its marks ("MAT") counts only in this part of a first page."""
_HEAD, _TABLE_BELOW = 0.45, 0.25
"""Stamps stand in the head of a first page; below the letterhead a word may be a table's."""
_ROW = 0.012
"""Height of a row's words, at least."""
_COLUMNS, _NEXT_ROW = 3, 0.07
_FOLDED_COMPACT = {mark.replace(" ", ""): code for mark, code in _FOLDED.items()}
_SIGN_MAX = 12
"""Letters of a paper's sign: "TTr-UBND"."""
_STROKES_AROUND = re.compile(r"[iltjf]{0,2}mat[iltjf]{0,2}")
_OTHER_TONES = frozenset("\u0300\u0301\u0303\u0309")
"""Grave, acute, tilde, hook above."""
_ALIKE, _LONG = 0.85, 6
"""Of drawn letters: "TUYẾỆT MẬT" is one too many of eight."""
_BELOW, _BESIDE = 3.0, 0.015
"""Letters one below another: heights of a letter from one to the next, and how far apart sideways, at most."""
_GAP = 0.035
"""A gap this wide (parts of the page) divides a line: the stamp stands beside something."""
_DIVIDES_NAME = re.compile(r"[_()\[\]{}–—.,;+#]+|\s+-\s*|\s*-\s+|(?<=\w)-(?=\w)")
_BRACKETS = re.compile(r"[()\[\]{}–—]|\s+-\s+")
_CAPITAL_MAT = re.compile(r"(?<![A-Za-z])(?<![A-Z][ _-])MAT(?![A-Za-z])(?![ _-][A-Z]{2})")
"""Without its marks, and in capitals that its neighbours do not have."""
_IN_NAME = re.compile(r"(?<!\w)(tối|tuyệt)[\s_-]+mật(?!\w)")


@dataclass(frozen=True, slots=True)
class FoundMark:
    mark: Mark
    page: int
    """From 1."""
    in_body: bool
    """Where no stamp is put: in a row of a table, or far down the page. It may be a word of the paper."""
    box: tuple[float, float, float, float] | None = None
    """(left, top, width, height), parts of the page: of what was read from pixels, where one letter's tone makes
    another word ("MẶT", "MẤT"). None: its letters are known."""
    misread: bool = False
    """Read from pixels with other tones than a mark has."""

    @property
    def order(self) -> tuple[bool, bool, bool]:
        """What is surer comes first."""
        return self.in_body, self.misread, self.box is not None


def mark_on(pages: Sequence[Sequence[list[Any]]], *, recognised: Collection[int]) -> FoundMark | None:
    """The mark on these pages' lines (see PaperPage.lines), or None; one that stands where stamps are put before any
    other. `recognised`: numbers of pages (from 1) whose text comes from a scan."""
    found = []
    for number, lines in enumerate(pages[:PAGES], start=1):
        read = number in recognised
        for mark, line, weak in _marks_on_page(lines, recognised=read, first=number == 1):
            in_body = _is_in_body(lines, line[1], number)
            box = tuple(line[:4]) if read and (mark == "mat" or weak) else None
            found.append(FoundMark(mark, number, in_body, box, misread=weak))
    return min(found, key=lambda each: each.order, default=None)


def mark_drawn_on(pages: Mapping[int, Sequence[list[Any]]]) -> FoundMark | None:
    """The same for what is drawn (see stamps): page (from 1) -> one line for each spot of ink. What recognition makes
    of a frame's rest, a stroke before or behind, is left aside."""
    found = []
    for number, lines in pages.items():
        for line in lines:
            said = " ".join(word[2] for word in line[4])
            said = unicodedata.normalize("NFC", said)
            mark = _stamp(said) or (_nearly(said) if _upper(said) else None)
            if mark is not None:
                in_body = line[1] > (_HEAD if number == 1 else _TABLE_BELOW)
                found.append(FoundMark(mark, number, in_body, tuple(line[:4]), misread=not _WRITTEN.search(said)))
    return min(found, key=lambda each: each.order, default=None)


def _nearly(said: str) -> Mark | None:
    compact = "".join(each for each in folded(said) if each.isalpha())
    if _STROKES_AROUND.fullmatch(compact):
        # "MẬT" may lose its hat or its dot; "MẮT" of an eye hospital's emblem is another word.
        return None if _OTHER_TONES & set(unicodedata.normalize("NFD", said)) else "mat"
    near = ((SequenceMatcher(None, compact, mark).ratio(), code) for mark, code in _FOLDED_COMPACT.items())
    ratio, code = max(near)
    return code if ratio >= _ALIKE and len(compact) >= _LONG else None


def _is_in_body(lines: Sequence[list[Any]], top: float, page: int) -> bool:
    if top > (_HEAD if page == 1 else _TABLE_BELOW):
        return True
    if _columns(lines, top) < _COLUMNS:
        return False
    # At the top of a page it must be a table's row for certain: another one stands above or below it.
    rows = {round(line[1], 2) for line in lines if _ROW < abs(line[1] - top) < _NEXT_ROW}
    return top > _TABLE_BELOW or any(_columns(lines, row) >= _COLUMNS for row in rows)


def _columns(lines: Sequence[list[Any]], top: float) -> int:
    return sum(len(_divided(line)) for line in lines if line[1] < top + _ROW and line[1] + line[3] > top + _ROW / 2)


def mark_in_name(file_name: str) -> Mark | None:
    file_name = _readable(file_name)
    name = file_name.casefold()
    within = _IN_NAME.search(name)
    if within:
        return "toi-mat" if within[1] == "tối" else "tuyet-mat"
    stem = name.rpartition(".")[0] or name
    parts = [_OF_PAPER.sub("", part.strip()) for part in _DIVIDES_NAME.split(stem)]
    for part in parts:
        if part in _MARKS:
            return _MARKS[part]
        if part.replace(" ", "") in ("toimat", "tuyetmat"):
            return _FOLDED_COMPACT[part.replace(" ", "")]
    if any(part.strip() == "mat" for part in _BRACKETS.split(stem)) or _CAPITAL_MAT.search(file_name):
        return "mat"
    plain = [folded(part) for part in re.split(r"[_\s()\[\]{}.,-]+", stem)]
    for first, second in itertools.pairwise(plain):
        if f"{first} {second}" in _FOLDED and {first, second}.isdisjoint(_accented(stem)):
            return _FOLDED[f"{first} {second}"]
    return None


def _accented(stem: str) -> set[str]:
    """Folded words that are written with their marks: "tối mắt" is not a stamp, "toi mat" may be one."""
    words = re.split(r"[_\s()\[\]{}.,-]+", stem)
    return {folded(word) for word in words if word != folded(word)}


def _marks_on_page(
    lines: Sequence[list[Any]], *, recognised: bool, first: bool
) -> Iterator[tuple[Mark, list[Any], bool]]:
    """With the words that it stands in, as a line, and whether it lacks its marks."""
    parts = [(_readable(part), placed) for line in lines for part, placed in _divided(line)]
    said = [_plain(part) for part, _ in parts]
    for index, (part, placed) in enumerate(parts):
        text = said[index]
        label = _LABEL.match(text)
        if label and text[label.end() :] in _MARKS:
            yield _MARKS[text[label.end() :]], placed, False
            continue
        found = _stamp(part)
        if found == "mat":
            before = said[index - 1].split() if index else []
            after = said[index + 1].split() if index + 1 < len(said) else []
            if len(before) == 1 and before[0] in ("tối", "tuyệt"):
                found = _MARKS[f"{before[0]} mật"]
            elif (before and before[-1] in _BEFORE) or (after and after[0] in _AFTER):
                continue
        if found is not None:
            yield found, placed, False
        elif recognised and first and placed[1] < _UPPER_PART and _upper(part):
            compact = text.replace(" ", "")
            if (weak := folded(compact)) in _FOLDED_COMPACT and len(weak) == len(compact):
                yield _FOLDED_COMPACT[weak], placed, True
    yield from _written_downwards(parts)


def _written_downwards(parts: Sequence[tuple[str, list[Any]]]) -> Iterator[tuple[Mark, list[Any], bool]]:
    """Marks whose letters stand one below another, each in a line of its own, as in a narrow box at the edge."""
    written = [(unicodedata.normalize("NFC", part).strip(), placed) for part, placed in parts]
    letters = [each for each in written if len(each[0]) == 1 and each[0].isupper()]
    columns: list[list[tuple[str, list[Any]]]] = []
    for letter, placed in sorted(letters, key=lambda each: each[1][1]):
        for column in columns:
            above = column[-1][1]
            apart = abs(above[0] + above[2] / 2 - placed[0] - placed[2] / 2)
            if apart <= _BESIDE and above[1] < placed[1] <= above[1] + _BELOW * max(above[3], _ROW):
                column.append((letter, placed))
                break
        else:
            columns.append([(letter, placed)])
    for column in columns:
        if (said := "".join(letter for letter, _ in column).casefold()) in _COMPACT:
            yield _COMPACT[said], column[0][1], False


def _readable(text: str) -> str:
    """Wide letters, and those of other alphabets, for what they look like."""
    return in_latin(unicodedata.normalize("NFKC", text), whole=True)


def _stamp(part: str) -> Mark | None:
    """The mark that these words are, alone or with what belongs to a stamp: an urgency, a copy's number, a remark."""
    segments = [each for each in map(str.strip, _DIVIDES.split(unicodedata.normalize("NFC", part))) if _plain(each)]
    found: list[Mark] = []
    for number, segment in enumerate(segments):
        plain = _plain(segment)
        core = _OF_PAPER.sub("", _URGENT.sub(" ", plain).strip())
        code = _MARKS.get(core) if _as_stamped(segment, core, bracketed="(" in part) else None
        if code is None and _upper(segment):
            beside = _NUMBERED.match(_plain(part)) if number == len(segments) - 1 else None
            code = _MARKS[" ".join(beside[1].split())] if beside else _COMPACT.get(plain.replace(" ", ""))
        if code is None and core and not found and not _is_number(plain):
            return None
        if code is not None:
            found.append(code)
    return found[0] if len(set(found)) == 1 else None  # several: a sentence about them


def _as_stamped(segment: str, core: str, *, bracketed: bool) -> bool:
    """In capitals; "Tối mật" with one; "mật" in small letters only in brackets: alone it may end a sentence."""
    return _upper(segment) or (segment[:1].isupper() or bracketed if core == "mật" else core in _MARKS)


def _is_number(plain: str) -> bool:
    """What of "Số: 12-BC/TU MẬT" stands before the last part."""
    return plain.startswith("số") or len(plain) <= _SIGN_MAX


def _divided(line: list[Any]) -> list[tuple[str, list[Any]]]:
    """The line's words, divided where the gap between them is wide; each part as text, and as a line of its own."""
    parts: list[list[Any]] = []
    end = None
    for word in line[4]:
        if end is None or word[0] - end > _GAP:
            parts.append([])
        parts[-1].append(word)
        end = word[0] + word[1]
    return [
        (
            " ".join(word[2] for word in words),
            [words[0][0], line[1], words[-1][0] + words[-1][1] - words[0][0], line[3], words],
        )
        for words in parts
    ]


def _plain(text: str) -> str:
    """Lower case, without the strokes and brackets that a stamp's frame leaves."""
    text = unicodedata.normalize("NFC", text).casefold()
    return " ".join(re.sub(r"[^\w\s:]|_", " ", text).split()).strip(": ")


def _upper(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    return bool(letters) and all(each.isupper() for each in letters)
