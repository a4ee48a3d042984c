"""People on their way to the provider and back, who are nobody here yet."""

import json
import secrets
import time
from dataclasses import asdict, dataclass

from cryptography.fernet import Fernet, InvalidToken

from server.accounts.openid.provider import Vouched, Way

LONGEST = 600
"""Seconds for signing in there."""
LONGEST_CODE = 300
"""Seconds for typing the code of the second factor here."""
_MOST = 1000
"""People who have come back and have yet to type a code."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Who went to the provider, and where to afterwards."""

    way: Way
    next_path: str


@dataclass(frozen=True, slots=True)
class Waiting:
    person_id: int
    vouched: Vouched
    since: float


class Underway:
    """Of one process: who is on the way while it starts anew begins again. What is to match stands in a sealed cookie,
    so that strangers who only press the button take no room here."""

    def __init__(self) -> None:
        self._seal = Fernet(Fernet.generate_key())
        self._waiting: dict[str, Waiting] = {}

    def gone(self, way: Way, next_path: str) -> str:
        """The cookie of somebody who goes there."""
        kept = {**asdict(way), "address": "", "next": next_path}
        return self._seal.encrypt(json.dumps(kept).encode()).decode()

    def back(self, cookie: str | None) -> Gone | None:
        """Who came back with this cookie; None if it is too long ago, or not one of ours."""
        try:
            kept = json.loads(self._seal.decrypt((cookie or "").encode(), ttl=LONGEST))
        except (InvalidToken, UnicodeEncodeError):
            return None
        next_path = kept.pop("next")
        return Gone(Way(**kept), next_path)

    def wait(self, person_id: int, vouched: Vouched) -> str:
        """The cookie of somebody whom the provider vouches for, until the code is typed."""
        now = time.monotonic()
        self._waiting = {token: each for token, each in self._waiting.items() if now - each.since < LONGEST_CODE}
        while len(self._waiting) >= _MOST:
            del self._waiting[next(iter(self._waiting))]
        token = secrets.token_urlsafe(32)
        self._waiting[token] = Waiting(person_id, vouched, now)
        return token

    def waiting(self, cookie: str | None) -> Waiting | None:
        found = self._waiting.get(cookie or "")
        return found if found is not None and time.monotonic() - found.since < LONGEST_CODE else None

    def done(self, cookie: str | None) -> None:
        self._waiting.pop(cookie or "", None)
