"""Who looks at a meeting's live channel."""

from dataclasses import dataclass
from typing import Literal

Audience = Literal["console", "hall", "member", "desk"]
"""`desk`: a page on which the meeting is prepared. It sees no collection and sends no command; see `desks`."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Clients with equal viewers see exactly the same, so each text is made once for all of them."""

    audience: Audience
    point_id: int | None = None
    """A hall's own point."""


DESK = Viewer("desk")
