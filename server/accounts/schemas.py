import re
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from server.core.actor import Role
from server.core.fields import EmailAddress, Id, Line

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")


def _login(value: str) -> str:
    value = value.lower()
    if not _LOGIN.fullmatch(value):
        raise PydanticCustomError(
            "said",
            "not a login",
            {
                "vi": "Tên đăng nhập gồm 3 đến 64 chữ không dấu, số, dấu chấm, gạch.",
                "en": "A login has 3 to 64 letters without diacritics, digits, dots or dashes.",
            },
        )
    return value


Login = Annotated[Line, AfterValidator(_login)]
Password = Annotated[str, Field(min_length=1, max_length=128)]
"""How strong it has to be says `password_rules`."""
Token = Annotated[str, Field(min_length=1, max_length=100)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignInWrite(Body):
    login: Annotated[Line, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[Line, Field(max_length=20)] | None = None
    """Of the authenticator app, or for recovery; asked for by 401 `second-factor-needed`."""


class LinkSignIn(Body):
    token: Token
    replace: bool = False
    """Whoever else is signed in on this device is signed out; without it that is asked first (409)."""


class RoleWrite(Body):
    role: Role
    unit_id: Id


class RoleOut(BaseModel):
    role: Role
    unit_id: int
    unit_name: str


class Me(BaseModel):
    person_id: int | None
    point_id: int | None
    """Set for a hall's own device."""
    name: str
    title: str
    unit_id: int
    unit_name: str
    roles: list[RoleOut]
    only_meetings: list[int] | None
    """Came by personal links: these meetings are all that this session reaches. Null: not bound to any."""
    can_plan: bool
    administers: Literal["system", "branch"] | None
    """What the administrator's pages show: of a root unit everything, of a unit below it that branch alone."""
    keeps_system: bool
    """Administers every root there is, and so the system itself."""
    needs_factor: bool
    """The administrator's role waits: the second factor has to be set, or signed in with."""
    time_zone: str
    """IANA name of the one zone that all times are shown in."""
    login: str | None
    """What a person signs in by, if there is a name of that kind."""
    idle_lock_minutes: int | None
    """The desk, untouched for so long, locks itself. Null: this one does not."""


class LinkSignedIn(BaseModel):
    me: Me
    next: str
    """Where the link leads: a path of this site."""


class SessionOut(BaseModel):
    id: int
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    address: str
    """From where it was opened."""
    current: bool


class PasswordChange(Body):
    current: Annotated[str, Field(min_length=1, max_length=200)]
    new: Password


class PersonOut(BaseModel):
    id: int
    full_name: str
    title: str
    unit_id: int
    unit_name: str


Sex = Literal["male", "female"]
State = Literal["active", "locked", "dormant", "never"]
"""never: active, and has not signed in yet."""


class PeopleQuery(BaseModel):
    """Whom to choose from."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[Line, Field(max_length=100)] = ""
    """Words of name or position, diacritics or not."""
    unit_id: Id | None = None
    """Of this unit's branch."""
    near: Id | None = None
    """The unit to which those who are meant probably belong: they come first."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DirectoryQuery(BaseModel):
    """Which people; all of it together."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[Line, Field(max_length=100)] = ""
    """Words of name or position, diacritics or not; a login, an address or a telephone number."""
    unit_id: Id | None = None
    """Of this unit's branch."""
    role: Role | None = None
    """Who has it anywhere in one's own branches."""
    state: State | None = None
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DirectoryPerson(PersonOut):
    email: str | None
    phone: str | None
    login: str | None
    state: State
    signed_in_at: datetime | None
    roles: list[RoleOut]


class DirectoryPage(BaseModel):
    people: list[DirectoryPerson]
    total: int
    """How many there are in all."""


class PostOut(BaseModel):
    unit_id: int
    unit_name: str
    title: str
    valid_from: date | None
    """First day."""
    valid_until: date | None
    """Last day."""


class PostWrite(Body):
    unit_id: Id
    title: Annotated[Line, Field(min_length=1, max_length=200)]
    valid_from: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise PydanticCustomError(
                "said",
                "ends before it begins",
                {"vi": "Ngày kết thúc ở trước ngày bắt đầu.", "en": "The last day is before the first."},
            )
        return self


class PersonFull(PersonOut):
    revision: int
    email: str | None
    phone: str | None
    login: str | None
    sex: Sex | None
    born_on: date | None
    has_password: bool
    second_factor: bool
    """Signs in with a code too."""
    identity: bool
    """Signs in at the OpenID provider."""
    dormant: bool
    """The account was closed, as nobody had used it for long."""
    disabled: bool
    anonymised: bool
    signed_in_at: datetime | None
    roles: list[RoleOut]
    posts: list[PostOut]
    """The main one first; of those held today the first is the `title`."""


BirthDay = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 1, 1))]


