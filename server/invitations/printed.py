"""Invitations on paper: a PDF with one A5 page for each delegate."""

import json
from collections.abc import Sequence
from pathlib import Path

import typst

from server.core import fonts
from server.invitations.letters import Invited, Occasion, addressed, when
from server.invitations.qr import svg

_SOURCE = Path(__file__).with_name("invitation.typ")
MOST = 1000
"""Pages of one file: more are printed hall by hall."""


def invitations(occasion: Occasion, guests: Sequence[Invited], url: str) -> bytes:
    """PDF. `url`: what the meeting's code leads to. Takes a core for some seconds when there are hundreds."""
    data = {
        "unit": occasion.unit_name,
        "title": occasion.title,
        "when": when(occasion),
        "contact": occasion.contact,
        "address": url,
        "guests": [
            {
                "you": addressed(guest),
                "full_name": guest.full_name,
                "title": guest.title,
                "place": guest.place or "Dự trực tuyến",
            }
            for guest in guests
        ],
    }
    made = typst.compile(
        _SOURCE,
        format="pdf",
        font_paths=[fonts.FOLDER],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data), "qr": svg(url)},
    )
    assert isinstance(made, bytes)  # noqa: S101  one PDF, not pages of pictures
    return made
