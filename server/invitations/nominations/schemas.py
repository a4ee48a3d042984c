from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.core.fields import EmailAddress, Id, Line, Paragraphs, Time
from server.invitations.schemas import Body, Name, PersonChosen, PersonTyped, Phone
from server.meetings.schemas import MeetingKind

RemindHours = Literal[1, 2, 4, 24, 48, 72]


class CallWrite(Body):
    deadline: Time
    remind_hours: Annotated[list[RemindHours], Field(max_length=6)] = Field(default_factory=list)
    contact: Annotated[Line, Field(min_length=1, max_length=200)]
    note: Annotated[Paragraphs, Field(max_length=1000)] = ""


class CallOut(BaseModel):
    deadline: datetime
    remind_hours: list[int]
    done: list[int]
    contact: str
    note: str
    asked_at: datetime
    locked: bool


class NominationFigures(BaseModel):
    points: int = 0
    submitted: int = 0
    begun: int = 0
    """Have somebody on their list and have not submitted it."""
    people: int = 0


class NominationBranch(NominationFigures):
    """A unit directly below the one that holds the meeting, with its branch; or that one's own points."""

    unit_id: int
    name: str


NominationState = Literal["none", "begun", "submitted"]


class NominationRow(BaseModel):
    point_id: int
    name: str
    unit_name: str
    seats: int | None
    people: int
    state: NominationState
    locked: bool
    open_until: datetime | None
    submitted_at: datetime | None
    submitted_by: str
    contact_name: str
    contact_email: str | None
    contact_phone: str | None
    secretaries: list[str]
    """Names of those who keep the list with an account."""
    opened_at: datetime | None


class BoardQuery(BaseModel):
    state: NominationState | Literal["missing"] | None = None
    """missing: not submitted."""
    unit_id: Id | None = None
    """Points of this branch."""
    q: Annotated[Line, Field(max_length=100)] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0


class NominationBoard(BaseModel):
    as_of: datetime
    call: CallOut | None
    """Null: the points have not been asked."""
    may_ask: bool
    """The meeting has been made known, and is not over."""
    contact: str
    """What to begin with as the contact of a new call."""
    mail_ready: bool
    total: NominationFigures
    branches: list[NominationBranch]
    points: list[NominationRow]
    points_total: int


class ContactWrite(Body):
    full_name: Name
    email: EmailAddress | None = None
    phone: Phone | None = None


class NominationLinkWrite(Body):
    renew: bool = False
    """The link before opens nothing any more."""


class NominationLink(BaseModel):
    path: str


class Reopening(Body):
    until: Time


class Named(BaseModel):
    delegate_id: int
    full_name: str
    title: str


class NominationOut(BaseModel):
    """One point's list, for who makes it."""

    meeting_id: int
    point_id: int
    kind: MeetingKind
    title: str
    starts_at: datetime
    ends_at: datetime
    unit_name: str
    """Of who holds the meeting."""
    point_name: str
    point_unit_name: str
    seats: int | None
    note: str
    contact: str
    closes_at: datetime
    locked: bool
    people: list[Named]
    submitted_at: datetime | None
    submitted_by: str
    by_link: bool
    """Came by the private link, and has no account."""


class Choosable(BaseModel):
    person_id: int
    full_name: str
    title: str
    unit_name: str


class NamedWrite(Body):
    people: Annotated[list[PersonChosen | PersonTyped], Field(min_length=1, max_length=500)]


class NamedOut(BaseModel):
    nomination: NominationOut
    elsewhere: list[str]
    """Who stands on the list of this meeting already, here or at another point, and was left there."""
