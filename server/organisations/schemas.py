import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from server.core.fields import Id, Line

Level = Literal["central", "province", "district", "commune", "below"]

_CODE = re.compile(r"[A-Z][A-Z0-9]*(\.[A-Z0-9]+)*|\d{3}(\.\d{2}){2}\.[A-Z]\d{2}")


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


UnitCode = Annotated[Line, Field(max_length=35), AfterValidator(_unit_code)]
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
    level: Level
    position: Position = 0
    valid_from: date | None = None
    valid_until: date | None = None


class UnitPatch(Body):
    """What is left out stays. `parent_id` moves the unit with its whole branch."""

    parent_id: Id | None = None
    name: Name | None = None
    short_name: ShortName | None = None
    code: UnitCode | None = None
    level: Level | None = None
    position: Position | None = None
    valid_from: date | None = None
    valid_until: date | None = None


class UnitOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    parent_id: int | None
    revision: int
    path: str
    name: str
    short_name: str
    code: str | None
    level: str
    position: int
    valid_from: date | None
    valid_until: date | None


class PointWrite(Body):
    unit_id: Id
    name: Name
    short_name: ShortName
    position: Position = 0
    seats: Seats | None = None
    contact_name: Annotated[Line, Field(max_length=200)] | None = None
    contact_phone: Annotated[Line, Field(max_length=40)] | None = None


class PointPatch(Body):
    """What is left out stays. `closed` takes the point out of use and keeps its history."""

    name: Name | None = None
    short_name: ShortName | None = None
    position: Position | None = None
    seats: Seats | None = None
    contact_name: Annotated[Line, Field(max_length=200)] | None = None
    contact_phone: Annotated[Line, Field(max_length=40)] | None = None
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
    contact_name: str | None
    contact_phone: str | None


class Tree(BaseModel):
    units: list[UnitOut]
    points: list[PointOut]
