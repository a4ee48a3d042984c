from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line, Paragraphs
from server.readiness.judgement import Fault, State

Camera = Literal["ok", "none", "denied", "muted", "dark"]
Microphone = Literal["ok", "none", "denied", "muted"]
Loop = Literal["heard", "unheard", "unable"]
Way = Literal["udp", "tcp", "relay"]
Verdict = Literal["passed", "failed", "note"]
Kind = Literal["trial", "full", "check"]
Presence = Literal["absent", "testing", "ready", "lost"]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Kbps = Annotated[int, Field(ge=0, le=10_000_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HallTestWrite(BaseModel):
    """What a hall's page measured. It may be a page of another version: what is not known is left out."""

    meeting_id: Id | None = None
    """The room it is in."""
    camera: Camera
    microphone: Microphone
    level_db: Annotated[float, Field(ge=-200, le=20, allow_inf_nan=False)] | None = None
    loop: Loop
    connected: bool
    way: Way | None = None
    """By which media got through: straight by UDP or TCP, or by a relay."""
    up_kbps: Kbps | None = None
    down_kbps: Kbps | None = None
    loss_up: Share | None = None
    loss_down: Share | None = None
    round_trip_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None


class HallTestOut(BaseModel):
    id: int
    at: datetime
    by_name: str
    meeting_id: int | None
    camera: Camera
    microphone: Microphone
    level_db: float | None
    loop: Loop
    connected: bool
    way: Way | None
    up_kbps: int | None
    down_kbps: int | None
    loss_up: float | None
    loss_down: float | None
    round_trip_ms: int | None
    passed: bool
    faults: list[Fault]
    """The most important first."""


class VerdictWrite(Body):
    verdict: Verdict
    note: Annotated[Line, Field(max_length=500)] = ""


class VerdictOut(BaseModel):
    at: datetime
    by_name: str
    verdict: Verdict
    note: str


class ReadinessPoint(BaseModel):
    """One segment of the wall; the rest is asked for when somebody opens it."""

    point_id: int
    name: str
    short_name: str
    unit_id: int
    main: bool
    state: State
    presence: Presence
    since: datetime | None
    """Of the presence; None: it never came in."""
    machine_at: datetime | None
    """When its own machine was last heard of; None: it has none."""
    tested_at: datetime | None
    """Its last test, whenever it was."""
    passed: bool | None
    """That test; None: none, or from before the time that counts (`since` of the board)."""
    verdict: Verdict | None
    """The last of the time that counts."""
    note: str
    people: int
    """Delegates on its list; 0: no list."""
    saved: int
    """Of them, on whose device a paper is."""
    opened: int
    """Of them, who have opened one."""
    contact_name: str
    contact_phone: str


class ReadinessUnit(BaseModel):
    unit_id: int
    parent_id: int | None
    name: str
    depth: int


class ReadinessTotals(BaseModel):
    points: int
    ready: int
    testing: int
    trouble: int
    lost: int
    absent: int
    technicians: int
    """Halls in which somebody is: in the room, or tested in the time that counts."""
    tested: int
    listed: int
    """Halls with a list of delegates."""
    people: int
    saved: int
    opened: int


class ReadinessRehearsal(BaseModel):
    id: int
    kind: Kind
    opened_at: datetime


class ReadinessBoard(BaseModel):
    generated_at: datetime
    meeting_id: int
    state: str
    starts_at: datetime
    since: datetime
    """Tests and verdicts count from then on."""
    direct: bool
    """Whoever asks may open and close the rooms, and say what is found."""
    papers: int
    """To be read; 0: nothing to save or open."""
    rehearsal: ReadinessRehearsal | None
    """The one that goes on."""
    totals: ReadinessTotals
    units: list[ReadinessUnit]
    """In the order of the tree."""
    points: list[ReadinessPoint]


class PointReadiness(BaseModel):
    """Everything about one hall."""

    point_id: int
    name: str
    address: str
    seats: int | None
    equipment: str
    main_line: str
    backup_line: str
    contact_name: str
    contact_phone: str
    tests: list[HallTestOut]
    """The last ones, newest first."""
    verdicts: list[VerdictOut]
    """Of this meeting, newest first."""


class RehearsalOut(BaseModel):
    id: int
    kind: Kind
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str
    outcome: str
    note: str
    came: int
    points: int


class RehearsalWrite(Body):
    """What is left out stays."""

    kind: Kind | None = None
    note: Annotated[Paragraphs, Field(max_length=2000)] | None = None


class RehearsalPoint(BaseModel):
    point_id: int
    name: str
    unit_name: str
    came_at: datetime | None
    """None: it did not come."""
    seconds: int
    """In all."""
    lost: int
    """How often its line was cut."""
    test: HallTestOut | None
    """The last of that time."""
    verdict: VerdictOut | None


class RehearsalRecord(RehearsalOut):
    meeting_id: int
    title: str
    tested: int
    passed: int
    failed: int
    """By verdict; by the test where there is none."""
    results: list[RehearsalPoint]


class TechniciansReminded(BaseModel):
    points: int
    """Whose technicians are being reminded."""
