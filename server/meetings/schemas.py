from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line, Paragraphs, Time
from server.meetings.address import Address
from server.meetings.announcements.facts import PlanChange
from server.meetings.announcements.queries import News
from server.meetings.days import MOST_DAYS, MeetingDay
from server.meetings.live.entities import AgendaKind, MeetingStateName

MeetingKind = Literal["hoi-nghi", "cuoc-hop", "phien-hop", "ky-hop", "dai-hoi"]

MOST_ITEMS = 200
MOST_POINTS = 5_000
"""The largest national conferences relay province by province; one meeting's own points stay below this."""

Title = Annotated[Line, Field(min_length=1, max_length=300)]
Description = Annotated[Paragraphs, Field(max_length=20_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AgendaWrite(Body):
    id: Id | None = None
    """Of the item as it is now; None for a new one. An item left out is deleted."""
    kind: AgendaKind = "item"
    """A break has nobody who presents."""
    day: Annotated[int, Field(ge=0, lt=MOST_DAYS)] = 0
    """Place of its day in `days`."""
    title: Title
    minutes: Annotated[int, Field(ge=0, le=24 * 60)]
    presenter_id: Id | None = None
    presenter_text: Annotated[Line, Field(max_length=200)] = ""


class MemberWrite(Body):
    point_id: Id
    speaker: Annotated[Line, Field(max_length=200)] = ""


class MeetingWrite(Body):
    kind: MeetingKind
    title: Title
    description: Description = ""
    address: Address = ""
    unit_id: Id
    starts_at: Time
    ends_at: Time
    days: Annotated[list[MeetingDay], Field(max_length=MOST_DAYS)] = Field(default_factory=list)
    """Hours of each day of a meeting that lasts several. The first begins with the meeting, the last ends with it."""
    main_point_id: Id
    chair_id: Id | None = None
    secretary_id: Id | None = None
    agenda: Annotated[list[AgendaWrite], Field(max_length=MOST_ITEMS)] = Field(default_factory=list)
    points: Annotated[list[MemberWrite], Field(max_length=MOST_POINTS)] = Field(default_factory=list)


class MeetingPatch(Body):
    """What is left out stays; the lists, if given, replace the present ones whole."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    """Of the meeting as the editor saw it."""
    kind: MeetingKind | None = None
    title: Title | None = None
    description: Description | None = None
    address: Address | None = None
    unit_id: Id | None = None
    starts_at: Time | None = None
    ends_at: Time | None = None
    days: Annotated[list[MeetingDay], Field(max_length=MOST_DAYS)] | None = None
    main_point_id: Id | None = None
    chair_id: Id | None = None
    secretary_id: Id | None = None
    agenda: Annotated[list[AgendaWrite], Field(max_length=MOST_ITEMS)] | None = None
    points: Annotated[list[MemberWrite], Field(max_length=MOST_POINTS)] | None = None
    removed_people: Literal["online", "off-list"] | None = None
    """What becomes of the delegates of points that are taken out. Null: the edit is refused if there are any."""


Reason = Annotated[Line, Field(min_length=1, max_length=500)]


class Postponing(Body):
    reason: Reason


class Rescheduling(Body):
    starts_at: Time
    ends_at: Time
    reason: Annotated[Line, Field(max_length=500)] = ""


class Announcing(Body):
    note: Annotated[Line, Field(max_length=500)] = ""
    """Said to everybody beside the changes."""
    silent: bool = False
    """Nobody is told; the changes count as known."""


class RightsOut(BaseModel):
    view: bool
    attend: bool
    """Picture, sound, the live channel and papers; `view` alone: that there is such a meeting."""
    oversee: bool
    """The console, and attendance of every point."""
    organise: bool
    conduct: bool
    operate: bool
    present: bool
    points: list[int]
    """Bridge points of this meeting that the actor may bring in."""
    delegate_id: int | None
    """The actor's place on the list of delegates."""


class AgendaOut(BaseModel):
    id: int
    kind: AgendaKind
    day: int
    title: str
    minutes: int
    begins_at: datetime
    """If all before it on its day keep to their minutes."""
    presenter_id: int | None
    presenter_name: str
    presenter_title: str
    presenter_text: str


class MemberOut(BaseModel):
    point_id: int
    speaker: str
    name: str
    unit_id: int


class Notice(BaseModel):
    """Something the server did on its own account, to be shown once."""

    vi: str
    en: str


class ListFigures(BaseModel):
    """Of the lists of delegates; the same numbers wherever a page speaks of them."""

    points: int
    """Bridge points of the meeting."""
    listed_points: int
    """Of these, how many have somebody on their list."""
    people: int
    """On the lists; who comes in another's stead is not counted besides."""
    online: int
    """Of these, how many have no hall."""


class MeetingOut(BaseModel):
    id: int
    kind: MeetingKind
    title: str
    description: str
    address: Address
    """How people are spoken to."""
    series_id: int | None
    state: MeetingStateName
    version: int
    unit_id: int
    unit_name: str
    starts_at: datetime
    ends_at: datetime
    days: list[MeetingDay]
    main_point_id: int
    main_point_name: str
    chair_id: int | None
    chair_name: str
    chair_title: str
    """Their position, as the people list has it."""
    secretary_id: int | None
    secretary_name: str
    secretary_title: str
    agenda: list[AgendaOut]
    points: list[MemberOut]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    my: RightsOut
    lists: ListFigures | None
    """For whoever oversees the meeting."""
    news: News | None
    """Of the newest that everybody was told after the invitation."""
    unannounced: list[PlanChange]
    """What is another than everybody was told; for the organiser."""
    notices: list[Notice] = Field(default_factory=list)


class MeetingSummary(BaseModel):
    id: int
    kind: MeetingKind
    title: str
    state: MeetingStateName
    starts_at: datetime
    ends_at: datetime
    unit_name: str
    main_point_name: str
    point_count: int
    agenda_count: int
    my: RightsOut
    lists: ListFigures | None
    """For the organiser, until the meeting opens."""
