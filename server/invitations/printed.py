"""What goes on paper: invitations, a PDF with one A5 page for each delegate; the meeting's code on a poster."""

import json
from collections.abc import Sequence
from pathlib import Path

from server.core.qr import svg
from server.invitations.letters import Invited, Occasion, addressed, when

SOURCE = Path(__file__).with_name("invitation.typ")
POSTER = Path(__file__).with_name("poster.typ")
MOST = 1000
"""Pages of one file: more are printed hall by hall."""


def inputs(occasion: Occasion, guests: Sequence[Invited], url: str) -> dict[str, str]:
    """Of `SOURCE`. `url`: what the meeting's code leads to."""
    data = {
        "unit": occasion.unit_name,
        "title": occasion.title,
        "when": when(occasion),
        "contact": occasion.contact,
        "address": url,
        "guests": [
            {
                "you": addressed(guest, occasion),
                "full_name": guest.full_name,
                "title": guest.title,
                "place": guest.place or "Dự trực tuyến",
            }
            for guest in guests
        ],
    }
    return {"data": json.dumps(data), "qr": svg(url)}


def poster(occasion: Occasion, url: str) -> dict[str, str]:
    """Inputs of `POSTER`."""
    data = {"unit": occasion.unit_name, "title": occasion.title, "when": when(occasion), "address": url}
    return {"data": json.dumps(data), "qr": svg(url)}
