"""What a paper says of itself at the head of its first page, as Vietnamese Party and State papers are laid out (Hướng
dẫn 36-HD/VPTW, Nghị định 30/2020/NĐ-CP): issuer and number at the left, place and date at the right, then kind and
subject. Only offered, never taken for granted."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from server.core.fields import folded

_SPEECHES = ("bài phát biểu", "phát biểu", "diễn văn")
_KINDS = {
    "tờ trình": "to-trinh",
    "báo cáo": "bao-cao",
    "dự thảo": "du-thao",
    "nghị quyết": "nghi-quyet",
    "quyết định": "quyet-dinh",
    "kế hoạch": "ke-hoach",
    "chương trình": "chuong-trinh",
    "thông báo": "thong-bao",
    "hướng dẫn": "huong-dan",
    "công văn": "cong-van",
    "biên bản": "bien-ban",
    "giấy mời": "giay-moi",
    "bài phát biểu": "phat-bieu",
    "phát biểu": "phat-bieu",
    "tham luận": "phat-bieu",
    "phụ lục": "phu-luc",
    "kết luận": "thong-bao",
    "chỉ thị": "quyet-dinh",
    "quy chế": "khac",
    "quy định": "khac",
    "nội quy": "khac",
    "đề án": "khac",
    "phương án": "khac",
    "công điện": "khac",
    "danh sách": "khac",
    "luật": "khac",
    "nghị định": "khac",
    "thông tư": "khac",
    **{f"{speech} {which}": "phat-bieu" for speech in _SPEECHES for which in ("khai mạc", "bế mạc", "kết luận")},
    "diễn văn": "phat-bieu",
}
_KINDS_FOLDED = {folded(name): (name, kind) for name, kind in _KINDS.items()}
_SIGNS = {
    "bc": "bao-cao",
    "ttr": "to-trinh",
    "nq": "nghi-quyet",
    "qd": "quyet-dinh",
    "kh": "ke-hoach",
    "ct": "chuong-trinh",
    "ctr": "chuong-trinh",
    "ctrtu": "chuong-trinh",
    "tb": "thong-bao",
    "kl": "thong-bao",
    "hd": "huong-dan",
    "cv": "cong-van",
    "bb": "bien-ban",
    "gm": "giay-moi",
    "qc": "khac",
    "qdi": "khac",
    "da": "khac",
    "pa": "khac",
    "cd": "khac",
    "nd": "khac",
    "tt": "khac",
}
_SIGN = r"[A-ZĐĂÂÊÔƠƯ][A-Za-zĐđĂÂÊÔƠƯăâêôơư]*\d{0,2}"
_NUMBER = re.compile(
    rf"(?<![\w/])(\d{{1,6}}[a-z]?)\s?([-–/])\s?((?:(?:19|20)\d\d\s?/\s?)?{_SIGN}(?:\s?[-–/.&]\s?{_SIGN})*)"
)
_MISREAD = re.compile(r"^T+[Il1]r(?=[-/]|$)")
"""What recognition makes of "TTr": no sign begins so."""
_LABELLED = re.compile(r"^(?:luật\s+)?s\S{0,2}\s*[:.;]?\s*(?=\d)", re.IGNORECASE)
_DATE = re.compile(r"ng\w{1,2}\s+(\d{1,2})\s+th\w{2,3}\s+(\d{1,2})\s+n\wm\s+((?:19|20)\d\d)", re.IGNORECASE)
_SUBJECT = re.compile(r"^(?:v/v|về việc)\s*:?\s*", re.IGNORECASE)
_MOTTO = ("cong san viet nam", "cong hoa xa hoi", "chu nghia viet nam", "doc lap", "tu do")
_URGENCIES = {"khan": "khan", "thuong khan": "thuong-khan", "hoa toc": "hoa-toc", "hoa toc hen gio": "hoa-toc"}
_BODY = re.compile(
    r"^(?:kính gửi|căn cứ|thực hiện|theo|ngày|i\.|1\.|phần|điều|chương|hôm nay|thi hành|[-–_*.=\s]{3,}$|số)",
    re.IGNORECASE,
)
_HEAD = 0.45
"""The head ends here at the latest (part of the page)."""
_TITLE_LINES = 4
_GAP = 0.03
_LEFT = 0.45
"""What starts left of this and is in the left column."""


@dataclass(frozen=True, slots=True)
class Guessed:
    title: str = ""
    kind: str = ""
    number: str = ""
    issued_on: date | None = None
    issuer: str = ""
    urgency: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """Words of a line that stand together."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


