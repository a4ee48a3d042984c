"""Types of fields that every feature's schemas share: text that both databases can keep, ids, times within reason."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_DIRECTIONS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that turn the direction of writing, and make "fdp.exe" look like "exe.pdf". Vietnamese needs none."""


def _clean_line(value: str) -> str:
    """NFC, so that equal text is equal bytes; no control characters (PostgreSQL refuses NUL)."""
    value = unicodedata.normalize("NFC", value).translate(_DIRECTIONS)
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise PydanticCustomError("control_character", "contains control characters")
    return value


def _clean_text(value: str) -> str:
    value = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).translate(_DIRECTIONS)
    if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in value):
        raise PydanticCustomError("control_character", "contains control characters")
    return value


def _within_reason(value: datetime) -> datetime:
    if not _EARLIEST <= value < _LATEST:
        raise PydanticCustomError("time_out_of_range", "is not between the years 2000 and 2100")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _no_guessing(value: object) -> object:
    """Times come as ISO text with an offset; numbers would be taken for seconds since 1970."""
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("time_not_iso", "is not an ISO 8601 time")
    return value


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_clean_line)]
"""One line of text; add `Field(min_length=…, max_length=…)`."""
Paragraphs = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_clean_text)]
EMAIL = r"[^@\s,;:<>()\"]+@[^@\s,;:<>()\"]+\.[^@\s,;:<>()\".]+"
"""One plain address of this world: what mail servers take without an extension, and no list of them."""
EmailAddress = Annotated[Line, Field(max_length=254, pattern=f"^{EMAIL}$")]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A row's id; larger numbers fit no database column."""
Time = Annotated[AwareDatetime, BeforeValidator(_no_guessing), AfterValidator(_within_reason)]
"""An instant with its offset, between 2000 and 2100, kept in UTC to the millisecond."""


_WIDE = {chr(0xFEE0 + plain): chr(plain) for plain in range(ord("!"), ord("~") + 1)}
_DRAWN = {
    chr(code): plain
    for first, last in ((0x1D400, 0x1D7FF), (0x24B6, 0x24E9), (0x2100, 0x214F))
    for code in range(first, last + 1)
    if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1 and plain.isascii() and plain.isalnum()
}
LOOK_ALIKES = str.maketrans({"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ", **_WIDE, **_DRAWN})
"""Eth and African D, which converters from VNI and some recognisers write for Đ, the wide letters of Eastern keyboards,
and letters that are drawn bold, in script or in circles by their codes: they look the same."""

_CYRILLIC, _GREEK = "АВЕЅІЈКМНОРСТУХаеѕіјорсух", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"
_AS_LATIN = str.maketrans(_CYRILLIC + _GREEK, "ABESIJKMHOPCTYXaesijopcyx" + "ABEZHIKMNOPTYXo")
_WORD = re.compile(r"[^\W\d_]+")

_TONES = "\u0300\u0301\u0303\u0309\u0323"
"""Huyền, sắc, ngã, hỏi, nặng."""


def in_latin(text: str, *, whole: bool = False) -> str:
    """With Latin letters for those of other alphabets that look the same, in words that have Latin ones too ("MẬТ" with
    a Cyrillic T); `whole`: in every word."""
    if text.isascii():
        return text
    if whole:
        return unicodedata.normalize("NFC", text.translate(_AS_LATIN))
    return _WORD.sub(lambda found: _word_in_latin(found[0]), text)


def _word_in_latin(word: str) -> str:
    other = word.translate(_AS_LATIN)
    if other == word or not any("LATIN" in unicodedata.name(character, "") for character in word):
        return word
    # With a letter that only the other alphabet has it is a word of that one.
    return other if all("LATIN" in unicodedata.name(character, "") for character in other) else word


def folded(text: str) -> str:
    """For search without diacritics: "Đạ Sar" and "da sar" both become "da sar"."""
    decomposed = unicodedata.normalize("NFD", text.translate(LOOK_ALIKES).casefold().replace("đ", "d"))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def spelling(text: str) -> str:
    """Equal for what Vietnamese readers take for the same spelling: capitals, and where in its syllable a tone mark is
    put ("Hoà", "HÒA"), do not count; the tone and the letters themselves do ("Hùng" is not "Hưng")."""
    return " ".join(map(_syllable, unicodedata.normalize("NFD", text.translate(LOOK_ALIKES).casefold()).split()))


def _syllable(decomposed: str) -> str:
    tones = "".join(sorted(c for c in decomposed if c in _TONES))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if c not in _TONES)) + tones
