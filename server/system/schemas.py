from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.accounts.schemas import Login, Password, Token
from server.core.fields import EmailAddress, Id, Line
from server.core.setting_forms import SiteUrl, TimeZone
from server.live.protocol import Relay
from server.organisations.bodies import BodyKind
from server.organisations.schemas import Level, Name, ShortName, UnitCode

PublicUrl = Annotated[SiteUrl, Field(max_length=300)]
Mid = Annotated[str, Field(max_length=16)]
"""Of a section of the offer (RFC 8843)."""
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
    unit_body: BodyKind | None = None
    """State or Party; null: as its name says."""
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


class SettingsWrite(Body):
    """What is left out stays; null takes away."""

    public_url: PublicUrl | None = None
    time_zone: ZoneName | None = None


class MailTrial(Body):
    to: EmailAddress | None = None
    """Null: one's own address."""


class TrialWrite(Body):
    kind: Literal["papers", "audit"]


class TryAgain(Body):
    jobs: Annotated[list[Id], Field(max_length=200)] = []
    mails: bool = False
    """All that failed, up to a thousand at a time; not those that held a personal link."""


class TriedAgain(BaseModel):
    jobs: int
    mails: int


class ProbeOffer(Body):
    """One of two peer connections: what `up` sends comes back to `down`."""

    participant: Literal["up", "down"]
    session: Annotated[Line, Field(min_length=1, max_length=64)]
    sdp: Annotated[str, Field(max_length=64_000)]
    publish: Annotated[dict[Mid, Literal["microphone", "camera"]], Field(max_length=2)] = {}
    slots: Annotated[dict[Mid, Literal["audio-0", "stage"]], Field(max_length=2)] = {}


class ProbeAnswer(BaseModel):
    sdp: str


class ProbeWays(BaseModel):
    relays: list[Relay]


class SiteState(BaseModel):
    url: str
    public_url: str | None
    """Null: none is set."""
    public_url_fixed: bool
    time_zone: str
    time_zone_fixed: bool
    untrusted_proxy: str | None
    """Address of a proxy that stands in front and is not named in the settings."""


class DatabaseState(BaseModel):
    kind: Literal["sqlite", "postgresql"]
    version: str
    bytes: int


class DiskState(BaseModel):
    free: int
    total: int
    reserve: int
    """What uploads leave free; bytes."""


class MailTrialState(BaseModel):
    to: str
    state: Literal["queued", "sent", "delivered", "failed", "bounced"]
    error: str
    at: datetime


class MailState(BaseModel):
    configured: bool
    sender: str
    own_address: str | None
    queued: int
    failed: int
    failed_secret: int
    """Of these, held a personal link: not kept, not to be sent again."""
    last_error: str
    trial: MailTrialState | None


class FailedJob(BaseModel):
    id: int
    kind: str
    subject: str
    error: str
    failed_at: datetime


class JobsState(BaseModel):
    waiting: int
    """Due now or later."""
    late_seconds: int
    """How long the longest has been due that nobody has in hand."""
    failed: int
    last_failed: list[FailedJob]


class NodeState(BaseModel):
    name: str
    version: str
    sessions: int
    active: bool


class BackupState(BaseModel):
    at: datetime | None
    mark: str
    """The file whose time it is."""
    to: str | None
    """Where the server puts its own; null: nowhere is set."""
    next_at: datetime | None
    """When it makes the next one by itself."""
    error: str
    """Of the last try, if none succeeded since."""


class OutcomeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    at: datetime
    seconds: float
    problem: Literal["not-isolated", "not-installed", "failed", "altered", "cut"] | None
    detail: str
    office: str
    recogniser: str


class TrialState(BaseModel):
    running: bool
    last: OutcomeOut | None


class LoadState(BaseModel):
    """Since the server was started."""

    connections: int
    connections_most: int
    loop_worst_ms: float
    """The longest that everybody waited for one piece of work."""
    loop_stalls: int
    """How often it was over 10 ms."""
    writer_p99_ms: float
    """So long waited 99 of 100 who wrote."""
    writer_worst_ms: float
    refused: int
    """Times that a client reached a limit."""


class PageFaultSeen(BaseModel):
    """A fault that pages told of in people's browsers; nothing of whose."""

    model_config = ConfigDict(from_attributes=True)

    page: str
    build: str
    message: str
    browser: str
    stack: str
    times: int
    first_at: datetime
    last_at: datetime


class SystemState(BaseModel):
    now: datetime
    version: str
    site: SiteState
    database: DatabaseState
    disk: DiskState
    mail: MailState
    jobs: JobsState
    nodes: list[NodeState]
    backup: BackupState
    isolation: Literal["bwrap", "network", "none"]
    scanner: bool
    """A virus scanner is configured."""
    papers: TrialState
    audit: TrialState
    load: LoadState
    page_faults: list[PageFaultSeen]
    """The last first."""


class FirstSteps(BaseModel):
    """What there is already in the branches that the administrator keeps."""

    units: bool
    """Below the topmost one."""
    points: bool
    people: bool
    """Others than the one who asks."""
    organiser: bool
    """Somebody may plan meetings."""
    devices: bool
    """A hall's device is signed in."""
    meetings: bool