def guess(lines: Sequence[list[Any]]) -> Guessed:
    """From the lines of the first page (see PaperPage.lines)."""
    parts = [part for line in lines if line[1] < _HEAD for part in _parts(line)]
    parts.sort(key=lambda part: (round(part.top, 2), part.left))
    number, numbered = _number(parts)
    kind, title = _kind_and_title(parts)
    capitals = [part for part in parts if _upper(part.text)]
    return Guessed(
        title=title or _subject(parts, numbered),
        kind=kind or _kind_of(number),
        number=number,
        issued_on=next((found for part in parts if (found := _date(part.text)) is not None), None),
        issuer=_issuer(parts, numbered),
        urgency=next((_URGENCIES[said] for part in capitals if (said := _stamp(part.text)) in _URGENCIES), ""),
    )


def _parts(line: list[Any]) -> list[_Part]:
    found: list[list[tuple[float, float, str]]] = []
    end = None
    for left, width, word in line[4]:
        if end is None or left - end > _GAP:
            found.append([])
        found[-1].append((left, left + width, word))
        end = left + width
    return [
        _Part(
            unicodedata.normalize("NFC", " ".join(word for *_, word in words)),
            words[0][0],
            words[-1][1],
            line[1],
            line[1] + line[3],
        )
        for words in found
    ]


def _number(parts: list[_Part]) -> tuple[str, _Part | None]:
    """The number with its sign, and where it stands. Labelled "Số:" before any other."""
    labelled = [(part, _LABELLED.sub("", part.text)) for part in parts if _LABELLED.match(part.text)]
    alone = [(part, part.text) for part in parts if part.left < _LEFT]
    for part, text in [*labelled, *alone]:
        found = _NUMBER.match(text.strip())
        if found:
            sign = re.sub(r"\s+", "", found[3]).replace("–", "-").rstrip("-/.&")
            sign = _MISREAD.sub("TTr", sign)
            return f"{found[1]}{found[2].replace('–', '-')}{sign}"[:60], part
    return "", next((part for part in parts if re.match(r"^số\s*:", part.text, re.IGNORECASE)), None)


def _date(text: str) -> date | None:
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None


def _kind_and_title(parts: list[_Part]) -> tuple[str, str]:
    for index, part in enumerate(parts):
        said = _KINDS_FOLDED.get(_stamp(part.text))
        if said is None or not _upper(part.text):
            continue
        name, kind = said
        if kind == "du-thao":  # stands above the kind itself
            continue
        about = _joined(parts[index + 1 :], after=part)
        title = f"{name[0].upper()}{name[1:]}"
        return kind, f"{title} {_lowered(about)}"[:300] if about else ""
    return "", ""


def _joined(parts: list[_Part], after: _Part) -> str:
    """The lines of the subject: below the kind, centred, until the body begins or a gap opens."""
    taken: list[str] = []
    last = after
    for part in parts:
        centred = abs((part.left + part.right) / 2 - (after.left + after.right) / 2) < 0.08
        height = max(last.bottom - last.top, 0.008)
        gap = part.top - last.bottom > 2.2 * height
        # A subject is set shorter and shorter, or evenly; a full line that begins a sentence after it is the body.
        wider = bool(taken) and part.right - part.left > 1.25 * (last.right - last.left) and part.text[:1].isupper()
        if len(taken) == _TITLE_LINES or _BODY.match(part.text) or not centred or gap or wider:
            break
        taken.append(part.text)
        last = part
    return " ".join(taken).strip(" -–_.")


def _subject(parts: list[_Part], numbered: _Part | None) -> str:
    """Of a letter: "V/v …" below its number."""
    for index, part in enumerate(parts):
        if not _SUBJECT.match(part.text) or (numbered is not None and part.top < numbered.top):
            continue
        taken, last = [_SUBJECT.sub("", part.text)], part
        for further in parts[index + 1 :]:
            below = further.top - last.bottom
            if abs(further.left - part.left) > 0.12 or below > 0.02 or _BODY.match(further.text) or len(taken) == 4:
                continue
            taken.append(further.text)
            last = further
        return f"Về việc {_lowered(' '.join(taken))}"[:300]
    return ""


def _kind_of(number: str) -> str:
    signs = re.split(r"[-/.&]", number)[1:]
    return next((_SIGNS[key] for sign in signs if (key := folded(sign)) in _SIGNS), "cong-van" if signs else "")


