"""What became of the requests of this process, and the name that each goes by in the log."""

import re
import secrets
from collections import defaultdict

from server.core.metrics import Histogram

_NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Requests:
    """`seconds`: to the head of the answer, by the first digit of its status."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, Histogram] = defaultdict(Histogram)
        self.broken = 0
        """Ended by a fault of ours."""

    def answered(self, status: int, seconds: float) -> None:
        self.seconds[f"{status // 100}xx"].note(seconds)


def request_name(given: str | None) -> str:
    """What a proxy calls it (`X-Request-Id`), so that both logs tell of the same; else a new name."""
    return given if given is not None and _NAME.fullmatch(given) else secrets.token_hex(8)
