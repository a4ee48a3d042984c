"""Notes on the wire."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from server.core.fields import Id, Time

BATCH = 500
"""Changes in one request."""
TEXT = 10_000
POINTS = 2_000
RECTS = 300

Kind = Literal["note", "highlight", "ink"]


def _storable(value: str) -> str:
    """NFC. Control characters, which come with text pasted from elsewhere, are dropped: a note is not refused for
    them."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def _on_page(value: float) -> float:
    """A pen may leave the page's edge; five places are a fiftieth of a pixel."""
    return round(min(max(value, 0.0), 1.0), 5)


Part = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_on_page)]
"""Of the page's width or height, 0 … 1."""
Text = Annotated[str, Field(max_length=TEXT), AfterValidator(_storable)]
Color = Annotated[str, Field(pattern=r"^#?[a-z0-9-]{1,16}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoteBody(_Body):
    x: Part
    y: Part
    text: Text
    color: Color


class HighlightBody(_Body):
    rects: Annotated[list[tuple[Part, Part, Part, Part]], Field(min_length=1, max_length=RECTS)]
    """[x, y, width, height]."""
    text: Text
    """Of the page, as marked. Given back only while the page may be read."""
    color: Color


class InkBody(_Body):
    points: Annotated[list[tuple[Part, Part, Part]], Field(min_length=1, max_length=POINTS)]
    """[x, y, pressure]."""
    color: Color
    size: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    """Of the pen, as a part of the page's width."""


BODIES: dict[str, type[_Body]] = {"note": NoteBody, "highlight": HighlightBody, "ink": InkBody}

Body = Annotated[
    dict[str, Any] | None,
    WithJsonSchema(
        {"anyOf": [*(body.model_json_schema() for body in BODIES.values()), {"type": "null"}]},
    ),
]
"""By `kind`; null: deleted. Looked at one by one: a wrong one is refused and the others of its batch are taken."""


class NoteChange(BaseModel):
    id: UUID
    base: Annotated[int, Field(ge=0, le=2**31 - 2)]
    """The revision it was made from; 0: new."""
    paper_id: Id
    version_id: Id
    page: Annotated[int, Field(ge=1, le=100_000)]
    kind: Kind
    body: Body = None
    written_at: Time
    """By the device's own clock, right or wrong."""


class NoteSync(BaseModel):
    device: UUID | None = None
    """Made once by each device (browser)."""
    turn: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """Grows with each request of the device. By these two an edit that follows one whose answer was never heard takes
    its place, whichever request arrives first. Without them the times of writing have to tell, which must then never
    go back on one device; and an edit of a note that is not new is kept beside the unheard one."""
    since: Annotated[int, Field(ge=0, le=2**31 - 1)]
    """The `seq` of the last answer; 0: everything."""
    changes: Annotated[list[NoteChange], Field(max_length=BATCH)]


class NoteOut(BaseModel):
    id: str
    revision: int
    seq: int
    paper_id: int
    version_id: int
    page: int
    kind: Kind
    body: Body
    written_at: datetime


class KeptNote(BaseModel):
    id: str
    kept_as: str
    """The text this device wrote, as a second note: another device had changed the first meanwhile."""


class RefusedNote(BaseModel):
    id: str
    code: Literal["bad-body", "no-such-page", "not-readable", "too-many"]
    vi: str
    en: str


class NotesAnswer(BaseModel):
    """Every change that is not in `refused` is safe: written, or written already."""

    seq: int
    """To be sent as `since` next time."""
    more: bool
    """There is more after `seq`: ask again at once."""
    scope: str
    """Which notes this sign-in reaches. When it differs from the last answer's, begin again with `since` 0."""
    now: datetime
    changes: list[NoteOut]
    """All that came after `since`, and the notes that this request named as they are now."""
    kept: list[KeptNote]
    refused: list[RefusedNote]


class ExportQuery(BaseModel):
    """Of one paper, or of all papers of one meeting."""

    paper_id: Id | None = None
    meeting_id: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.paper_id is None) == (self.meeting_id is None):
            raise PydanticCustomError("one_of", "give either paper_id or meeting_id")
        return self
