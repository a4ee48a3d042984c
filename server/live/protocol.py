"""The messages of the live channel, as typed models. PROTOCOL.md says how they play together.

State on the wire is a set of *collections*: name -> key -> entity (a JSON object). An event carries whole new entities
(`Change`), so one reducer of three lines serves every client and every feature:
`collections[change.collection][change.key] = change.value`, or delete when the value is null.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Change(Wire):
    collection: str
    key: str
    """The entity's id as text; "" for a collection of one."""
    value: dict[str, Any] | None
    """The whole new entity, or null when it is gone."""


class Relay(Wire):
    """As `RTCConfiguration.iceServers` takes it."""

    urls: list[str]
    username: str
    credential: str


class Snapshot(Wire):
    """The first message after every connect: everything this client may see, as of event `seq`."""

    type: Literal["snapshot"] = "snapshot"
    seq: int
    now: datetime
    """The server's clock, so that timers agree."""
    participant: str
    """This client's name in media messages ("point-17", "desk-…")."""
    audience: Literal["console", "hall", "member", "desk"]
    media: bool
    """A media node is there."""
    relays: list[Relay] = []
    """By which media gets through where a firewall lets nothing out to the node."""
    build: str = ""
    """Of the web application that the server hands out: a page of another one is old. Empty: it has none."""
    collections: dict[str, dict[str, dict[str, Any]]]


class Event(Wire):
    """Something happened and was committed. `seq` grows; numbers this client may not see are left out."""

    type: Literal["event"] = "event"
    seq: int
    at: datetime
    kind: str
    """What happened, for people and logs: "floor.given", "point.joined" …"""
    actor: str
    """Who did it, by name; empty for the system."""
    changes: list[Change]


class Signal(Wire):
    """Something passing (not logged, not repeated): `demand`, `links`, `media-node`, `session-replaced`."""

    type: Literal["signal"] = "signal"
    kind: str
    data: dict[str, Any]


class ErrorBody(Wire):
    code: str
    vi: str
    en: str
    details: dict[str, Any] = Field(default_factory=dict)


class Reply(Wire):
    type: Literal["reply"] = "reply"
    id: int
    ok: bool
    data: dict[str, Any] = Field(default_factory=dict)
    error: ErrorBody | None = None


class Pong(Wire):
    type: Literal["pong"] = "pong"
    now: datetime


class Command(Wire):
    """A client's wish. `id` is the client's own, answered by the `Reply` that bears it."""

    type: Literal["command"] = "command"
    id: int
    name: str = Field(max_length=64)
    data: dict[str, Any] = Field(default_factory=dict)


class Ping(Wire):
    type: Literal["ping"] = "ping"


ServerMessage = Annotated[Snapshot | Event | Signal | Reply | Pong, Field(discriminator="type")]
ClientMessage = Annotated[Command | Ping, Field(discriminator="type")]
client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
