from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from server.attendance.people.status import Kind, State
from server.core.fields import EmailAddress, Id, Line
from server.live.protocol import Wire
from server.meetings.schemas import ListFigures

MOST_AT_ONCE = 500
"""Delegates of one request: more than the largest hall seats."""
Reason = Annotated[Line, Field(max_length=300)]


class TurnoutEntity(Wire):
    """Collection `turnout`, key "" (the meeting), a point's id, or "online" (delegates without a hall). Figures of the
    list, as in `Count`."""

    expected: int
    present: int
    online: int
    leave: int
    absent: int
    left: int
    substitutes: int
    counted: int
    signed_off: bool
    """Of the meeting: every hall has signed."""


class CountOut(BaseModel):
    """expected = present + online + left + leave + absent and the rest is yet to come. Nobody is
    absent before the hall has signed or the meeting has ended.
    A delegate counts in the hall where he is expected, wherever he sits."""

    expected: int
    """On the list; a substitute stands for whom he represents."""
    present: int
    online: int
    leave: int
    absent: int
    """Without leave, from the start of the meeting."""
    left: int
    """Were there, and went before the end."""
    substitutes: int
    """How many of those that came did so in somebody's stead."""
    counted: int
    """To be reported: people sitting in this hall, by the list or by headcount, whichever is more, and those online."""


class HeadcountOut(BaseModel):
    count: int
    note: str
    at: datetime
    by_name: str


class SignOffOut(BaseModel):
    at: datetime
    by_name: str
    present: int
    """As signed: present and online by the list."""
    note: str


class TurnoutUnit(CountOut):
    """One unit with its whole branch; units come in tree order."""

    unit_id: int
    parent_id: int | None
    name: str
    depth: int


class TurnoutPoint(CountOut):
    """Points come in tree order; delegates without a hall last."""

    point_id: int | None
    name: str
    unit_id: int | None
    unit_name: str
    headcount: HeadcountOut | None
    signed_off: SignOffOut | None


class TurnoutOut(BaseModel):
    as_of: datetime
    totals: CountOut
    lists: ListFigures
    units: list[TurnoutUnit]
    points: list[TurnoutPoint]


class NamedDelegate(BaseModel):
    delegate_id: int
    full_name: str


class PersonOut(BaseModel):
    delegate_id: int
    full_name: str
    title: str
    unit_name: str
    role: str
    state: State
    at: datetime | None
    """When they came in, went, or were given leave."""
    how: str
    by_name: str
    reason: str
    substitute: NamedDelegate | None
    """Who comes in their stead."""
    substitutes: NamedDelegate | None
    """In whose stead they come."""
    elsewhere: str | None
    """The hall where they are, if it is not the one that expects them; of a visitor: the one that does."""


class PointPeople(BaseModel):
    point_id: int
    name: str
    unit_name: str
    as_of: datetime
    count: CountOut
    headcount: HeadcountOut | None
    signed_off: SignOffOut | None
    may_take: bool
    may_sign: bool
    """The hall's secretary, and who leads the meeting; its technician only takes attendance."""
    people: list[PersonOut]
    visitors: list[PersonOut]
    """Delegates of other halls who sit here."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChecksWrite(Body):
    """`out` by hand takes back a check-in noted by mistake; otherwise it means that they have left."""

    delegate_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_AT_ONCE)]
    kind: Kind
    how: Literal["list", "group", "by-hand"] = "list"
    reason: Reason = ""

    @model_validator(mode="after")
    def _leave_has_a_reason(self) -> Self:
        if self.kind == "leave" and not self.reason:
            raise PydanticCustomError(
                "said",
                "leave without a reason",
                {"vi": "Ghi lý do vắng mặt của đại biểu.", "en": "Say why the delegate is given leave."},
            )
        return self


class ChecksOut(BaseModel):
    people: list[PersonOut]
    """Those asked for, and those whose place they take, as they stand now."""
    count: CountOut


class HeadcountWrite(Body):
    count: Annotated[int, Field(ge=0, le=100_000)]
    note: Reason = ""


class SubstituteWrite(Body):
    delegate_id: Id
    """In whose stead."""
    full_name: Annotated[Line, Field(min_length=1, max_length=200)]
    title: Annotated[Line, Field(max_length=200)] = ""
    email: EmailAddress | None = None


class SignOffWrite(Body):
    note: Reason = ""


class CheckInWrite(Body):
    hall: Annotated[Line, Field(min_length=1, max_length=60)]
    """The code on the hall's screen."""


class CheckInOut(BaseModel):
    point_id: int
    point_name: str
    at: datetime
    already: bool
    """They were checked in here before; nothing was written."""


class OnlineWrite(Body):
    online: bool


class MyAttendance(BaseModel):
    state: State
    point_name: str | None
    """The hall where they are, or else the one that expects them."""
    at: datetime | None
    how: str
