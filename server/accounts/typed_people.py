"""People as offices type them into lists: what columns are called, names with a form of address, numbers that lost
their zero."""

import re

PERSON_HEADINGS = {
    "full_name": (
        "ho va ten",
        "ho ten",
        "ho va ten dai bieu",
        "ten dai bieu",
        "dong chi",
        "dai bieu",
        "ho, ten",
        "full name",
        "name",
    ),
    "family_name": ("ho", "ho dem", "ho va dem", "ho va ten dem", "ho va chu dem", "ho lot", "ho va ten lot"),
    "given_name": ("ten", "ten goi"),
    "title": ("chuc vu", "chuc danh", "chuc vu, don vi", "position", "title"),
    "unit": ("don vi", "co quan", "don vi cong tac", "co quan, don vi", "unit"),
    "email": ("e-mail", "email", "thu dien tu", "dia chi e-mail", "dia chi email"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "di dong", "phone"),
}
"""Column -> what else it is called, folded."""

_ADDRESS = re.compile(r"^(?:\d{1,4}[.)]\s*)?(?:(?:đ/c|đồng chí|ông|bà)[.:]?\s+)?", re.IGNORECASE)
"""With a number before it, where the list has no column for that."""
_BLANK = re.compile(r"[-–—.x/]*|không(?: có)?|chưa có|n/a", re.IGNORECASE)
_DASH = re.compile(r"\s+[-–—]\s+|,\s+")
_PHONE = re.compile(r"[+(]?\d[\d\s().+-]*\d")
_LONGEST_PHONE = 40


def name_and_title(name: str, title: str) -> tuple[str, str]:
    """Without "Đ/c", "Ông", "Bà" before the name; "Nguyễn Văn Bình - Chánh Văn phòng" is a name and a title, and so is
    "Nguyễn Văn Bình, Chánh Văn phòng"."""
    name = _ADDRESS.sub("", name)
    if not title and (parts := _DASH.split(name, maxsplit=1))[1:]:
        return parts[0].strip(), parts[1].strip()
    return name, title


def phone_of(text: str) -> str | None:
    """Spreadsheets take "0912345678" for a number and drop its zero: nine digits of a mobile number, ten of the oldest
    ones. Neither is a number with the country's code, which has eleven."""
    text = written(text.removeprefix("'"))
    if re.fullmatch(r"[1-9]\d{8,9}", text):
        return f"0{text}"
    return text or None


def email_of(text: str) -> str | None:
    return written(re.sub(r"^mailto:", "", text, flags=re.IGNORECASE)) or None


def written(text: str) -> str:
    """ "" for what offices write where there is nothing to write: "-", "không có"."""
    return "" if _BLANK.fullmatch(text) else text


def is_phone(phone: str) -> bool:
    """One number (ITU-T E.164 section 6: of at most 15 digits)."""
    enough = 6 <= sum(character.isdigit() for character in phone) <= 15
    return len(phone) <= _LONGEST_PHONE and enough and _PHONE.fullmatch(phone) is not None
