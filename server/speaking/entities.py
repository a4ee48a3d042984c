"""Speaking's part of the live state: collections `requests`, `queue`, `speaking`, `spoken`."""

from datetime import datetime

from server.live.protocol import Wire
from server.speaking.rules import Kind, Rules


class RequestEntity(Wire):
    """Collection `requests`, key = "point:id". Consoles see all; a hall those of its own."""

    id: int
    point_id: int
    person_id: int | None
    name: str
    """Who will speak; empty: whoever speaks for the hall."""
    kind: Kind
    topic: str
    item_id: int | None
    raised_at: datetime
    turns: int
    """How often who asks has spoken, and how long in all."""
    seconds: int


class QueueEntity(Wire):
    """Collection `queue`, key "": consoles and halls."""

    order: list[int]
    """Ids of all who wait, the next to be called first."""
    marked: int | None
    """The one that was marked as next."""
    by_hand: bool
    """Somebody moved them: the rules order only who came since."""
    rules: Rules


class TurnEntity(Wire):
    """Time spent now = (`paused_since` or now) - `began_at` - `paused_seconds`."""

    id: int
    point_id: int
    name: str
    kind: Kind
    began_at: datetime
    paused_since: datetime | None
    paused_seconds: float
    limit_seconds: int | None
    closes: bool
    """At the limit the microphone closes by itself."""


class SpeakingEntity(Wire):
    """Collection `speaking`, key "": everybody."""

    turns: list[TurnEntity]
    """Of those who have the floor, oldest first. The main point has one only when it was called from the queue."""


class SpokenEntity(Wire):
    """Collection `spoken`, key = point id: turns that are over. Consoles see all; a hall its own."""

    point_id: int
    turns: int
    seconds: int


class MyRequest(Wire):
    """A delegate's own request."""

    id: int
    kind: Kind
    topic: str
    raised_at: datetime
    place: int
    """1: the next to be called."""


class MyRequests(Wire):
    """Signal `my-requests`, to a person's sockets, and the answer when asked: of one meeting."""

    meeting_id: int
    requests: list[MyRequest]
