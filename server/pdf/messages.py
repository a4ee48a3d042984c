"""What goes between server and press."""

from pydantic import BaseModel, ConfigDict, Field

from server.conversion.messages import Limits, OutlineEntry

SOURCE = "source.pdf"
STAMPABLE = "stampable.pdf"
BURNT = "burnt.pdf"
PLAN = "stampable.json"
MADE = "made.json"


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Plan(_Sheet):
    """Of a stampable file: what its personal ending has to know."""

    size: int
    """Bytes."""
    previous: int
    """Where its cross-reference table is."""
    objects: int
    """Their number, with the free one."""
    root: int
    info: int | None
    identity: str
    """First half of the file's ID, hexadecimal."""
    mark: int
    """The object of the diagonal lines; the next three: of the line at the foot, the font, and the faint state."""
    foot: int
    font: int
    faint: int
    pages: int


class PackPaper(_Sheet):
    """A paper in a pack; its file is `<version_id>.pdf` in the folder."""

    version_id: int
    title: str
    number: str
    pages: int
    signed: bool
    """Its original bears signatures."""
    sealed: bool = False
    """All of them are sound, cover it whole, and are trusted."""
    outline: list[OutlineEntry] = Field(default_factory=list)
    volume: int = 0
    """Another one that it is in, from 1; 0: this one."""


class PackItem(_Sheet):
    """An agenda item; without a title: the papers of the whole meeting."""

    title: str
    presenter: str
    minutes: int
    begins: str = ""
    """By the clock, if all before on its day keep to their minutes: "07:30"."""
    day: str = ""
    """Said above the first item of each day of a meeting that lasts several: "Ngày thứ nhất, 08/12/2026"."""
    pause: bool = False
    """A break: without a number."""
    papers: list[PackPaper]


class PackCover(_Sheet):
    unit: str
    kind: str
    title: str
    when: str
    place: str
    printed_for: str
    """A hall's name; "" for readers' own packs."""
    volume: str = ""
    """"Tập 2/3"; "" of a pack in one."""


class PressOrder(Limits):
    """Without a cover: make `source.pdf` stampable."""

    cover: PackCover | None = None
    items: list[PackItem] = Field(default_factory=list)
    burnt_for: list[str] = Field(default_factory=list)
    """Instead: a copy of `source.pdf` in pictures, with these lines on every page."""


class Made(_Sheet):
    page_count: int
    size: int
    left_out: list[int] = Field(default_factory=list)
    """Versions whose files cannot be bound."""
