from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line, Time
from server.meetings.schemas import ListFigures

PaperKind = Literal[
    "to-trinh",
    "bao-cao",
    "du-thao",
    "nghi-quyet",
    "quyet-dinh",
    "ke-hoach",
    "chuong-trinh",
    "thong-bao",
    "huong-dan",
    "cong-van",
    "bien-ban",
    "giay-moi",
    "phat-bieu",
    "phu-luc",
    "tham-khao",
    "khac",
]
Urgency = Literal["", "khan", "thuong-khan", "hoa-toc"]
SignedAs = Literal["view", "clean"]
PaperState = Literal["ready", "working", "refused", "failed", "locked", "recalled", "hidden"]
VersionState = Literal["queued", "working", "ready", "refused", "failed"]
AudienceRole = Literal["chair", "secretary", "presenter", "delegate", "guest", "hall", "organiser"]

MOST_PAPERS = 1_000
"""Of one meeting. A session of a provincial council, the largest bundle known to us, has some hundred."""
MOST_AUDIENCE = 500
TEXT_PAGES = 50
"""The most pages of text given at once."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


# -- what comes in


class ByUnit(Body):
    """Everybody whose unit, or whose hall's unit, lies in the branch."""

    kind: Literal["unit"]
    id: Id


class ByPoint(Body):
    """Who is expected in this hall, and who stands for it."""

    kind: Literal["point"]
    id: Id


class ByRole(Body):
    """`hall`: devices, technicians and secretaries of halls."""

    kind: Literal["role"]
    role: AudienceRole


class ByPerson(Body):
    """A member by name. It makes nobody a member."""

    kind: Literal["person"]
    id: Id


AudienceEntry = Annotated[ByUnit | ByPoint | ByRole | ByPerson, Field(discriminator="kind")]


class PolicyWrite(Body):
    hidden: bool = False
    opens_at: Time | None = None
    download: bool = False
    marked: bool = False
    """Copies are pictures with their reader's name burnt in; they go into no pack."""
    audience: Annotated[list[AudienceEntry], Field(max_length=MOST_AUDIENCE)] = Field(default_factory=list)
    """Empty: all members of the meeting. Who manages the paper always reads it."""


class PaperPatch(Body):
    """What is left out stays; null takes `item_id` (of the whole meeting) and `issued_on` away."""

    title: Annotated[Line, Field(min_length=1, max_length=300)] | None = None
    kind: PaperKind | None = None
    number: Annotated[Line, Field(max_length=60)] | None = None
    issued_on: date | None = None
    issuer: Annotated[Line, Field(max_length=200)] | None = None
    urgency: Urgency | None = None
    signed_as: SignedAs | None = None
    item_id: Id | None = None
    position: Annotated[int, Field(ge=0, le=MOST_PAPERS)] | None = None
    """Place among the papers of its item, from 0."""


class OrderWrite(Body):
    paper_ids: Annotated[list[Id], Field(max_length=MOST_PAPERS)]
    """In their new order; papers of an item that are left out come after."""


class RecallWrite(Body):
    reason: Annotated[Line, Field(min_length=1, max_length=300)]
    """Readers see it."""


class OverruleWrite(Body):
    reason: Annotated[Line, Field(min_length=1, max_length=300)]
    """Why the word is no mark of secrecy; stands in the audit log."""


# -- what goes out


class ProblemOut(BaseModel):
    code: str
    vi: str
    en: str


class SignatureOut(BaseModel):
    signer: str
    signed_at: datetime | None
    intact: bool
    covers_whole: bool
    """Nothing was added to the file after it."""
    trusted: bool | None
    """By the certificates this system was given; None: it was given none."""
    reason_vi: str = ""
    reason_en: str = ""


class GuessOut(BaseModel):
    """Read off the first page, offered to who brings the paper in."""

    title: str | None = None
    kind: PaperKind | None = None
    number: str | None = None
    issued_on: date | None = None
    issuer: str | None = None
    urgency: Urgency | None = None


class VersionOut(BaseModel):
    id: int
    number: int
    state: VersionState
    stage: str
    """See models.PaperVersion: "convert", "ocr 3"."""
    progress: float
    page_count: int
    file_name: str
    mime: str
    size: int
    """Bytes of the original."""
    pdf_size: int
    picture_bytes: dict[str, int]
    """By width: what saving all its pages on a device costs."""
    text_quality: str
    signatures: list[SignatureOut]
    warnings: list[ProblemOut]
    problem: ProblemOut | None
    has_outline: bool
    guess: GuessOut | None
    """To who manages the paper."""
    created_at: datetime
    by: str
    note: str


class OlderOut(BaseModel):
    id: int
    number: int
    created_at: datetime
    by: str
    note: str
    page_count: int


class PaperMy(BaseModel):
    read: bool
    download: bool
    manage: bool


class AudienceOut(BaseModel):
    kind: Literal["unit", "point", "role", "person"]
    id: int | None = None
    role: AudienceRole | None = None
    name: str = ""
    """Of the unit, point or person."""


class PolicyOut(BaseModel):
    revision: int
    """Of what is set here; 0: nothing is."""
    own: bool
    """Set here; else taken over from the agenda item, or the rule where nothing is set: all members read."""
    hidden: bool
    opens_at: datetime | None
    download: bool
    marked: bool
    audience: list[AudienceOut]


class PaperOut(BaseModel):
    id: int
    revision: int
    """Of its facts and place."""
    meeting_id: int
    item_id: int | None
    position: int
    title: str
    kind: PaperKind
    number: str
    issued_on: date | None
    issuer: str
    urgency: Urgency
    signed_as: SignedAs
    state: PaperState
    opens_at: datetime | None
    recalled_at: datetime | None
    recall_reason: str
    version: VersionOut | None
    """The newest ready one; null for who may not read the paper now."""
    pending: VersionOut | None
    """A newer one that is not ready; to who manages the paper."""
    older: list[OlderOut]
    my: PaperMy
    policy: PolicyOut | None
    """To who manages the paper."""


class UploadTo(BaseModel):
    meeting: bool
    items: list[int]


class Library(BaseModel):
    meeting_id: int
    revision: int
    conversion: int
    now: datetime
    spread_seconds: int
    can_manage: bool
    upload_to: UploadTo
    papers: list[PaperOut]
    """By agenda item, those of the whole meeting first."""


class ReadersPoint(BaseModel):
    point_id: int | None
    """None: those who take part online."""
    name: str
    count: int


class ReadersOut(BaseModel):
    lists: ListFigures
    """Of the delegates who may read, and the meeting's points."""
    points: list[ReadersPoint]
    """With at least one reader, or whose own device may read."""
    halls: int
    """Halls whose own device may read."""


class OutlineEntry(BaseModel):
    title: str
    page: int
    level: int


class VersionFull(BaseModel):
    version: VersionOut
    paper: PaperOut
    outline: list[OutlineEntry]
    page_labels: list[str]
    """What is printed on the pages ("i", "ii", "1"), one a page; empty: their numbers."""
    pages: list[tuple[float, float]]
    """Width and height in points (1/72 inch), from page 1."""


class PageText(BaseModel):
    number: int
    lines: list[tuple[float, float, float, float, list[tuple[float, float, str]]]]
    """x, y, width, height as parts (0 … 1) of the page, and the words: x, width, text."""


class VersionText(BaseModel):
    pages: list[PageText]