class PersonWrite(Body):
    unit_id: Id
    full_name: Annotated[Line, Field(min_length=1, max_length=200)]
    title: Annotated[Line, Field(max_length=200)] = ""
    email: EmailAddress | None = None
    phone: Annotated[Line, Field(max_length=40)] | None = None
    login: Login | None = None
    password: Password | None = None
    sex: Sex | None = None
    born_on: BirthDay | None = None


class PersonPatch(Body):
    """What is left out stays. A `password` replaces the present one and signs the person out everywhere."""

    unit_id: Id | None = None
    full_name: Annotated[Line, Field(min_length=1, max_length=200)] | None = None
    title: Annotated[Line, Field(max_length=200)] | None = None
    email: EmailAddress | None = None
    phone: Annotated[Line, Field(max_length=40)] | None = None
    login: Login | None = None
    password: Password | None = None
    disabled: bool | None = None
    sex: Sex | None = None
    born_on: BirthDay | None = None


class PersonUses(BaseModel):
    """How much there is of a person, by what it is."""

    roles: int = 0
    leads: int = 0
    """Meetings chaired or kept as their secretary."""
    presents: int = 0
    """Items of agendas."""
    lists: int = 0
    """Lists of delegates."""
    checks: int = 0
    """Entries of attendance."""
    papers: int = 0
    """Versions of papers brought in."""
    receipts: int = 0
    """Papers read."""
    notes: int = 0


class MergePreview(BaseModel):
    kept: PersonFull
    gone: PersonFull
    moves: PersonUses
    """What the one that goes hands over."""
    same_name: bool
    """Spelled alike: names that differ in a tone mark are different names."""


class DuplicatePerson(PersonOut):
    email: str | None
    phone: str | None
    login: str | None
    born_on: date | None


class Duplicate(BaseModel):
    """Two records that may be of one person: of one name, diacritics aside."""

    one: DuplicatePerson
    other: DuplicatePerson
    same: list[Literal["born", "phone", "email", "unit"]]
    """What tells so. `unit`: of one unit, and the name is written alike."""


class DuplicatesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    unit_id: Id | None = None
    """Of this unit's branch."""
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 25


class DuplicatesPage(BaseModel):
    pairs: list[Duplicate]
    total: int


class MergeWrite(Body):
    gone_id: Id
    """The record that ends in this one."""


class AnonymiseWrite(Body):
    full_name: Annotated[Line, Field(min_length=1, max_length=200)]
    """Typed once more: it cannot be undone."""


NextPath = Annotated[str, Field(max_length=300, pattern=r"^/(?:[A-Za-z0-9_.~?&=%-][A-Za-z0-9_.~?&=%/-]*)?$")]
"""Of this site."""


class LinkWrite(Body):
    """For a person or for a hall's device: exactly one of the two."""

    person_id: Id | None = None
    point_id: Id | None = None
    next: NextPath = "/"
    days: Annotated[int, Field(ge=1, le=400)] = 30
    replace: bool = False
    """Ends the owner's earlier links."""


class LinkOut(BaseModel):
    link: str
    """"/join/<token>": shown once, kept nowhere."""
    address: str
    """The whole of it, as it is typed into a browser."""
    qr: str
    """The same as a picture (SVG), for a slip of paper."""
    expires_at: datetime


class SignInWays(BaseModel):
    """Beside a name with its password."""

    provider: str | None
    """What the OpenID provider is called; null: there is none."""
    reset: bool
    """Who has forgotten the password is sent a link by e-mail."""


class ResetAsked(Body):
    who: Annotated[Line, Field(min_length=1, max_length=254)]
    """A login, or an e-mail address."""


class ResetToken(Body):
    token: Token


class ResetOwner(BaseModel):
    login: str
    name: str


class ResetWrite(ResetToken):
    password: Password


class SignedOut(BaseModel):
    provider: str | None
    """Where one signs out at the provider, too, if one came from there."""


class FactorState(BaseModel):
    enrolled: bool
    required: bool
    """For an administrator here."""
    recovery_left: int
    by_provider: bool
    """Signed in at the OpenID provider: to have done so just now stands for the password."""


class PresenceProof(Body):
    password: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Left out by whoever has just signed in at the provider."""


class FactorBegun(BaseModel):
    key: str
    """To type into an app that cannot scan."""
    qr: str
    """SVG."""


class FactorCode(Body):
    code: Annotated[Line, Field(min_length=6, max_length=20)]


class RecoveryCodes(BaseModel):
    codes: list[str]
    """Shown once."""
