"""Messages between the server and a media node: the only thing of `media/` that `server/` imports.

The node dials the server (`GET /media/node`, a WebSocket, `Authorization: Bearer <secret>`) and says `Hello`.
The server answers with the whole wanted state (`Room`, one for each running meeting) and sends it again,
whole, whenever it changes: the node compares and acts, so a lost line, a restarted server or a restarted node
all heal by the same path, and media goes on while the server is away. Each WebSocket text frame is one message
as JSON; `type` tells which.

Names: a *participant* is whoever has a peer connection in a room: a hall (`point-17`) or one console or
presenter tab (`desk-<connection>`). A participant takes part by one *session* (one peer connection) at a time; a newer
offer's takes its place once it is connected.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Participant = str
Publication = Literal["microphone", "camera", "camera-small", "content", "content-audio"]
"""What a participant may send. `camera-small` is the camera's picture once more with few bits, for receivers whose line
does not carry it. `content` is a shared screen or window, `content-audio` its sound."""

PictureDown = Literal["full", "reduced", "none"]
"""What a receiver's line carries of the stage and the content: all, a picture with fewer bits, or nothing but sound."""

PictureDemand = Literal["none", "small", "full"]
"""How much of a picture somebody watches now: nobody, only as a small tile, or large."""


class Message(BaseModel):
    """Fields that this version does not know are left out: server and nodes are renewed one after the other, and a
    `Room` that an older node dropped as a whole would leave the floor as it was."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class View(Message):
    """What one participant alone is shown beside the room's common picture."""

    preview: Participant | None = None
    """Picture and sound of this participant go to the `preview` and `preview-audio` slots, floor or not."""
    tiles: tuple[Participant, ...] = ()
    """A console's page of small pictures; whoever has no `preview` slot is shown the room's `tiles`."""


class Room(Message):
    """The whole wanted state of one room. Applying the same one twice changes nothing."""

    type: Literal["room"] = "room"
    room: str
    stage: Participant | None = None
    """Its camera goes to every `stage` slot; to its own that of who else has the floor (`media.node.policy`)."""
    content: Participant | None = None
    """Its `content` goes to every `content` slot and its `content-audio` to an audio slot."""
    content_sound: bool = True
    """False: its `content-audio` is forwarded to nobody."""
    floor: tuple[Participant, ...] = ()
    """Only these microphones are forwarded (to `audio` slots of all others), in order of precedence."""
    tiles: tuple[Participant, ...] = ()
    """Cameras for the `tile` slots 0, 1, 2 … of all but consoles. A stage among them (a grid) is shown there alone."""
    views: dict[Participant, View] = Field(default_factory=dict)


class CloseRoom(Message):
    type: Literal["close-room"] = "close-room"
    room: str


class Offer(Message):
    """A browser's (or bot's) SDP offer. The node answers with `Answer` or `Refusal` bearing the same `request`."""

    type: Literal["offer"] = "offer"
    request: int
    room: str
    participant: Participant
    session: str
    sdp: str
    publish: dict[str, Publication] = Field(default_factory=dict)
    """MID of each `sendonly` section of the offer -> what it carries."""
    slots: dict[str, str] = Field(default_factory=dict)
    """MID of each `recvonly` section -> `audio-0` …, `stage`, `content`, `tile-0` …, `preview`, `preview-audio`."""


class Leave(Message):
    """Ends the participant's session (of this name, if given: an older one that is already replaced is ignored)."""

    type: Literal["leave"] = "leave"
    room: str
    participant: Participant
    session: str | None = None


class SessionKey(Message):
    room: str
    participant: Participant
    session: str


class Hello(Message):
    type: Literal["hello"] = "hello"
    node: str
    boot: str
    """A new value each time the node's process starts: sessions of another boot are gone."""
    version: str
    sessions: tuple[SessionKey, ...] = ()
    """Connected sessions that lived through a break of the control line."""


class Answer(Message):
    type: Literal["answer"] = "answer"
    request: int
    sdp: str


class Refusal(Message):
    type: Literal["refusal"] = "refusal"
    request: int
    code: Literal["bad-sdp", "no-common-codec", "too-many-slots", "busy"]
    detail: str


class SessionState(Message):
    type: Literal["session-state"] = "session-state"
    room: str
    participant: Participant
    session: str
    state: Literal["connected", "disconnected"]
    reason: str = ""


class Demand(Message):
    """The picture of this participant is wanted at this size from now on (sent when it changes, and on connect)."""

    type: Literal["demand"] = "demand"
    room: str
    participant: Participant
    camera: PictureDemand
    content: PictureDemand


class LinkReport(Message):
    """One participant's line over the last second."""

    participant: Participant
    rtt_ms: float | None = None
    loss_up: float = 0.0
    """Share of packets lost from the participant to the node before repair, 0 to 1."""
    loss_down: float = 0.0
    """The same from the node to the participant, from its receiver reports."""
    bitrate_up: int = 0
    """bit/s"""
    bitrate_down: int = 0
    audio_level: int | None = None
    """Loudest of the second in -dBov (RFC 6464): 0 is loudest, 127 is silence; None without a microphone."""
    camera_fps: float = 0.0
    limit_down: int | None = None
    """bit/s that the way down is known to carry; None while it has shown no end."""
    picture_down: PictureDown = "full"
    rating: Literal["good", "weak", "bad"] = "good"


class Links(Message):
    """Once a second for each room: every connected participant's line."""

    type: Literal["links"] = "links"
    room: str
    links: tuple[LinkReport, ...]
    counters: dict[str, int] = Field(default_factory=dict)
    """Of the whole node since it began (`media._core.Core.counters`): in one room's message of each second."""


ToNode = Annotated[Room | CloseRoom | Offer | Leave, Field(discriminator="type")]
FromNode = Annotated[Hello | Answer | Refusal | SessionState | Demand | Links, Field(discriminator="type")]

to_node: TypeAdapter[ToNode] = TypeAdapter(ToNode)
from_node: TypeAdapter[FromNode] = TypeAdapter(FromNode)
