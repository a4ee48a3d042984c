"""How people are spoken to in a meeting."""

COUNCIL = "ky-hop"
"""A session of the People's Council: its members are addressed as the people's deputies, in the Party or not."""
POLITE = "Ông/Bà"
COMRADE = "Đồng chí"


def form_of_address(meeting_kind: str, *, guest: bool) -> str:
    """Guests need not be of the Party or the State."""
    return POLITE if guest or meeting_kind == COUNCIL else COMRADE


def within(you: str) -> str:
    """The same inside a sentence."""
    return you if you == POLITE else you.lower()
