"""The code on a hall's screen, which changes every 30 seconds: whoever shows it a moment later was in that hall.

"<point id>-<letters>": the letters are an HMAC over meeting, point and step of time, so the server keeps nothing.
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from server.core.config import Settings
from server.core.secrets import kept_secret

STEP_SECONDS = 30
STEPS_TAKEN = 3
"""This one and the two before: a phone with a slow camera still gets in, a photo that was sent home does not."""
_LETTERS = 10
"""50 bits."""
_CODE = re.compile(r"([1-9][0-9]{0,9})-([a-z2-7]{10})")


def hall_secret(settings: Settings) -> str:
    """Made once, kept in `var`."""
    return _kept(settings.var / "hall-code.secret")


@cache
def _kept(path: Path) -> str:
    return kept_secret(path)


def hall_code(secret: str, meeting_id: int, point_id: int, now: datetime) -> str:
    """What the hall's screen shows now."""
    return f"{point_id}-{_letters(secret, meeting_id, point_id, _step(now))}"


def valid_until(now: datetime) -> datetime:
    """When the screen has to show the next one."""
    return datetime.fromtimestamp((_step(now) + 1) * STEP_SECONDS, UTC)


def verify_hall_code(secret: str, meeting_id: int, code: str, now: datetime) -> int | None:
    """The bridge point whose screen showed `code` within the last minute or so; None if none did."""
    match = _CODE.fullmatch(code)
    if match is None:
        return None
    point_id = int(match[1])
    wanted = [_letters(secret, meeting_id, point_id, _step(now) - back) for back in range(STEPS_TAKEN)]
    return point_id if any(hmac.compare_digest(match[2], letters) for letters in wanted) else None


def _step(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def _letters(secret: str, meeting_id: int, point_id: int, step: int) -> str:
    digest = hmac.digest(secret.encode(), f"hall {meeting_id} {point_id} {step}".encode(), hashlib.sha256)
    return base64.b32encode(digest).decode("ascii")[:_LETTERS].lower()
