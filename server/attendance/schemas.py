from datetime import datetime

from pydantic import BaseModel, Field

from server.attendance.people.schemas import CountOut


class AttendedMeeting(BaseModel):
    id: int
    kind: str
    title: str
    state: str
    unit_name: str
    main_point_name: str
    starts_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class AttendanceTotals(BaseModel):
    points: int
    """Member points."""
    present: int
    """In it now; of an ended meeting: in it until the end."""
    late: int
    """Came in after the start."""
    left: int
    """Were in it and are out (left, or their line is cut)."""
    absent: int
    """Never came in."""
    people: CountOut


class AttendanceUnit(BaseModel):
    """One unit with its whole branch; units come in tree order."""

    unit_id: int
    parent_id: int | None
    name: str
    depth: int
    points: int
    present: int
    ever: int
    people: CountOut


class AttendanceGap(BaseModel):
    begin: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")
    how: str
    """live (left on purpose), lost (line cut), end (the meeting had ended), by-hand."""


class AttendedRollCall(BaseModel):
    began_at: datetime
    ended_at: datetime | None
    points: int
    """Who was to be called."""
    answered: int


class RollAnswer(BaseModel):
    answered_at: datetime | None
    """None: no answer."""
    how: str
    """voice, button; empty without an answer."""


class AttendancePoint(BaseModel):
    """Points come in tree order. Times in and out are as they were; `seconds` and `gaps` count from the start of the
    meeting on, once it has started."""

    point_id: int
    name: str
    unit_id: int
    unit_name: str
    member: bool
    """False: it was there, and was taken off the meeting later."""
    first_in: datetime | None
    last_out: datetime | None
    """None while it is in."""
    out_how: str
    present: bool
    late: bool
    seconds: int
    gaps: list[AttendanceGap]
    answers: list[RollAnswer | None]
    """To each roll call of the report; None: it was not to be called."""
    people: CountOut


class AttendanceReport(BaseModel):
    meeting: AttendedMeeting
    generated_at: datetime
    totals: AttendanceTotals
    roll_calls: list[AttendedRollCall]
    """Oldest first."""
    units: list[AttendanceUnit]
    points: list[AttendancePoint]