def _issuer(parts: list[_Part], numbered: _Part | None) -> str:
    """What stands in capitals above the number, in its column."""
    if numbered is None:
        return ""
    column = [
        _recognised(part.text.strip(" *_-–."))
        for part in parts
        if part.bottom <= numbered.top + 0.01 and part.left < _LEFT and part.right < 0.6 and _upper(part.text)
    ]
    names = [text for text in column if len(text) > 2 and not any(motto in folded(text) for motto in _MOTTO)]
    names = [text for text in names if _stamp(text) not in _URGENCIES and not _NUMBERED.search(text)]
    if not names:
        return ""
    last = names[-1]
    above = names[-2] if len(names) > 1 else ""
    if above and folded(last) == "van phong":
        return _named(f"{last} {above}")[:200]
    if above and folded(last).split()[0] not in _BEGINNINGS:  # a long name, broken
        return _named(f"{above} {last}")[:200]
    place = re.search(r"(?:TỈNH|THÀNH PHỐ|HUYỆN|XÃ|PHƯỜNG|ĐẶC KHU)\s+(.+)$", above)
    if above and re.match(r"^(?:TỈNH|THÀNH PHỐ|HUYỆN|XÃ|PHƯỜNG|THỊ TRẤN|ĐẶC KHU)\s+(?!ỦY|UỶ)", last):
        last = f"{above} {last}"
    elif place and re.fullmatch(r"(?:TỈNH|THÀNH|HUYỆN|ĐẢNG)\s+(?:ỦY|UỶ)", last):
        last = f"{last} {place[1]}"
    return _named(last)[:200]


_NUMBERED = re.compile(r"^\d|^Số\b|\d\s*[-–/]", re.IGNORECASE)
"""No name; "XÃ ĐAM RÔNG 1" is one."""
_ABBREVIATED = re.compile(r"UBND|[B-DĐF-HJ-NP-TV-XZ]{2,}")
"""Letters that make no word: MTTQ, HĐND."""
_GENERIC = (
    "Ủy ban nhân dân",
    "Ủy ban",
    "Quốc hội",
    "Chính phủ",
    "Hội đồng nhân dân",
    "Ban Chấp hành",
    "Ban Thường vụ",
    "Văn phòng",
    "Tỉnh ủy",
    "Thành ủy",
    "Huyện ủy",
    "Đảng ủy",
    "Đảng bộ",
    "tỉnh",
    "thành phố",
    "huyện",
    "xã",
    "phường",
    "đặc khu",
    "và",
)


_BEFORE_UY = frozenset({"tỉnh", "huyện"})
"""Small as a place ("tỉnh Lâm Đồng"), not in "Tỉnh ủy"."""
_OFFICES = frozenset({"so", "ban", "phong", "cuc", "chi", "trung", "thanh"})
"""Names that go on with what the office does, its first word alone in capitals."""
_PLACES = frozenset({"tinh", "huyen", "xa", "phuong"})
_BEGINNINGS = _OFFICES | _PLACES
_BEGINNINGS |= {"uy", "hoi", "van", "dang", "doan", "mat", "lien", "cong", "bo", "dac", "truong", "vien", "quan", "toa"}
_BEGINNINGS |= {"to", "thi", "kho", "ngan", "bao", "dai"}
"""First words of names of offices; a line that begins otherwise goes on with the one above it."""


def _recognised(capitals: str) -> str:
    """What recognition made of the usual names, set right: "TĨNH ỦY" is "TỈNH ỦY"."""
    words = capitals.split()
    for generic in _GENERIC:
        many = len(generic.split())
        for at in range(len(words) - many + 1 if many > 1 else 0):
            if folded(" ".join(words[at : at + many])) == folded(generic):
                words[at : at + many] = generic.upper().split()
    return " ".join(words)


def _named(capitals: str) -> str:
    """ "ỦY BAN NHÂN DÂN TỈNH LÂM ĐỒNG" -> "Ủy ban nhân dân tỉnh Lâm Đồng", "SỞ NỘI VỤ" -> "Sở Nội vụ"."""
    words = [
        word if _ABBREVIATED.fullmatch(word) else word.capitalize() for word in capitals.replace("UỶ", "ỦY").split()
    ]
    if words and folded(words[0]) in _OFFICES:
        begins = True
        for index, word in enumerate(words[1:], start=1):
            if folded(word) in _PLACES:
                break
            words[index] = word if begins else word.lower()
            begins = folded(word) == "va" or word.endswith(",")
    text = " ".join(words)
    for generic in _GENERIC:
        further = r"(?!\s+ủy)" if generic in _BEFORE_UY else ""
        text = re.sub(rf"(?<!\w){re.escape(generic)}(?!\w){further}", generic, text, flags=re.IGNORECASE)
    return text[:1].upper() + text[1:]


def _lowered(text: str) -> str:
    """The first letter small, unless the word is written in capitals; a subject all in capitals becomes a sentence."""
    if _upper(text):
        text = text.lower()
    first = text.split(" ", 1)[0]
    return text if len(first) > 1 and first.isupper() else text[:1].lower() + text[1:]


def _stamp(text: str) -> str:
    return folded(re.sub(r"[^\w\s]|_", " ", text))


def _upper(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    return bool(letters) and all(each.isupper() for each in letters)
