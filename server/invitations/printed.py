"""The meeting's code on a poster."""

import json
from pathlib import Path

from server.core.qr import svg
from server.invitations.letters import Occasion, when

POSTER = Path(__file__).with_name("poster.typ")


def poster(occasion: Occasion, url: str) -> dict[str, str]:
    """Inputs of `POSTER`."""
    data = {"unit": occasion.unit_name, "title": occasion.title, "when": when(occasion), "address": url}
    return {"data": json.dumps(data), "qr": svg(url)}
