from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.core.fields import Id, Line, Time
from server.meetings.address import Address
from server.meetings.days import MOST_DAYS, MeetingDay, WallTime
from server.meetings.live.entities import MeetingStateName
from server.meetings.schemas import (
    MOST_ITEMS,
    MOST_POINTS,
    AgendaWrite,
    Body,
    Description,
    MeetingKind,
    MemberWrite,
    Reason,
    Title,
)

Name = Annotated[Line, Field(min_length=1, max_length=120)]


class TemplatePlan(Body):
    kind: MeetingKind
    address: Address = ""
    title: Title
    """May say {ngày}, {tuần}, {tháng}, {quý}, {năm}: whoever uses it puts the meeting's own in their place."""
    description: Description = ""
    start: WallTime
    minutes: Annotated[int, Field(ge=1, le=14 * 24 * 60)]
    """From the start to the planned end."""
    days: Annotated[list[MeetingDay], Field(max_length=MOST_DAYS)] = Field(default_factory=list)
    """Of a meeting that lasts several."""
    main_point_id: Id | None = None
    chair_id: Id | None = None
    secretary_id: Id | None = None
    agenda: Annotated[list[AgendaWrite], Field(max_length=MOST_ITEMS)] = Field(default_factory=list)
    """Without ids."""
    points: Annotated[list[MemberWrite], Field(max_length=MOST_POINTS)] = Field(default_factory=list)


class TemplateWrite(Body):
    unit_id: Id
    name: Name
    plan: TemplatePlan
    replace: bool = False
    """Takes the place of the unit's template of this name, if there is one."""


class TemplateSummary(BaseModel):
    id: int
    unit_id: int
    unit_name: str
    name: str
    saved_at: datetime


class TemplateOut(TemplateSummary):
    plan: TemplatePlan
    """As it can be used now, by who asks: without points and people that are gone, or are not theirs to choose."""
    people: dict[int, str]
    """Names of those in `plan`."""


class GroupWrite(Body):
    unit_id: Id
    name: Name
    point_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_POINTS)]
    replace: bool = False
    """Takes the place of the unit's group of this name, if there is one."""


class GroupOut(BaseModel):
    id: int
    unit_id: int
    unit_name: str
    name: str
    point_ids: list[int]
    """Of points in use."""


class ClashesAsked(Body):
    """A plan, as far as it is typed."""

    meeting_id: Id | None = None
    """Of the meeting that is edited."""
    starts_at: Time
    ends_at: Time
    point_ids: Annotated[list[Id], Field(max_length=MOST_POINTS)] = Field(default_factory=list)
    person_ids: Annotated[list[Id], Field(max_length=MOST_ITEMS + 2)] = Field(default_factory=list)
    """Chair, secretary, presenters."""


class Clash(BaseModel):
    """Another meeting at the same hour."""

    meeting_id: int | None
    """Null, with an empty title: of another unit, and not the asker's to see."""
    title: str
    starts_at: datetime
    ends_at: datetime
    points: list[str]
    """Some of the halls that both want."""
    point_count: int
    people: list[str]
    """Who would lead or present here and does there."""


Every = Literal["week", "two-weeks", "month"]


class SeriesWrite(Body):
    every: Every
    dates: Annotated[list[date], Field(min_length=1, max_length=60)]
    """The other days, by the wall's calendar: the rule's, without those that are left out."""
    title: Title
    """May have the marks of a template's."""
    lists: bool = False
    """Each begins with this one's lists of delegates."""


class SeriesMeeting(BaseModel):
    id: int
    title: str
    state: MeetingStateName
    starts_at: datetime


class SeriesOut(BaseModel):
    every: Every
    title: str
    left: int
    """Meetings that are still being made."""
    following: int
    """Later ones that would follow a change of this one."""
    drafts_later: int
    """Later ones that go without a word when the series ends here."""
    known_later: int
    """Later ones of which people are told that they are called off."""
    meetings: list[SeriesMeeting]
    """The earliest first."""


class SeriesEnd(Body):
    reason: Reason
    """Said to everybody who knows of the later meetings."""


class FollowOut(BaseModel):
    queued: int
    """Later meetings that are being changed, or taken away."""
