"""Which of the numbers that people write down a text message reaches."""

import re

_APART = re.compile(r"[/;,]|\s-\s|\bhoặc\b|\bhoac\b")
_FILLING = re.compile(r"[\s().-]+")
_MOBILE = re.compile(r"(?:\+?84|0)([35789]\d{8})")
"""Numbers of mobile networks since 2018: nine digits after the country's code (Circular 22/2014/TT-BTTTT)."""
_ABROAD = re.compile(r"\+(?!84)[1-9]\d{7,14}")
"""ITU-T E.164."""


def mobile_of(phone: str | None) -> str | None:
    """The first of these that is a mobile number, as "+84912345678". None: there is none, as of an office's line."""
    for part in _APART.split(phone or ""):
        digits = _FILLING.sub("", part)
        if found := _MOBILE.fullmatch(digits):
            return f"+84{found[1]}"
        if _ABROAD.fullmatch(digits):
            return digits
    return None
