"""Text in the stamps' font: two bytes a letter, by Unicode's own numbers, so that it is written without looking
anything up. Every Vietnamese letter is in it."""

import re
import unicodedata
from functools import lru_cache

from PIL import ImageFont

from server.core import fonts

FILE = fonts.FOLDER / "LiberationSerif-Regular.ttf"
RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x1A0, 0x1B0), (0x1EA0, 0x1EF9), (0x2010, 0x2026))
"""Basic Latin, Latin-1, Extended-A, horned letters, Vietnamese, dashes and quotes. The rest is written as "?"."""
_UNKNOWN = re.compile("[^" + "".join(f"\\U{first:08X}-\\U{last:08X}" for first, last in RANGES) + "]")


@lru_cache(maxsize=4096)
def encoded(text: str) -> str:
    """A hexadecimal string object (ISO 32000-1 section 7.3.4.3)."""
    return f"<{_known(text).encode('utf-16-be').hex()}>"


@lru_cache(maxsize=4096)
def width(text: str) -> float:
    """In ems."""
    return _ruler().getlength(_known(text)) / 1000


def _known(text: str) -> str:
    return _UNKNOWN.sub("?", unicodedata.normalize("NFC", text))


@lru_cache(maxsize=1)
def _ruler() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FILE, 1000, layout_engine=ImageFont.Layout.BASIC)
