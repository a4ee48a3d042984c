"""How people are spoken to in a meeting."""

from typing import Literal

Address = Literal["", "comrade", "polite"]
""" "": as its unit and its kind have it."""
COUNCIL = "ky-hop"
"""A session of the People's Council: its members are addressed as the people's deputies, in the Party or not."""
POLITE = "Ông/Bà"
COMRADE = "Đồng chí"


def address_of(chosen: str, meeting_kind: str, unit_body: str) -> str:
    """What is chosen for the meeting, else as it is usual: in the Party's "Đồng chí", elsewhere "Ông/Bà"."""
    return chosen or ("comrade" if unit_body == "party" and meeting_kind != COUNCIL else "polite")


def form_of_address(address: str, *, guest: bool) -> str:
    """`address`: see `address_of`. Guests need not be of the Party or the State."""
    return COMRADE if address == "comrade" and not guest else POLITE


def within(you: str) -> str:
    """The same inside a sentence."""
    return you if you == POLITE else you.lower()
