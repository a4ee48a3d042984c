"""Vietnamese as it was written before Unicode: TCVN3 (fonts .VnTime, .VnArial…) and VNI (VNI-Times…). Such text is
made of letters of other languages that only those fonts draw as Vietnamese ones."""

import re
from typing import Literal

OldEncoding = Literal["tcvn3", "vni"]

_TCVN3 = dict(
    zip(
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦",
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ",
        strict=True,
    )
)
_VNI_MARKS = {
    "a": dict(zip("ùøûõïêéèúüëâáàåãä", "áàảãạăắằẳẵặâấầẩẫậ", strict=True)),
    "e": dict(zip("ùøûõïâáàåãä", "éèẻẽẹêếềểễệ", strict=True)),
    "o": dict(zip("ùøûõïâáàåãä", "óòỏõọôốồổỗộ", strict=True)),
    "u": dict(zip("ùøûõï", "úùủũụ", strict=True)),
    "y": dict(zip("ùøûõ", "ýỳỷỹ", strict=True)),
    "ô": dict(zip("ùøûõï", "ớờởỡợ", strict=True)),
    "ö": dict(zip("ùøûõï", "ứừửữự", strict=True)),
}
_VNI_ALONE = {"í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "î": "ỵ", "ñ": "đ"}
_VNI = re.compile(
    "|".join([*(f"{base}[{''.join(marks)}]" for base, marks in _VNI_MARKS.items()), f"[{''.join(_VNI_ALONE)}]"]),
    re.IGNORECASE,
)
ONLY_TCVN3 = frozenset("µ¸¶·¹¨»¾¼½©®ª«¬\u00ad§¡¢£¤¥¦")
"""Signs that stand in no word of any language."""
_SHARE = 0.06
_FEWEST = 3


def of_font(name: str) -> OldEncoding | None:
    """By the font's name, as files write it ("ABCDEF+.VnTimeH")."""
    plain = name.rpartition("+")[2].strip("\"' ").lower()
    if plain.startswith((".vn", "vntime", "vnarial")):
        return "tcvn3"
    return "vni" if plain.startswith("vni") else None


def is_capital_font(name: str) -> bool:
    """.VnTimeH, .VnArialH draw small letters as capitals."""
    return re.match(r"^\.?vn\w*h(?:[,-].*)?$", name.rpartition("+")[2].strip("\"' ").lower()) is not None


def looks_old(text: str) -> bool:
    """Whether this is TCVN3 by its look, where no font tells."""
    letters = sum(character.isalpha() or character in ONLY_TCVN3 for character in text)
    odd = sum(character in ONLY_TCVN3 for character in text)
    return odd >= _FEWEST and odd > letters * _SHARE


def to_unicode(text: str, encoding: OldEncoding, *, capitals: bool = False) -> str:
    if encoding == "tcvn3":
        made = "".join(_TCVN3.get(character, character) for character in text)
    else:
        made = _VNI.sub(_letter, text)
    return made.upper() if capitals else made


def _letter(found: re.Match[str]) -> str:
    """One letter of a VNI font, or two: its base and its mark."""
    said = found[0].lower()
    made = _VNI_MARKS[said[0]][said[1]] if len(said) == 2 else _VNI_ALONE[said]
    return made.upper() if found[0][0].isupper() else made
