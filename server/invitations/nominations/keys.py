"""The private link of a point's contact, who has no account.

Its key is an HMAC over meeting, point and the row's salt: it is kept nowhere, and the same link is given out again with
each reminder, so that no earlier letter becomes a trap.
"""

import base64
import hashlib
import hmac
import secrets

from server.core.config import Settings
from server.invitations.codes import hall_secret
from server.invitations.nominations.models import Nomination

_LETTERS = 32
"""160 bits in base 32."""


def page_of(meeting_id: int, point_id: int) -> str:
    """Where the list is made."""
    return f"/nominations/{meeting_id}/{point_id}"


def new_salt() -> str:
    return secrets.token_hex(8)


def key_of(settings: Settings, row: Nomination) -> str:
    said = f"nomination {row.meeting_id} {row.point_id} {row.salt}"
    digest = hmac.digest(hall_secret(settings).encode(), said.encode(), hashlib.sha256)
    return base64.b32encode(digest).decode("ascii")[:_LETTERS].lower()


def link_of(settings: Settings, row: Nomination) -> str:
    """Path with the key behind "#", which browsers send to nobody: it stands in no log on the way."""
    return f"{page_of(row.meeting_id, row.point_id)}#{key_of(settings, row)}"


def fits(settings: Settings, row: Nomination, key: str) -> bool:
    return bool(row.salt) and hmac.compare_digest(key_of(settings, row).encode(), key.encode())
