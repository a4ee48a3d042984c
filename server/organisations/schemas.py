import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from server.core.fields import Id, Line, Paragraphs
from server.organisations.bodies import BodyKind

Level = Literal["central", "province", "district", "commune", "below"]

_FORMER_CODE = re.compile(r"\d{3}(\.\d{2}){2}\.[A-Z]\d{2}")
_CODE = re.compile(rf"[A-Z][A-Z0-9]*(\.[A-Z0-9]+)*|{_FORMER_CODE.pattern}")


def _unit_code(value: str) -> str:
    """ "H36.1.2", or the older "000.01.02.H36"."""
    value = value.upper()
    if not _CODE.fullmatch(value):
        raise PydanticCustomError(
            "said",
            "not a unit code",
            {
                "vi": "Mã định danh có dạng H36.1.2 (chữ A–Z, số, cách nhau bằng dấu chấm) hoặc 000.01.02.H36.",
                "en": "A unit code looks like H36.1.2 (A–Z, digits, dots between) or 000.01.02.H36.",
            },
        )
    return value


def _former_code(value: str) -> str:
    value = value.upper()
    if not _FORMER_CODE.fullmatch(value):
        raise PydanticCustomError(
            "said",
            "not a former unit code",
            {"vi": "Mã theo quy định cũ có dạng 000.01.02.H36.", "en": "A former unit code looks like 000.01.02.H36."},
        )
    return value


UnitCode = Annotated[Line, Field(max_length=35), AfterValidator(_unit_code)]
FormerCode = Annotated[Line, Field(max_length=35), AfterValidator(_former_code)]
Name = Annotated[Line, Field(min_length=1, max_length=200)]
ShortName = Annotated[Line, Field(min_length=1, max_length=60)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]
Seats = Annotated[int, Field(ge=0, le=100_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UnitWrite(Body):
    parent_id: Id
    name: Name
    short_name: ShortName
    code: UnitCode | None = None
    former_code: FormerCode | None = None
    level: Level
    body: BodyKind | None = None
    """Null: as its name says, else as the unit above."""
    position: Position = 0
    valid_from: date | None = None
    valid_until: date | None = None


class UnitPatch(Body):
    """What is left out stays. `parent_id` moves the unit with its whole branch. Its end has actions of its own."""

    parent_id: Id | None = None
    name: Name | None = None
    short_name: ShortName | None = None
    code: UnitCode | None = None
    former_code: FormerCode | None = None
    level: Level | None = None
    body: BodyKind | None = None
    position: Position | None = None
    valid_from: date | None = None


class UnitClosing(Body):
    valid_until: date
    """The last day on which it exists."""
    successor_id: Id | None = None
    hand_over: Annotated[frozenset[Literal["units", "points", "people", "plans"]], Field(max_length=4)] = frozenset(
        {"units", "points", "people", "plans"}
    )
    """What the successor takes over; without effect when there is none."""


class UnitUses(BaseModel):
    """What hangs on a unit: looked at before it is changed."""

    units: int = 0
    """Directly below."""
    points: int = 0
    people: int = 0
    roles: int = 0
    """Held over it, by anybody."""
    posts: int = 0
    """Held in it now or later."""
    plans: int = 0
    """Its groups of points, templates and series of meetings."""
    meetings: int = 0
    """Held by it."""
    meetings_ahead: int = 0
    """Of those, not ended."""


class PointUses(BaseModel):
    meetings: int = 0
    meetings_ahead: int = 0
    devices: int = 0
    """Browsers that are signed in as this point."""


class UnitOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    parent_id: int | None
    revision: int
    path: str
    name: str
    short_name: str
    code: str | None
    former_code: str | None
    level: str
    body: BodyKind
    position: int
    valid_from: date | None
    valid_until: date | None
    successor_id: int | None


class PointWrite(Body):
    unit_id: Id
    name: Name
    short_name: ShortName
    position: Position = 0
    seats: Seats | None = None
    address: Annotated[Line, Field(max_length=300)] | None = None
    contact_name: Annotated[Line, Field(max_length=200)] | None = None
    contact_phone: Annotated[Line, Field(max_length=40)] | None = None
    equipment: Annotated[Paragraphs, Field(max_length=1000)] | None = None
    main_line: Annotated[Line, Field(max_length=200)] | None = None
    backup_line: Annotated[Line, Field(max_length=200)] | None = None


class PointPatch(Body):
    """What is left out stays. `closed` takes the point out of use and keeps its history; `unit_id` gives it to another
    unit."""

    unit_id: Id | None = None
    name: Name | None = None
    short_name: ShortName | None = None
    position: Position | None = None
    seats: Seats | None = None
    address: Annotated[Line, Field(max_length=300)] | None = None
    contact_name: Annotated[Line, Field(max_length=200)] | None = None
    contact_phone: Annotated[Line, Field(max_length=40)] | None = None
    equipment: Annotated[Paragraphs, Field(max_length=1000)] | None = None
    main_line: Annotated[Line, Field(max_length=200)] | None = None
    backup_line: Annotated[Line, Field(max_length=200)] | None = None
    closed: bool | None = None


class PointOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    revision: int
    unit_id: int
    name: str
    short_name: str
    position: int
    seats: int | None
    address: str | None
    contact_name: str | None
    contact_phone: str | None
    equipment: str | None
    main_line: str | None
    backup_line: str | None
    closed_at: datetime | None


class Tree(BaseModel):
    units: list[UnitOut]
    points: list[PointOut]
