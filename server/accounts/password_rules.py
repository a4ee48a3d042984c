"""Which passwords are too easy to guess.

NIST SP 800-63B, 5.1.1.2 and ASVS 5.0, V6.2: long enough, no composition rules, and not one of those that everybody
tries. A list of leaked passwords of twelve signs and more consists almost wholly of a few patterns: a common word with
digits behind it, rows of the keyboard, counting, one piece repeated, the own name. So the patterns are checked, over
words that people here choose, rather than the list.
"""

import re
from itertools import pairwise

from server.core.errors import Invalid
from server.core.fields import folded

SHORTEST = 12
"""Signs; ASVS 4.0.3, 2.1.1."""
_FEWEST_DIFFERENT = 5
_LOOKED_AT = 40
"""Signs: what is longer is not guessed by patterns, and every piece is looked at."""

_ENGLISH = """
password passw passwd pass admin administrator root user guest login welcome letmein access secret master test
testing default changeme iloveyou love monkey dragon sunshine princess football baseball superman batman shadow
hello freedom whatever trustno michael jordan charlie computer internet google facebook windows samsung iphone
qwerty qwertyuiop asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm qaz wsx qazwsx edc abc abcd abcdef abcxyz xyz
"""
"""As they lead every public list."""
_VIETNAMESE = """
mat khau matkhau matkhaumoi matma dangnhap taikhoan quantri quanly nguoidung khach congty coquan vanphong anh em yeu
anhyeuem emyeuanh yeuem yeuanh tinhyeu giadinh conyeu meyeu boyeu hanhphuc maimai motminh vietnam viet nam hanoi
saigon danang hue haiphong cantho dalat lamdong nhatrang khanhhoa hochiminh bacho chutich nguyen tran pham hoang
phan huynh vu vo dang bui ngo duong ly ngay thang moi cong san uy tinhuy huyenuy xa phuong huyen tinh quan xahoi
congsan nhandan nhannuoc chinhphu chinhquyen uyban hoidong daibieu hop hoinghi truc tuyen tructuyen nhip cau nhipcau
hoptructuyen chutri thuky dieuphoi tochuc bantochuc kythuat diemcau bithu dangvien doanvien congan quandoi bodoi
giaovien hocsinh sinhvien may maytinh dien thoai dienthoai
"""
"""Without tone marks, as people type them: passwords, love, places, and the words of these offices."""
_COMMON = frozenset(f"{_ENGLISH} {_VIETNAMESE}".split())
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
)
_LEET = str.maketrans({"@": "a", "4": "a", "0": "o", "1": "i", "3": "e", "$": "s", "5": "s", "7": "t"})

_SHORT = (
    f"Mật khẩu cần ít nhất {SHORTEST} ký tự. Có thể dùng một câu dễ nhớ, viết có dấu và có khoảng trắng.",
    f"A password needs at least {SHORTEST} characters. A sentence that is easy to remember is fine, spaces and all.",
)
_EASY = (
    "Mật khẩu này quá dễ đoán: nhiều người dùng, lặp lại, theo hàng phím, hoặc chứa tên của đồng chí. Ghép vài từ không"
    " liên quan với nhau.",
    "This password is too easy to guess: widely used, repeated, along the keyboard, or with your name in it. Put some"
    " unrelated words together.",
)


def require_strong(password: str, *own: str | None, field: str = "new") -> None:
    """Invalid at `field`. `own`: login, name, whatever others know of the person."""
    if len(password) < SHORTEST:
        raise Invalid.fields({field: _SHORT})
    if is_easy(password, *own):
        raise Invalid.fields({field: _EASY})


def is_easy(password: str, *own: str | None) -> bool:
    plain = re.sub(r"[^a-z0-9@$]", "", folded(password).replace("đ", "d"))[:_LOOKED_AT]
    if len(set(plain)) < _FEWEST_DIFFERENT:
        return True
    known = _COMMON | {part for said in own if said for part in _parts(said)}
    return any(_is_made_of(form, known) for form in {plain, plain.translate(_LEET)})


def _parts(said: str) -> set[str]:
    """Words of a name, and all of them together."""
    words = re.findall(r"[a-z0-9]+", folded(said).replace("đ", "d"))
    return {word for word in (*words, "".join(words)) if len(word) > 1}


def _is_made_of(text: str, known: frozenset[str] | set[str]) -> bool:
    """Known words, rows, repetitions and digits cover it, but for three signs at most."""
    left = [0] * (len(text) + 1)
    """The fewest uncovered signs up to each place."""
    for end in range(1, len(text) + 1):
        left[end] = left[end - 1] + (not text[end - 1].isdigit())
        for start in range(end):
            piece = text[start:end]
            if len(piece) > 1 and (piece in known or (len(piece) > 2 and (_is_row(piece) or _is_repeated(piece)))):
                left[end] = min(left[end], left[start])
    return left[-1] <= _UNCOVERED


_UNCOVERED = 3


def _is_row(piece: str) -> bool:
    return any(piece in row or piece in row[::-1] for row in _ROWS) or _counts(piece)


def _counts(piece: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(piece)}
    return steps in ({1}, {-1}, {0})


def _is_repeated(piece: str) -> bool:
    return any(
        len(piece) % size == 0 and piece == piece[:size] * (len(piece) // size)
        for size in range(1, len(piece) // 2 + 1)
    )
