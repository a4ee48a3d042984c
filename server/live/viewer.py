"""Who looks at a meeting's live channel."""

from dataclasses import dataclass
from typing import Literal

Audience = Literal["console", "hall", "member"]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Clients with equal viewers see exactly the same, so each text is made once for all of them."""

    audience: Audience
    point_id: int | None = None
    """A hall's own point."""
