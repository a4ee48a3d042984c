"""The data of the conference's commands, and of the replies that carry any."""

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from media.contract import Publication
from server.conference.live.entities import Device, Layout
from server.core.fields import Id, Line, Time
from server.live.protocol import Wire
from server.live.viewer import Audience
from server.speaking.rules import Kind

Mid = Annotated[str, StringConstraints(min_length=1, max_length=16)]
SessionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

HALL_PUBLICATIONS: frozenset[Publication] = frozenset(
    {"microphone", "camera", "camera-small", "content", "content-audio"}
)
DESK_PUBLICATIONS: frozenset[Publication] = frozenset({"content", "content-audio"})

_COMMON_SLOTS = r"audio-[0-2]|stage|content"
SLOTS: dict[Audience, re.Pattern[str]] = {
    "hall": re.compile(rf"{_COMMON_SLOTS}|tile-(\d|1[0-5])"),
    "console": re.compile(rf"{_COMMON_SLOTS}|preview|preview-audio|tile-(\d|1\d|2[0-4])"),
    "member": re.compile(_COMMON_SLOTS),
}
"""Names of the slots that each audience may have."""


class HallReady(Wire):
    ready: bool


class HallDevices(Wire):
    camera: Device
    microphone: Device


class HandRaise(Wire):
    topic: Annotated[Line, Field(max_length=200)] = ""
    kind: Kind = "speech"
    name: Annotated[Line, Field(max_length=300)] = ""
    """Who will speak, of a hall; a delegate is known by name."""


class HandLower(Wire):
    request_id: Id | None = None
    """Of a hall: one of its delegates'; left out: its own."""


class HandDismiss(Wire):
    point_id: Id | None = None
    """All requests of this point; or"""
    request_id: Id | None = None
    """this one."""


class SpeakingCall(Wire):
    request_id: Id | None = None
    """Left out: the first of the queue whose hall is there."""
    keep: bool = False


class SpeakingMove(Wire):
    request_id: Id
    before_id: Id | None
    """Null: to the end."""


class SpeakingMark(Wire):
    request_id: Id | None


class TurnName(Wire):
    turn_id: Id


class TurnExtend(TurnName):
    seconds: Annotated[int, Field(ge=10, le=3600)]


class FloorGive(Wire):
    point_id: Id
    keep: bool = False
    """Those who have the floor keep it (at most three have it)."""


class FloorTake(Wire):
    point_id: Id


class FloorMuteAll(Wire):
    including_main: bool = False


class ContentStart(Wire):
    again: str | None = Field(default=None, max_length=64)
    """The participant as which this client shared before its line broke: only if that is still what is shown."""


class ContentSound(Wire):
    on: bool


class HelpCall(Wire):
    text: Annotated[Line, Field(max_length=300)] = ""


class MessageSend(Wire):
    point_ids: Annotated[list[Id], Field(min_length=1, max_length=5000)] | None
    """Null: everybody."""
    text: Annotated[Line, Field(min_length=1, max_length=300)]
    urgent: bool = False


class MessageName(Wire):
    message_id: Id


class RollCallStart(Wire):
    seconds: Annotated[int, Field(ge=3, le=120)] = 10
    """How long each point is on the stage at most."""


class RollCallTick(Wire):
    point_id: Id
    here: bool
    """False: takes a tick back."""


class RecessStart(Wire):
    minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    """How long it is announced to last; or"""
    until: Time | None = None
    """until when. Neither: not said."""
    text: Annotated[Line, Field(max_length=120)] = ""
    """What the screens say over it."""


class StageShow(Wire):
    point_id: Id | None


class LayoutSet(Wire):
    layout: Layout
    pinned: Annotated[list[Id], Field(max_length=16)] | None = None
    """Points for the first small pictures, in order; left out: as they are."""


class ViewSet(Wire):
    """What this console alone is shown. Not logged, gone with its socket."""

    preview: Id | None = None
    """Picture and sound of this point in the `preview` slots, whether it has the floor or not."""
    tiles: Annotated[list[Id], Field(max_length=25, default_factory=list)]
    """Its page of small pictures; empty: the same as the halls'."""


class MediaOffer(Wire):
    session: SessionName
    """A new name for each peer connection."""
    sdp: Annotated[str, Field(min_length=1, max_length=200_000)]
    publish: Annotated[dict[Mid, Publication], Field(max_length=5, default_factory=dict)]
    """MID of each section that sends -> what it carries."""
    slots: Annotated[dict[Mid, str], Field(max_length=40, default_factory=dict)]
    """MID of each section that receives -> its slot."""


class MediaAnswer(Wire):
    """Reply to `media.offer`."""

    sdp: str
    boot: str
    """Of the node that answered: when `media-node` tells of another, this session is gone."""


class MediaClose(Wire):
    session: SessionName
