"""The conference's part of the live state: collections `points`, `stage`, `messages`, and of the roll call."""

from datetime import datetime
from typing import Literal

from server.live.protocol import Wire

Presence = Literal["absent", "testing", "ready", "lost"]
Media = Literal["none", "connected", "lost"]
"""What the media node says of a hall's session: none yet, there, gone again."""
Device = Literal["unknown", "ok", "none", "denied", "muted"]
"""A camera or microphone as the hall's page finds it. `none`: none there, or it cannot be opened; `denied`: the browser
does not let the page have it; `muted`: there, but the system delivers nothing of it."""
Layout = Literal["stage", "stage-row", "grid-2", "grid-3", "grid-4", "content-stage"]


class PointEntity(Wire):
    """Collection `points`, key = id. Consoles see all; a hall sees its own only."""

    id: int
    unit_id: int
    name: str
    short_name: str
    speaker: str
    main: bool
    presence: Presence
    since: datetime
    attended: bool
    """It was in at some time since the meeting began."""
    weak: bool
    media: Media
    camera: Device
    microphone: Device
    floor: bool
    """Holds the floor: its sound goes to everyone. On air = floor or on stage."""
    hand_at: datetime | None
    hand_topic: str
    contact: str
    """Name and phone of the hall's technician, for consoles."""


class Place(Wire):
    """A point as other halls' screens name it."""

    point_id: int
    name: str
    speaker: str
    presence: Presence
    """Why there is no picture: its line is cut, or it has not come in."""


class FloorHolder(Place):
    since: datetime


class SharedContent(Wire):
    participant: str
    name: str
    since: datetime
    muted: bool = False
    """Its sound is forwarded to nobody, until a console lets it be heard."""


class Recess(Wire):
    """The meeting pauses: nobody is heard, and every screen says until when."""

    since: datetime
    until: datetime | None
    """As announced; the recess ends when somebody is called, not by the clock."""
    text: str = ""
    """In the chair's words; empty: the screens have their own."""


class StageEntity(Wire):
    """Collection `stage`, key "". `tiles[i]` is the picture in every hall's `tile-i` slot."""

    layout: Layout
    stage: Place | None
    floor: list[FloorHolder]
    """Oldest first."""
    pinned: list[int]
    """Points the operator pinned to the small pictures."""
    tiles: list[Place]
    content: SharedContent | None
    recess: Recess | None
    returns_at: datetime | None
    """The hall on stage is lost: then the stage returns to the main point by itself."""


class MessageEntity(Wire):
    """Collection `messages`, key = "point:id", or "all:id" of an announcement: consoles see all, a hall its own,
    everybody the announcement."""

    id: int
    point_id: int | None
    kind: Literal["help", "word", "line"]
    """A hall calls for help; a word to a hall; a line to everybody."""
    urgent: bool
    text: str
    at: datetime
    by_name: str


class RollCallEntity(Wire):
    """Collection `roll-call`, key "": the roll call under way, or the last one. Consoles and halls."""

    id: int
    run: int
    """Above 1: those that had not answered are called again."""
    seconds: int
    """How long each is on the stage."""
    began_at: datetime
    ended_at: datetime | None
    current: int | None
    """The point that is called now."""
    current_since: datetime | None
    next_at: datetime | None
    """Null, before the end: it stands."""
    total: int
    answered: int


class RollAnswerEntity(Wire):
    """Collection `roll-answers`, key = point id: consoles see all, a hall its own."""

    point_id: int
    position: int
    called_at: datetime | None
    answered_at: datetime | None
    how: Literal["", "voice", "button"]
