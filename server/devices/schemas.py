from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line

Part = Literal["main", "papers", "spare"]
"""main: the hall's screen, camera and sound. papers: shows the presented page alone. spare: stands by to take over."""
Found = Literal["unknown", "ok", "none", "denied"]
"""A camera or microphone as the page finds it: nobody has asked yet, there, none there, not allowed by the browser."""
Show = Literal["all", "without", "unseen"]
"""Points: all, those without any device, those whose devices have all been silent for a week."""

Name = Annotated[Line, Field(max_length=60)]
Days = Annotated[int, Field(ge=1, le=60)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CodeWrite(Body):
    point_id: Id
    part: Part = "main"
    name: Name = ""
    days: Days = 7


class CodeMade(BaseModel):
    id: int
    code: str
    """"K7QM-3DXP": shown once, kept nowhere."""
    address: str
    """Where it is typed, or what the QR leads to: the code stands behind the "#"."""
    qr: str
    """SVG of `address`."""
    expires_at: datetime


class SheetWrite(Body):
    """New codes for many points, to be printed: for these points, or for all of a branch."""

    unit_id: Id | None = None
    point_ids: Annotated[list[Id], Field(max_length=500)] | None = None
    part: Part = "main"
    only_without: bool = False
    """Only points that have no device of this part yet."""
    days: Days = 14


class CodeUse(Body):
    code: Annotated[Line, Field(min_length=1, max_length=40)]
    replace: bool = False
    """Whoever else is signed in in this browser is signed out; without it that is asked first (409)."""


class DeviceWrite(Body):
    """What is left out stays."""

    part: Part | None = None
    name: Name | None = None


class DeviceReport(BaseModel):
    """Of pages that may be of another version: what is not known here is passed over."""

    build: Annotated[str, Field(max_length=64)] = ""
    camera: Found = "unknown"
    microphone: Found = "unknown"


class OwnDevice(BaseModel):
    """This browser, as the point's device that it is, or was."""

    state: Literal["none", "active", "revoked", "expired", "closed"]
    """none: it is nobody's, or came by a personal link of a hall's, for once; revoked: taken away, or signed out;
    expired: not used for longer than a device may be away; closed: its bridge point is out of use."""
    id: int | None = None
    point_id: int | None = None
    point_name: str = ""
    unit_name: str = ""
    part: Part = "main"
    name: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    """Whom to ask why; empty where nobody took it away."""
    served: str = ""
    """The version of the pages that the server hands out."""
    now: datetime


class DeviceOut(BaseModel):
    id: int
    point_id: int
    part: Part
    name: str
    created_at: datetime
    set_up_by: str
    last_seen_at: datetime
    address: str
    user_agent: str
    build: str
    current: bool
    """It shows the version that the server hands out."""
    camera: Found
    microphone: Found


class CodeOut(BaseModel):
    """A code that was made and is not used yet."""

    id: int
    point_id: int
    part: Part
    name: str
    created_at: datetime
    expires_at: datetime


class PointDevices(BaseModel):
    point_id: int
    name: str
    unit_id: int
    unit_name: str
    contact_name: str | None
    contact_phone: str | None
    devices: list[DeviceOut]
    codes: list[CodeOut]


class DeviceTotals(BaseModel):
    points: int
    without: int
    unseen: int


class DevicePage(BaseModel):
    total: int
    """Points that the filter finds."""
    totals: DeviceTotals
    """Of the branch, whatever the filter."""
    points: list[PointDevices]
