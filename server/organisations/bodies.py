"""State and Party: which of the two a unit belongs to decides how its letters are set and how they speak to people."""

import re
from typing import Literal

BodyKind = Literal["state", "party"]

_PARTY = re.compile(
    r"\b(tỉnh|thành|huyện|quận|thị|đảng|khu) ủy\b|\bđảng bộ\b|\bchi bộ\b|\btrung ương đảng\b", re.IGNORECASE
)


def body_of(unit_name: str) -> BodyKind:
    """As the name says: Party committees bear theirs in it."""
    return "party" if _PARTY.search(unit_name) is not None else "state"
