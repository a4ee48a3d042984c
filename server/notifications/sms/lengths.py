"""How long a text message is: what a network carries as one, and is paid for as one."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

MOST_PARTS = 6
"""Longer ones are refused by most networks here."""
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038 section 6.2.1."""
_TWICE = frozenset("\f^{}\\[~]|€")
"""Section 6.2.1.1: an escape and a letter."""
_LETTERS: dict[str, tuple[int, int]] = {"gsm-7": (160, 153), "ucs-2": (70, 67)}
"""Of a message that is one; of each part of several, whose header takes the rest (3GPP TS 23.040, 9.2.3.24.1)."""


@dataclass(frozen=True, slots=True)
class Length:
    encoding: Literal["gsm-7", "ucs-2"]
    letters: int
    """As the encoding counts them: some of gsm-7 count twice, and so do pictures in ucs-2."""
    parts: int


def length_of(text: str) -> Length:
    """One Vietnamese letter with its marks ("ệ", also "đ") makes ucs-2 of the whole message."""
    if all(c in _GSM or c in _TWICE for c in text):
        letters = [2 if c in _TWICE else 1 for c in text]
        return Length("gsm-7", sum(letters), _parts(letters, *_LETTERS["gsm-7"]))
    letters = [2 if ord(c) > 0xFFFF else 1 for c in text]
    return Length("ucs-2", sum(letters), _parts(letters, *_LETTERS["ucs-2"]))


def _parts(letters: list[int], alone: int, each: int) -> int:
    if sum(letters) <= alone:
        return 1
    parts, room = 1, each
    for size in letters:
        # Nothing that takes two places is cut in half.
        if size > room:
            parts, room = parts + 1, each
        room -= size
    return parts


def unaccented(text: str) -> str:
    """ "Hội nghị" becomes "Hoi nghi": two fifths of the price, and read on every telephone. Capitals stay."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain.translate(_TYPED))


_TYPED = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "\u00a0": " ", "•": "-"}
)
"""What word processors put in the place of what keyboards have."""
