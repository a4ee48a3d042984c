from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line, Time
from server.meetings.schemas import ListFigures

ENTRIES = 200
PAGES = 2_000


class ReceiptEntry(BaseModel):
    """What a device has to say of one version since it last did. Pages, a last page or seconds mean: opened."""

    version_id: Id
    delivered: bool = False
    """On the device: saved for reading without a line, or downloaded."""
    pages: Annotated[list[Annotated[int, Field(ge=1, le=100_000)]], Field(max_length=PAGES)] = []
    """Seen, from 1."""
    last_page: Annotated[int, Field(ge=1, le=100_000)] | None = None
    seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    """Of reading, since the entry before."""
    at: Time
    """By the device's clock; one that is ahead counts as now."""


class ReceiptsIn(BaseModel):
    entries: Annotated[list[ReceiptEntry], Field(max_length=ENTRIES)]


class OwnReceipt(BaseModel):
    delivered_at: datetime | None
    opened_at: datetime | None
    last_page: int
    seen_count: int


class OwnReceipts(BaseModel):
    versions: dict[str, OwnReceipt]
    """By version id."""


class BoardQuery(BaseModel):
    paper_id: Id | None = None
    """Of this paper alone."""
    point_id: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """People of this point; 0: of those who take part online."""
    q: Annotated[Line, Field(max_length=100)] = ""
    """People whose name has these words."""
    limit: Annotated[int, Field(ge=0, le=500)] = 100
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0


class Counts(BaseModel):
    """Of a paper: people. Of a unit, point or person: papers to be read, each person's counted."""

    expected: int = 0
    """By the rights as they are now."""
    delivered: int = 0
    opened: int = 0
    finished: int = 0
    """Every page seen."""


class BoardPaper(Counts):
    paper_id: int
    title: str
    version_id: int


class BoardUnit(Counts):
    """With its whole branch; in tree order."""

    unit_id: int
    parent_id: int | None
    name: str
    depth: int


class BoardPoint(Counts):
    """Those with the largest part unopened first."""

    point_id: int | None
    """None: online."""
    name: str
    unit_id: int | None
    people: int


class Progress(BaseModel):
    delivered: bool
    opened: bool
    seen: int
    pages: int
    last_at: datetime | None


class BoardPerson(Counts):
    """Those with the most papers unopened first."""

    delegate_id: int
    person_id: int
    full_name: str
    title: str
    point_id: int | None
    last_at: datetime | None
    papers: dict[str, Progress]
    """By paper id; the papers that this person is expected to read."""


class Board(BaseModel):
    as_of: datetime
    lists: ListFigures
    """Of all halls that the actor may see, also where nobody has to read."""
    papers: list[BoardPaper]
    units: list[BoardUnit]
    points: list[BoardPoint]
    people: list[BoardPerson]
    """`limit` of them from `offset` on, of those asked for."""
    people_total: int


class ReminderWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    delegate_ids: Annotated[list[Id], Field(max_length=20_000)] | None = None
    """None: everybody on the list."""
    gap: Literal["unopened", "unfinished"] = "unopened"
    dry_run: bool = False
    """Only counts, for the question before the button: nobody is told."""


class RemindersOut(BaseModel):
    """What a reminder came to, or would come to."""

    people: int
    """Were reminded."""
    mail: int
    in_app: int
    without_email: int
    recent: int
    """Were left out: reminded within the last hour."""
    mail_ready: bool
    """A mail server is set up here; without one everybody is told in the app alone."""
