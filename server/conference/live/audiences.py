"""Whose sockets may send which of the conference's commands at all."""

from server.live.feature import Call
from server.live.viewer import Audience

HALL: frozenset[Audience] = frozenset({"hall"})
CONSOLE: frozenset[Audience] = frozenset({"console"})
SEATED: frozenset[Audience] = frozenset({"hall", "member"})
"""Halls, and delegates on pages of their own."""
DESKS_AND_HALLS: frozenset[Audience] = frozenset({"hall", "console"})
EVERYONE: frozenset[Audience] = frozenset({"hall", "console", "member"})


def own_point(call: Call) -> int:
    assert call.client.viewer.point_id is not None  # noqa: S101  (a hall's socket has one)
    return call.client.viewer.point_id
