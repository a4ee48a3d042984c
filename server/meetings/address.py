"""How people are spoken to in a meeting."""

from typing import Literal

Address = Literal["", "comrade", "polite"]
""" "": as the kind of meeting has it."""
COUNCIL = "ky-hop"
"""A session of the People's Council: its members are addressed as the people's deputies, in the Party or not."""
POLITE = "Ông/Bà"
COMRADE = "Đồng chí"


def form_of_address(meeting_kind: str, chosen: str = "", *, guest: bool) -> str:
    """`chosen`: of the meeting, see `Address`. Guests need not be of the Party or the State."""
    if guest or chosen == "polite":
        return POLITE
    return COMRADE if chosen == "comrade" or meeting_kind != COUNCIL else POLITE


def within(you: str) -> str:
    """The same inside a sentence."""
    return you if you == POLITE else you.lower()
