from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from server.accounts.schemas import Login, Password, Token
from server.core.fields import Line
from server.core.setting_forms import SiteUrl, TimeZone
from server.organisations.schemas import Level, Name, ShortName, UnitCode

PublicUrl = Annotated[SiteUrl, Field(max_length=300)]
ZoneName = Annotated[TimeZone, Field(max_length=64)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SetupState(BaseModel):
    needed: bool
    """Nobody is there yet who could sign in."""
    public_url: str | None
    """Fixed by the environment; null: it can be set."""
    time_zone: str
    time_zone_fixed: bool


class FirstStart(Body):
    unit_name: Name
    """Of the root: "Tỉnh Lâm Đồng"."""
    unit_short_name: ShortName | None = None
    """Null: the name without "Tỉnh", "Xã" …"""
    unit_level: Level = "province"
    unit_code: UnitCode | None = None
    full_name: Annotated[Line, Field(min_length=1, max_length=200)]
    """Of the first administrator."""
    login: Login
    password: Password
    public_url: PublicUrl | None = None
    time_zone: ZoneName | None = None


class SetupWrite(FirstStart):
    token: Token


class SetupDone(BaseModel):
    url: str
    """Where the system is reached from now on, without a slash at the end."""
